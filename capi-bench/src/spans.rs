//! Latencies as spans from the median to the 99th percentile. What may not live here: anything that
//! is not drawn.

use crate::report::number;
use crate::summary::{Row, Side};
use crate::svg::Figure;

const ROW: f64 = 30.0;
const LEFT: f64 = 220.0;
const WIDTH: f64 = 480.0;
const TOP: f64 = 56.0;

/// Two spans for each row that has percentiles, on a logarithmic scale of microseconds.
pub(crate) fn draw(rows: &[Row]) -> String {
    let span = |side: Option<Side>| side.and_then(|side| side.p50.zip(side.p99));
    let spans: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row,
                [("reference", span(row.reference)), ("ours", span(row.ours))],
            )
        })
        .filter(|(_, sides)| sides.iter().any(|(_, span)| span.is_some()))
        .collect();
    let all = spans
        .iter()
        .flat_map(|(_, sides)| sides.iter().filter_map(|(_, span)| *span));
    let (low, high) = all.fold((1.0_f64, 10.0_f64), |(low, high), (p50, p99)| {
        (low.min(p50), high.max(p99))
    });
    let (low, high) = (low.log10().floor(), high.log10().ceil());
    let x = |microseconds: f64| LEFT + (microseconds.log10() - low) / (high - low) * WIDTH;
    let bottom = TOP + ROW * spans.len() as f64;

    let mut figure = Figure::new(
        LEFT + WIDTH + 90.0,
        bottom + 14.0,
        "one way in microseconds, from the p50 to the p99",
    );
    let mut decade = low;
    while decade <= high {
        let at = x(10.0_f64.powf(decade));
        figure.stroke("grid", (at, TOP), (at, bottom));
        figure.text(
            (at, TOP - 8.0),
            "middle",
            &10.0_f64.powf(decade).to_string(),
        );
        decade += 1.0;
    }
    for (index, (row, sides)) in spans.iter().enumerate() {
        let top = TOP + ROW * index as f64;
        figure.text((LEFT - 8.0, top + 19.0), "end", &row.name);
        for (line, (class, span)) in sides.iter().enumerate() {
            let Some((p50, p99)) = *span else { continue };
            let y = top + 4.0 + 12.0 * line as f64;
            figure.line(format!(
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"8\"/>",
                x(p50),
                (x(p99) - x(p50)).max(1.0),
            ));
            let text = format!("{} .. {}", number(p50), number(p99));
            figure.text((x(p99) + 5.0, y + 8.0), "start", &text);
        }
    }
    figure.legend((LEFT + 260.0, 20.0));
    figure.finish()
}
