//! The ratios as a bar chart. What may not live here: anything that is not drawn.

use crate::summary::Row;
use crate::svg::Figure;

const ROW: f64 = 18.0;
const LEFT: f64 = 250.0;
const WIDTH: f64 = 520.0;
const TOP: f64 = 56.0;
/// Powers of two: what goes beyond is drawn to the edge, with its number.
const EDGES: (f64, f64) = (-2.0, 5.0);

/// A horizontal bar per row that has a ratio, on a logarithmic scale round 1.
pub(crate) fn draw(rows: &[Row]) -> String {
    let bars: Vec<(&Row, f64)> = rows
        .iter()
        .filter_map(|row| Some((row, row.ratio.filter(|ratio| ratio.is_normal())?)))
        .collect();
    let octave_of = |ratio: f64| ratio.log2().clamp(EDGES.0, EDGES.1);
    let octaves = bars.iter().map(|(_, ratio)| octave_of(*ratio));
    // Whole powers of two on either side of 1, one at least.
    let low = octaves.clone().fold(-1.0, f64::min).floor();
    let high = octaves.fold(1.0, f64::max).ceil();
    let x = |octave: f64| LEFT + (octave - low) / (high - low) * WIDTH;
    let bottom = TOP + ROW * bars.len() as f64;

    let mut figure = Figure::new(
        LEFT + WIDTH + 60.0,
        bottom + 14.0,
        "ratio to the reference: right of 1 is better; a mark shows the goal",
    );
    let mut octave = low;
    while octave <= high {
        let class = if octave == 0.0 { "axis" } else { "grid" };
        figure.stroke(class, (x(octave), TOP), (x(octave), bottom));
        figure.text((x(octave), TOP - 8.0), "middle", &octave.exp2().to_string());
        octave += 1.0;
    }
    for (index, (row, ratio)) in bars.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let end = x(octave_of(*ratio));
        let (from, to) = (x(0.0).min(end), x(0.0).max(end));
        let class = if *ratio >= 1.0 { "better" } else { "worse" };
        figure.text((LEFT - 8.0, y + 13.0), "end", &row.name);
        figure.line(format!(
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            y + 3.0,
            (to - from).max(1.0),
            ROW - 6.0,
        ));
        let mut number_at = to;
        if let Some(goal) = row.metric.goal {
            let at = x(octave_of(goal));
            figure.stroke("goal", (at, y + 1.0), (at, y + ROW - 1.0));
            // Not through the number.
            if at >= to && at < to + 40.0 {
                number_at = at;
            }
        }
        figure.text((number_at + 5.0, y + 13.0), "start", &format!("{ratio:.2}"));
    }
    figure.finish()
}
