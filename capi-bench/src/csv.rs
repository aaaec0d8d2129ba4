//! The file of single runs. What may not live here: anything that is summed up.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::bench::Measured;
use crate::cases::Case;
use crate::run::{Numbers, Trouble};

/// A file with one line per run and metric: nothing is summed up, nothing left out.
#[derive(Debug)]
pub(crate) struct Csv {
    file: BufWriter<File>,
}

impl Csv {
    pub(crate) fn create(path: &Path) -> Result<Self, String> {
        let fail = |e: io::Error| format!("{}: {e}", path.display());
        let mut file = BufWriter::new(File::create(path).map_err(fail)?);
        writeln!(
            file,
            "case,metric,unit,library,round,value,cpu_us_per_msg,p50_us,p99_us,trouble"
        )
        .map_err(fail)?;
        Ok(Self { file })
    }

    pub(crate) fn write(&mut self, case: &Case, measured: &Measured) -> Result<(), String> {
        let sides = [
            ("ours", Some(&measured.ours)),
            ("reference", measured.reference.as_ref()),
        ];
        for (library, runs) in sides {
            let runs = runs.map_or(&[][..], |runs| runs);
            write_runs(&mut self.file, case, library, runs)
                .and_then(|()| self.file.flush())
                .map_err(|e| format!("the CSV file: {e}"))?;
        }
        Ok(())
    }
}

fn write_runs(
    file: &mut impl Write,
    case: &Case,
    library: &str,
    runs: &[Result<Numbers, Trouble>],
) -> io::Result<()> {
    for (round, run) in runs.iter().enumerate() {
        let round = round + 1;
        let trouble = run.as_ref().err().map_or_else(String::new, |trouble| {
            trouble.to_string().replace('"', "\"\"")
        });
        for metric in case.metrics {
            let (name, key, unit) = (case.name, metric.key, metric.unit);
            let [value, cpu, p50, p99] =
                [key, "cpu_us_per_msg", "p50_us", "p99_us"].map(|key| cell(run, key));
            writeln!(
                file,
                "\"{name}\",{key},{unit},{library},{round},{value},{cpu},{p50},{p99},\"{trouble}\""
            )?;
        }
    }
    Ok(())
}

fn cell(run: &Result<Numbers, Trouble>, key: &str) -> String {
    run.as_ref()
        .ok()
        .and_then(|numbers| numbers.get(key))
        .map_or_else(String::new, f64::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_keeps_every_run() {
        let case = crate::table::CASES[0];
        let runs = [
            Ok(Numbers::from([("msgs_per_s".to_owned(), 12.5)])),
            Err(Trouble::Failed("a \"quoted\" word".to_owned())),
        ];
        let mut file = Vec::new();
        write_runs(&mut file, &case, "ours", &runs).unwrap();
        assert_eq!(
            String::from_utf8(file).unwrap(),
            "\"tcp 10 B\",msgs_per_s,msg/s,ours,1,12.5,,,,\"\"\n\
             \"tcp 10 B\",msgs_per_s,msg/s,ours,2,,,,,\"a \"\"quoted\"\" word\"\n"
        );
    }
}
