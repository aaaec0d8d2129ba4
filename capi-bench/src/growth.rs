//! How costs grow with numbers: which cases are points of which curve, and the curves as tables.
//! What may not live here: measuring and drawing.

use crate::cases::Better;
use crate::report::{Cells, Table, number, times};
use crate::summary::{Row, Side};

/// Curves over the same numbers.
#[derive(Debug)]
pub(crate) struct Series {
    /// Of the figure, without an extension.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    /// What is counted along the way.
    pub(crate) counted: &'static str,
    pub(crate) curves: &'static [Curve],
}

/// One value at several numbers, for both libraries.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) title: &'static str,
    value: Value,
    /// The metric's key in these cases.
    key: &'static str,
    /// A number and the case that measures at it, from few to many.
    cases: &'static [(u32, &'static str)],
}

/// What of a row is looked at.
#[derive(Clone, Copy, Debug)]
enum Value {
    /// The metric itself, of which more is better.
    Rate,
    /// The metric itself, of which less is better.
    Cost,
    /// Microseconds that one takes, of a metric that tells how many a second.
    Each,
    /// Processor time per message.
    Cpu,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) number: u32,
    pub(crate) reference: Option<f64>,
    pub(crate) ours: Option<f64>,
}

const DEALERS: &[(u32, &str)] = &[
    (1, "1 dealer to router, 100 B"),
    (10, "10 dealers to router, 100 B"),
    (100, "100 dealers to router, 100 B"),
    (1000, "1000 dealers to router, 100 B"),
];
const ECHOES: &[(u32, &str)] = &[
    (1, "1 dealer, echo, 100 B"),
    (100, "100 dealers, echo, 100 B"),
    (1000, "1000 dealers, echo, 100 B"),
];
const SUBSCRIPTIONS: &[(u32, &str)] = &[
    (1_000, "1,000 subscriptions"),
    (100_000, "100,000 subscriptions"),
    (200_000, "200,000 subscriptions"),
    (1_000_000, "1,000,000 subscriptions"),
];
const POLL: &[(u32, &str)] = &[
    (1, "poll on 1 socket"),
    (10, "poll on 10 sockets"),
    (100, "poll on 100 sockets"),
    (1000, "poll on 1000 sockets"),
    (2000, "poll on 2000 sockets"),
];

/// All series.
pub(crate) const SERIES: &[Series] = &[
    Series {
        file: "connections",
        title: "Connections at one ROUTER, 100 B",
        counted: "connections",
        curves: &[
            curve("messages a second", Value::Rate, "msgs_per_s", DEALERS),
            curve("CPU per message, us", Value::Cpu, "msgs_per_s", DEALERS),
            curve("echoes a second", Value::Rate, "echoes_per_s", ECHOES),
        ],
    },
    Series {
        file: "subscriptions",
        title: "Subscriptions of one SUB at one PUB",
        counted: "subscriptions",
        curves: &[
            curve(
                "matched and sent, us",
                Value::Each,
                "msgs_per_s",
                SUBSCRIPTIONS,
            ),
            curve(
                "memory, B each",
                Value::Cost,
                "bytes_per_sub",
                SUBSCRIPTIONS,
            ),
        ],
    },
    Series {
        file: "poll",
        title: "zmq_poll",
        counted: "sockets",
        curves: &[
            curve("none ready, us", Value::Cost, "idle_poll_us", POLL),
            curve("one ready, us", Value::Cost, "ready_poll_us", POLL),
        ],
    },
];

const fn curve(
    title: &'static str,
    value: Value,
    key: &'static str,
    cases: &'static [(u32, &'static str)],
) -> Curve {
    Curve {
        title,
        value,
        key,
        cases,
    }
}

const TABLE: Table = Table(&[
    ("", -22),
    ("number", 10),
    ("reference", 12),
    ("ours", 12),
    ("ratio", 6),
]);

/// Whether a case is a point of a curve.
pub(crate) fn has(case: &str) -> bool {
    let mut curves = SERIES.iter().flat_map(|series| series.curves);
    curves.any(|curve| curve.cases.iter().any(|(_, name)| *name == case))
}

