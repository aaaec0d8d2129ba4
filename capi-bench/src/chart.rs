//! The ratios as a bar chart in SVG. What may not live here: anything that is not drawn.

use crate::summary::Row;

const ROW: f64 = 20.0;
const LEFT: f64 = 290.0;
const WIDTH: f64 = 520.0;
const TOP: f64 = 56.0;

/// A horizontal bar per row that has a ratio, on a logarithmic scale round 1.
pub(crate) fn draw(rows: &[Row], title: &str) -> String {
    let bars: Vec<(&Row, f64)> = rows
        .iter()
        .filter_map(|row| Some((row, row.ratio.filter(|ratio| ratio.is_normal())?)))
        .collect();
    let octaves = bars.iter().map(|(_, ratio)| ratio.log2());
    // Whole powers of two on either side of 1, one at least.
    let low = octaves.clone().fold(-1.0, f64::min).floor();
    let high = octaves.fold(1.0, f64::max).ceil();
    let x = |octave: f64| LEFT + (octave - low) / (high - low) * WIDTH;
    let bottom = TOP + ROW * bars.len() as f64;

    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
             font-family=\"sans-serif\" font-size=\"12\">",
            LEFT + WIDTH + 60.0,
            bottom + 16.0
        ),
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>".to_owned(),
        format!(
            "<text x=\"12\" y=\"20\" font-size=\"14\">{}</text>",
            escape(title)
        ),
    ];
    let mut octave = low;
    while octave <= high {
        let at = x(octave);
        let colour = if octave == 0.0 { "#444444" } else { "#dddddd" };
        lines.push(format!(
            "<line x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{bottom}\" stroke=\"{colour}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}x</text>",
            TOP - 8.0,
            octave.exp2()
        ));
        octave += 1.0;
    }
    for (index, (row, ratio)) in bars.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let (from, to) = (x(0.0).min(x(ratio.log2())), x(0.0).max(x(ratio.log2())));
        let colour = if *ratio >= 1.0 { "#2a7f62" } else { "#c0563b" };
        let mut line = format!(
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{ratio:.2}</text>",
            LEFT - 8.0,
            y + 14.0,
            escape(&row.name),
            y + 4.0,
            (to - from).max(1.0),
            ROW - 8.0,
            to + 5.0,
            y + 14.0
        );
        if let Some(goal) = row.metric.goal.filter(|goal| goal.log2() <= high) {
            let at = x(goal.log2());
            line += &format!(
                "<line x1=\"{at:.1}\" y1=\"{:.1}\" x2=\"{at:.1}\" y2=\"{:.1}\" \
                 stroke=\"#000000\" stroke-width=\"2\"/>",
                y + 2.0,
                y + ROW - 2.0
            );
        }
        lines.push(line);
    }
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
