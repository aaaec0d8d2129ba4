//! What a case is: a command line of the C program, and the numbers to read from what it prints.
//! What may not live here: the cases themselves, see `table`; how runs are made or results are shown.

/// How much time a run of the driver may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Every case, a second or so per run.
    Full,
    /// The cases that matter most, shorter runs.
    Quick,
    /// Every mode once, as short as it goes: does it work at all?
    Smoke,
}

/// Which way a number gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Higher,
    Lower,
}

/// One number of a case, and the ratio to the reference that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric {
    /// Added to the case's name where it has more than one metric.
    pub(crate) label: &'static str,
    /// The key in the line that the C program prints.
    pub(crate) key: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    /// Oriented like the ratios of the table: more than 1 is better than the reference.
    pub(crate) goal: Option<f64>,
    /// Most processor time per message, in parts of the reference's, that is wanted.
    pub(crate) cpu_goal: Option<f64>,
}

/// One command line that is run on both libraries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Arguments of the C program; `a|b|c` stands for a (full), b (quick), c (smoke), the last one
    /// given counting for those that are missing.
    pub(crate) args: &'static str,
    pub(crate) metrics: &'static [Metric],
    /// Part of a quick run too.
    pub(crate) quick: bool,
}

impl Case {
    /// The command line at a level.
    pub(crate) fn args(&self, level: Level) -> Vec<&'static str> {
        self.args
            .split_whitespace()
            .map(|word| {
                let mut choices = word.split('|');
                let first = choices.next().unwrap_or(word);
                choices.take(level as usize).last().unwrap_or(first)
            })
            .collect()
    }

    pub(crate) fn runs_at(&self, level: Level) -> bool {
        level != Level::Quick || self.quick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_follow_the_level() {
        let case = Case {
            name: "",
            args: "thr tcp 10 1s|0.5s|0.05s 7|8",
            metrics: &[],
            quick: true,
        };
        assert_eq!(case.args(Level::Full), ["thr", "tcp", "10", "1s", "7"]);
        assert_eq!(case.args(Level::Quick), ["thr", "tcp", "10", "0.5s", "8"]);
        assert_eq!(case.args(Level::Smoke), ["thr", "tcp", "10", "0.05s", "8"]);
    }
}
