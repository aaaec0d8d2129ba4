//! Medians and ratios of a case's runs. What may not live here: text and pictures.

use crate::cases::{Better, Metric};
use crate::run::{Numbers, Trouble};

/// All runs of one case on one library, in order.
pub(crate) type Runs = Vec<Result<Numbers, Trouble>>;

/// One row: a metric of a case on both libraries.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    /// The case's name, and the metric's where it has several.
    pub(crate) name: String,
    pub(crate) metric: Metric,
    pub(crate) reference: Option<Side>,
    pub(crate) ours: Option<Side>,
    /// Median to median; more than 1 is better than the reference.
    pub(crate) ratio: Option<f64>,
    /// Lowest and highest ratio of runs that were made next to each other.
    pub(crate) spread: Option<(f64, f64)>,
    /// Processor time per message, ours to the reference's: less than 1 is better.
    pub(crate) cpu_ratio: Option<f64>,
    /// What went wrong on either side.
    pub(crate) notes: Vec<String>,
    /// A run did not end as it should.
    pub(crate) failed: bool,
}

/// Medians of one library's runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    pub(crate) value: f64,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    /// Processor time per message, in microseconds.
    pub(crate) cpu: Option<f64>,
    /// Of a stream of messages, in megabytes per second.
    pub(crate) mbytes: Option<f64>,
}

impl Row {
    /// `reference` is `None` where there is no such library.
    pub(crate) fn new(
        case: &'static str,
        metric: Metric,
        ours: &Runs,
        reference: Option<&Runs>,
    ) -> Self {
        let mut notes = Vec::new();
        let mut failed = describe_trouble("ours", ours, &mut notes);
        if let Some(reference) = reference {
            failed |= describe_trouble("reference", reference, &mut notes);
        }
        let name = if metric.label.is_empty() {
            case.to_owned()
        } else {
            format!("{case}: {}", metric.label)
        };
        let our_side = Side::of(ours, metric.key);
        let reference_side = reference.and_then(|runs| Side::of(runs, metric.key));
        let oriented = |ours, reference| metric.better.ratio(ours, reference);
        let ratio = our_side
            .zip(reference_side)
            .map(|(ours, reference)| oriented(ours.value, reference.value));
        let pairs =
            ours.iter()
                .zip(reference.into_iter().flatten())
                .filter_map(|(ours, reference)| {
                    let value = |run: &Result<Numbers, Trouble>| {
                        run.as_ref().ok()?.get(metric.key).copied()
                    };
                    Some(oriented(value(ours)?, value(reference)?))
                });
        let spread = pairs.fold(None, |spread: Option<(f64, f64)>, ratio| {
            let (low, high) = spread.unwrap_or((ratio, ratio));
            Some((low.min(ratio), high.max(ratio)))
        });
        let cpu_ratio = median_of(ours, "cpu_us_per_msg")
            .zip(reference.and_then(|runs| median_of(runs, "cpu_us_per_msg")))
            .map(|(ours, reference)| quotient(ours, reference));
        Self {
            case,
            name,
            metric,
            reference: reference_side,
            ours: our_side,
            ratio,
            spread,
            cpu_ratio,
            notes,
            failed,
        }
    }
}

impl Row {
    /// Whether the ratio is as high as wanted; `None` where nothing is wanted or known.
    pub(crate) fn reaches_goal(&self) -> Option<bool> {
        Some(self.ratio? >= self.metric.goal?)
    }

    /// Whether the processor time is as low as wanted.
    pub(crate) fn saves_cpu(&self) -> Option<bool> {
        Some(self.cpu_ratio? <= self.metric.cpu_goal?)
    }

    /// Whether one message of a hundred waits no longer than with the reference.
    pub(crate) fn keeps_p99(&self) -> Option<bool> {
        Some(self.ours?.p99? <= self.reference?.p99?)
    }

    /// How ours compares with the kernel alone, oriented like all ratios.
    pub(crate) fn beside(&self, kernel: &Self) -> Option<f64> {
        let (ours, alone) = (self.ours?, kernel.ours?);
        let [ours, alone] = [ours, alone].map(|side| side.mbytes.unwrap_or(side.value));
        Some(kernel.metric.better.ratio(ours, alone))
    }
}

impl Better {
    /// More than 1 where `ours` is better.
    pub(crate) fn ratio(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Self::Higher => quotient(ours, theirs),
            Self::Lower => quotient(theirs, ours),
        }
    }
}

impl Side {
    fn of(runs: &Runs, key: &str) -> Option<Self> {
        Some(Self {
            value: median_of(runs, key)?,
            p50: median_of(runs, "p50_us"),
            p99: median_of(runs, "p99_us"),
            cpu: median_of(runs, "cpu_us_per_msg"),
            mbytes: median_of(runs, "mbytes_per_s"),
        })
    }
}

/// The median over the runs that have a number of that name.
pub(crate) fn median_of(runs: &Runs, key: &str) -> Option<f64> {
    let mut values: Vec<f64> = runs
        .iter()
        .filter_map(|run| run.as_ref().ok()?.get(key).copied())
        .collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// Nothing on both sides is a draw.
fn quotient(above: f64, below: f64) -> f64 {
    if above == below { 1.0 } else { above / below }
}

/// One note for all runs of a side that gave no numbers; true when one of them failed.
fn describe_trouble(side: &str, runs: &Runs, notes: &mut Vec<String>) -> bool {
    let troubles: Vec<&Trouble> = runs.iter().filter_map(|run| run.as_ref().err()).collect();
    let Some(last) = troubles.last() else {
        return false;
    };
    if let Trouble::Skipped(why) = last {
        notes.push(format!("{side}: {why}"));
        return false;
    }
    notes.push(format!(
        "{side}: {} of {} runs FAILED: {last}",
        troubles.len(),
        runs.len()
    ));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[f64]) -> Runs {
        values
            .iter()
            .map(|&value| Ok(Numbers::from([("x".to_owned(), value)])))
            .collect()
    }

    fn metric(better: Better) -> Metric {
        Metric {
            label: "",
            key: "x",
            unit: "",
            better,
            goal: None,
            cpu_goal: None,
        }
    }

    #[test]
    fn median_takes_the_middle() {
        assert_eq!(median_of(&runs(&[3.0, 1.0, 2.0]), "x"), Some(2.0));
        assert_eq!(median_of(&runs(&[4.0, 1.0, 2.0, 3.0]), "x"), Some(2.5));
        assert_eq!(median_of(&runs(&[1.0]), "y"), None);
    }

    #[test]
    fn more_than_one_is_better_either_way() {
        let (slow, fast) = (runs(&[10.0, 11.0, 12.0]), runs(&[20.0, 22.0, 36.0]));
        let row = Row::new("case", metric(Better::Higher), &fast, Some(&slow));
        assert_eq!(row.ratio, Some(2.0));
        assert_eq!(row.spread, Some((2.0, 3.0)));
        let row = Row::new("case", metric(Better::Lower), &slow, Some(&fast));
        assert_eq!(row.ratio, Some(2.0));
    }

    #[test]
    fn failures_show_and_do_not_count() {
        let mut ours = runs(&[1.0, 2.0]);
        ours.push(Err(Trouble::Failed("broken".to_owned())));
        let row = Row::new("case", metric(Better::Higher), &ours, None);
        assert!(row.failed);
        assert_eq!(row.notes, ["ours: 1 of 3 runs FAILED: broken"]);
        assert_eq!(row.ours.map(|side| side.value), Some(1.5));
        assert_eq!(row.ratio, None);
    }
}
