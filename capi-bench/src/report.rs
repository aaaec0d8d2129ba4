//! Results as text: the same cells for the terminal and for documents. What may not live here:
//! arithmetic beyond rounding.

use crate::summary::{Row, Side};

/// A table: its columns' titles and their widths on a terminal, negative where text begins at the left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table(pub(crate) &'static [(&'static str, i32)]);

/// One row of a table.
pub(crate) type Cells = Vec<String>;

/// What is shown of every case.
pub(crate) const RESULTS: Table = Table(&[
    ("case", -38),
    ("reference", 14),
    ("ours", 14),
    ("ratio", 6),
    ("from .. to", 13),
    ("goal", 6),
    ("CPU", 6),
    ("p50 in us, ref > ours", 21),
    ("p99 in us, ref > ours", 21),
    ("notes", 0),
]);

/// What the kernel does without a library, and with one.
pub(crate) const BESIDE: Table = Table(&[
    ("kernel alone", -30),
    ("kernel", 12),
    ("reference", 12),
    ("ours", 12),
    ("ours / kernel", 13),
    ("notes", 0),
]);

impl Table {
    /// The head and the rule, for a terminal.
    pub(crate) fn head(self) -> String {
        let titles: Cells = self
            .0
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect();
        let head = self.row(&titles);
        let rule: String = head
            .chars()
            .map(|c| if c == '|' { '|' } else { '-' })
            .collect();
        format!("{head}\n{rule}")
    }

    /// One row, for a terminal.
    pub(crate) fn row(self, cells: &Cells) -> String {
        let mut line = "|".to_owned();
        for (cell, &(_, width)) in cells.iter().zip(self.0) {
            let room = width.unsigned_abs() as usize;
            line += &if width < 0 {
                format!(" {cell:<room$} |")
            } else {
                format!(" {cell:>room$} |")
            };
        }
        line
    }

    /// The whole table, for a document; without a column of notes where there are none.
    pub(crate) fn markdown(self, rows: &[Cells]) -> String {
        let shown: Vec<usize> = (0..self.0.len())
            .filter(|&i| self.0[i].0 != "notes" || rows.iter().any(|cells| !cells[i].is_empty()))
            .collect();
        let line = |cell: &dyn Fn(usize) -> String| {
            let cells: Cells = shown.iter().map(|&i| cell(i)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = line(&|i| self.0[i].0.to_owned());
        text += &line(&|i| if self.0[i].1 < 0 { "---" } else { "---:" }.to_owned());
        for cells in rows {
            text += &line(&|i| cells[i].replace('|', "\\|"));
        }
        text
    }
}

/// A row of [`RESULTS`].
pub(crate) fn result(row: &Row) -> Cells {
    let spread = row.spread.map_or_else(
        || "-".to_owned(),
        |(low, high)| format!("{} .. {}", times(low), times(high)),
    );
    let goal = row.metric.goal.map_or_else(String::new, |goal| {
        marked(goal.to_string(), row.reaches_goal())
    });
    let cpu = row.cpu_ratio.map_or_else(
        || "-".to_owned(),
        |ratio| marked(times(ratio), row.saves_cpu()),
    );
    vec![
        row.name.clone(),
        side(row, row.reference),
        side(row, row.ours),
        row.ratio.map_or_else(|| "-".to_owned(), times),
        spread,
        goal,
        cpu,
        both(row, |side| side.p50),
        marked(both(row, |side| side.p99), row.keeps_p99()),
        row.notes.join("; "),
    ]
}

/// A row of [`BESIDE`]: a measurement of the kernel, and the row of the case that does the same.
pub(crate) fn beside(kernel: &Row, case: Option<&Row>) -> Cells {
    let value = |side: Option<Side>| {
        // Streams are in bytes, whatever the case's own metric is.
        let value = side.map(|side| side.mbytes.unwrap_or(side.value));
        value.map_or_else(
            || "-".to_owned(),
            |value| format!("{} {}", number(value), kernel.metric.unit),
        )
    };
    vec![
        kernel.name.clone(),
        value(kernel.ours),
        value(case.and_then(|row| row.reference)),
        value(case.and_then(|row| row.ours)),
        case.and_then(|row| row.beside(kernel))
            .map_or_else(|| "-".to_owned(), times),
        kernel.notes.join("; "),
    ]
}

/// How many of the goals were reached, in a sentence.
pub(crate) fn verdict(rows: &[Row]) -> String {
    let count = |name: &str, reached: &dyn Fn(&Row) -> Option<bool>| {
        let all: Vec<bool> = rows.iter().filter_map(reached).collect();
        let good = all.iter().filter(|&&good| good).count();
        format!("{name} {good} of {}", all.len())
    };
    format!(
        "Reached: {}, {}, {}.",
        count("goals", &Row::reaches_goal),
        count("half of the processor time in", &Row::saves_cpu),
        count("a p99 no worse in", &Row::keeps_p99)
    )
}

fn side(row: &Row, side: Option<Side>) -> String {
    side.map_or_else(
        || "-".to_owned(),
        |side| format!("{} {}", number(side.value), row.metric.unit),
    )
}

fn both(row: &Row, of: impl Fn(Side) -> Option<f64>) -> String {
    let [reference, ours] = [row.reference, row.ours].map(|side| side.and_then(&of).map(number));
    match (reference, ours) {
        (Some(reference), Some(ours)) => format!("{reference} > {ours}"),
        (None, Some(one)) | (Some(one), None) => one,
        (None, None) => String::new(),
    }
}

/// With a mark where something is wanted of it.
fn marked(text: String, reached: Option<bool>) -> String {
    match reached {
        Some(true) => text + " ✓",
        Some(false) => text + " ✗",
        None => text,
    }
}

pub(crate) fn times(ratio: f64) -> String {
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
    fn notes_show_where_there_are_any() {
        const TABLE: Table = Table(&[("a", -3), ("b", 3), ("notes", 0)]);
        let cells = |note: &str| vec!["x".to_owned(), "1".to_owned(), note.to_owned()];
        assert_eq!(
            TABLE.markdown(&[cells("")]),
            "| a | b |\n| --- | ---: |\n| x | 1 |\n"
        );
        assert!(TABLE.markdown(&[cells(""), cells("so")]).contains("| so |"));
        assert_eq!(TABLE.row(&cells("so")), "| x   |   1 | so |");
    }
}