impl Curve {
    /// The points that were measured.
    pub(crate) fn points(&self, rows: &[Row]) -> Vec<Point> {
        let row_of = |name: &str| {
            rows.iter()
                .find(|row| row.case == name && row.metric.key == self.key)
        };
        self.cases
            .iter()
            .filter_map(|&(number, name)| {
                let row = row_of(name)?;
                let point = Point {
                    number,
                    reference: row.reference.and_then(|side| self.value.of(side)),
                    ours: row.ours.and_then(|side| self.value.of(side)),
                };
                (point.reference.is_some() || point.ours.is_some()).then_some(point)
            })
            .collect()
    }
}

impl Value {
    fn of(self, side: Side) -> Option<f64> {
        match self {
            Self::Rate | Self::Cost => Some(side.value),
            Self::Each => Some(1e6 / side.value),
            Self::Cpu => side.cpu,
        }
        .filter(|value| value.is_normal())
    }

    fn better(self) -> Better {
        match self {
            Self::Rate => Better::Higher,
            Self::Cost | Self::Each | Self::Cpu => Better::Lower,
        }
    }
}

/// The series' table, for a terminal or a document; `None` where it has fewer than two points.
pub(crate) fn table(series: &Series, rows: &[Row], markdown: bool) -> Option<String> {
    let mut lines = Vec::new();
    for curve in series.curves {
        let points = curve.points(rows);
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            continue;
        };
        if points.len() < 2 {
            continue;
        }
        let better = curve.value.better();
        lines.extend(points.iter().map(|point| cells(curve.title, better, point)));
        // A rate that falls is a cost that rises.
        let grown = |first: Option<f64>, last: Option<f64>| {
            first.zip(last).map_or_else(
                || "-".to_owned(),
                |(first, last)| format!("x {}", times(better.ratio(first, last))),
            )
        };
        lines.push(vec![
            "    cost grows by".to_owned(),
            format!("x {}", last.number / first.number),
            grown(first.reference, last.reference),
            grown(first.ours, last.ours),
            String::new(),
        ]);
    }
    if lines.is_empty() {
        return None;
    }
    Some(if markdown {
        TABLE.markdown(&lines)
    } else {
        let body: Cells = lines.iter().map(|cells| TABLE.row(cells)).collect();
        format!("{}\n{}\n", TABLE.head(), body.join("\n"))
    })
}

fn cells(title: &str, better: Better, point: &Point) -> Cells {
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    let ratio = point.ours.zip(point.reference);
    vec![
        title.to_owned(),
        point.number.to_string(),
        value(point.reference),
        value(point.ours),
        ratio.map_or_else(
            || "-".to_owned(),
            |(ours, reference)| times(better.ratio(ours, reference)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Runs;
    use crate::table::CASES;

    #[test]
    fn every_point_is_measured() {
        for curve in SERIES.iter().flat_map(|series| series.curves) {
            for (_, name) in curve.cases {
                let case = CASES.iter().find(|case| case.name == *name).expect(name);
                assert!(case.metrics.iter().any(|metric| metric.key == curve.key));
            }
        }
        assert!(has("poll on 10 sockets") && !has("tcp 10 B"));
    }

    #[test]
    fn growth_is_that_of_the_cost() {
        let rows: Vec<Row> = [(0, 8e6), (3, 2e6)]
            .map(|(case, rate)| {
                let (_, name) = DEALERS[case];
                let case = CASES.iter().find(|case| case.name == name).unwrap();
                let ours: Runs = vec![Ok([("msgs_per_s".to_owned(), rate)].into())];
                Row::new(case.name, case.metrics[0], &ours, None)
            })
            .into();
        let table = table(&SERIES[0], &rows, true).unwrap();
        assert!(
            table.contains("| messages a second | 1000 | - | 2.00 M | - |"),
            "{table}"
        );
        assert!(table.contains("| x 1000 | - | x 4.00 |"), "{table}");
        assert!(!table.contains("CPU"), "{table}");
    }
}
