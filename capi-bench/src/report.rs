//! Results as text: the table on the terminal, the file of single runs. What may not live here:
//! arithmetic beyond rounding.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::bench::Measured;
use crate::cases::Case;
use crate::run::{Numbers, Trouble};
use crate::summary::{Row, Side};

const NAME_WIDTH: usize = 38;

/// The head of the table; the rows follow as they are measured.
pub(crate) fn table_head() -> String {
    let head = format!(
        "| {:<NAME_WIDTH$} | {:>14} | {:>14} | {:>6} | {:>13} | {:>5} | {:>5} | {:<25} | notes |",
        "case", "reference", "ours", "ratio", "from .. to", "goal", "CPU", "p50, p99: ref > ours"
    );
    let rule: String = head
        .chars()
        .map(|c| if c == '|' { '|' } else { '-' })
        .collect();
    format!("{head}\n{rule}")
}

pub(crate) fn table_row(row: &Row) -> String {
    let side = |side: Option<Side>| {
        side.map_or_else(
            || "-".to_owned(),
            |side| format!("{} {}", number(side.value), row.metric.unit),
        )
    };
    let short = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), times);
    let spread = row.spread.map_or_else(
        || "-".to_owned(),
        |(low, high)| format!("{} .. {}", times(low), times(high)),
    );
    format!(
        "| {:<NAME_WIDTH$} | {:>14} | {:>14} | {:>6} | {spread:>13} | {:>5} | {:>5} | {:<25} | {} |",
        row.name,
        side(row.reference),
        side(row.ours),
        short(row.ratio),
        row.metric
            .goal
            .map_or_else(String::new, |goal| goal.to_string()),
        cpu(row),
        percentiles(row),
        row.notes.join("; ")
    )
}

/// A row of the kernel's own table.
pub(crate) fn kernel_row(row: &Row) -> String {
    let value = row.ours.map_or_else(
        || "-".to_owned(),
        |side| format!("{} {}", number(side.value), row.metric.unit),
    );
    format!(
        "| {:<NAME_WIDTH$} | {value:>14} | {}",
        row.name,
        row.notes.join("; ")
    )
}

/// With a mark where it is more than what is wanted.
fn cpu(row: &Row) -> String {
    let missed = |ratio: f64| row.metric.cpu_goal.is_some_and(|most| ratio > most);
    row.cpu_ratio.map_or_else(
        || "-".to_owned(),
        |ratio| format!("{}{}", times(ratio), if missed(ratio) { "!" } else { "" }),
    )
}

fn percentiles(row: &Row) -> String {
    let both = |side: Side| Some(format!("{}, {}", number(side.p50?), number(side.p99?)));
    let reference = row.reference.and_then(both);
    let ours = row.ours.and_then(both);
    match (reference, ours) {
        (Some(reference), Some(ours)) => format!("{reference} > {ours}"),
        (None, Some(one)) | (Some(one), None) => one,
        (None, None) => String::new(),
    }
}

fn times(ratio: f64) -> String {
    if ratio >= 99.5 {
        format!("{ratio:.0}")
    } else if ratio >= 9.95 {
        format!("{ratio:.1}")
    } else {
        format!("{ratio:.2}")
    }
}

/// Three significant digits, with k and M.
pub(crate) fn number(value: f64) -> String {
    let (value, suffix) = match value.abs() {
        v if v >= 999_500.0 => (value / 1e6, " M"),
        v if v >= 9_995.0 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    match value.abs() {
        v if v >= 99.95 => format!("{value:.0}{suffix}"),
        v if v >= 9.995 => format!("{value:.1}{suffix}"),
        v if v >= 0.1 || v == 0.0 => format!("{value:.2}{suffix}"),
        _ => format!("{value:.4}{suffix}"),
    }
}

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
    fn numbers_have_three_digits() {
        assert_eq!(number(5_573_540.0), "5.57 M");
        assert_eq!(number(18_138.3), "18.1 k");
        assert_eq!(number(1285.9), "1286");
        assert_eq!(number(56.71), "56.7");
        assert_eq!(number(0.149), "0.15");
        assert_eq!(number(0.0), "0.00");
        assert_eq!(number(0.0042), "0.0042");
    }

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
