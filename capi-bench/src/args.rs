//! The command line. What may not live here: what the options lead to.

use std::path::PathBuf;

use crate::cases::{Case, Level};
use crate::growth;

pub(crate) const HELP: &str = "\
Usage: cargo run --release -p capi-bench -- [OPTION...]

Measures this library and the reference library (libzmq5, where installed) in turns.

  --quick          fewer cases and shorter runs, under four minutes; otherwise under fifteen
  --smoke          every case once, as short as possible, on this library only and not optimised
  --growth         only the cases that show how costs grow with numbers of connections,
                   subscriptions and sockets; at the full level otherwise part of everything
  --filter TEXT    only cases with TEXT in their name; may be repeated
  --rounds N       runs per case and library (5, with --smoke 1)
  --min-ratio X    exit code 1 when a ratio is below X
  --csv FILE       every single run, one per line
  --svg FILE       the ratios as a bar chart
  --figures FOLDER all figures: ratios, latencies, growth
  --docs FOLDER    puts the results into FOLDER/performance.md, between its marks, and draws the
                   figures in FOLDER/performance
  --list           the cases and their command lines

Environment: FERROZMQ_LIB_DIR (a folder whose libzmq.so is taken for ours), ZMQ_REF_LIB (the
reference: a file, a folder, or none), CC. Exit code 1 also when a run failed.
";

/// What the command line asked for.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) level: Level,
    pub(crate) filters: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) min_ratio: Option<f64>,
    pub(crate) csv: Option<PathBuf>,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) figures: Option<PathBuf>,
    pub(crate) growth: bool,
    pub(crate) docs: Option<PathBuf>,
    pub(crate) list: bool,
}

impl Args {
    /// `None` when only help was asked for.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut args = Self {
            level: Level::Full,
            filters: Vec::new(),
            rounds: 0,
            min_ratio: None,
            csv: None,
            svg: None,
            figures: None,
            growth: false,
            docs: None,
            list: false,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--quick" => args.level = Level::Quick,
                "--smoke" => args.level = Level::Smoke,
                "--growth" => args.growth = true,
                "--figures" => args.figures = Some(value()?.into()),
                "--docs" => args.docs = Some(value()?.into()),
                "--list" => args.list = true,
                "--filter" => args.filters.push(value()?),
                "--csv" => args.csv = Some(value()?.into()),
                "--svg" => args.svg = Some(value()?.into()),
                "--rounds" => {
                    args.rounds = value()?
                        .parse()
                        .ok()
                        .filter(|&rounds| rounds > 0)
                        .ok_or("--rounds needs a number above 0")?;
                }
                "--min-ratio" => {
                    let ratio = value()?.parse().map_err(|_| "--min-ratio needs a number")?;
                    args.min_ratio = Some(ratio);
                }
                _ => return Err(format!("what is {word}?")),
            }
        }
        if args.docs.is_some() && args.is_part() {
            return Err("--docs shows everything: not with --filter or --growth".to_owned());
        }
        if args.rounds == 0 {
            args.rounds = if args.level == Level::Smoke { 1 } else { 5 };
        }
        Ok(Some(args))
    }

    /// Whether only some of the cases were asked for.
    pub(crate) fn is_part(&self) -> bool {
        self.growth || !self.filters.is_empty()
    }

    /// Whether a case is part of this run. One that is named runs at every level.
    pub(crate) fn wants(&self, case: &Case) -> bool {
        let named = |filter: &String| case.name.contains(filter.as_str());
        let all = self.filters.is_empty();
        if self.growth {
            growth::has(case.name) && (all || self.filters.iter().any(named))
        } else if all {
            case.runs_at(self.level)
        } else {
            self.filters.iter().any(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Args>, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read() {
        let args = parse("--quick --filter tcp --filter ipc --rounds 7 --min-ratio 1.5 --csv a")
            .unwrap()
            .unwrap();
        assert_eq!(args.level, Level::Quick);
        assert_eq!(args.filters, ["tcp", "ipc"]);
        assert_eq!(args.rounds, 7);
        assert_eq!(args.min_ratio, Some(1.5));
        assert_eq!(args.csv, Some(PathBuf::from("a")));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(parse("--rounds 0").is_err());
        assert!(parse("--filter").is_err());
        assert!(parse("--frobnicate").is_err());
        assert!(parse("--docs docs --growth").is_err());
        assert!(parse("--docs docs --quick").is_ok());
        assert!(parse("--help").unwrap().is_none());
    }
}
