//! Growth as curves, on logarithmic scales. What may not live here: anything that is not drawn.

use crate::growth::{Curve, Point, Series};
use crate::report::number;
use crate::summary::Row;
use crate::svg::Figure;

const PANEL: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 72.0;
const HEIGHT: f64 = 200.0;

/// Where values lie between the ends of a side.
#[derive(Clone, Copy, Debug)]
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn at(self, value: f64) -> f64 {
        let part = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + part * (self.to - self.from)
    }
}

/// A panel for each curve of the series; `None` where there is nothing to draw.
pub(crate) fn draw(series: &Series, rows: &[Row]) -> Option<String> {
    let panels: Vec<(&Curve, Vec<Point>)> = series
        .curves
        .iter()
        .map(|curve| (curve, curve.points(rows)))
        .filter(|(_, points)| points.len() > 1)
        .collect();
    if panels.is_empty() {
        return None;
    }
    let mut figure = Figure::new(
        PANEL * panels.len() as f64,
        TOP + HEIGHT + 48.0,
        series.title,
    );
    for (index, (curve, points)) in panels.iter().enumerate() {
        panel(
            &mut figure,
            PANEL * index as f64,
            curve,
            points,
            series.counted,
        );
    }
    Some(figure.finish())
}

fn panel(figure: &mut Figure, left: f64, curve: &Curve, points: &[Point], counted: &str) {
    let values = points
        .iter()
        .flat_map(|point| [point.reference, point.ours])
        .flatten();
    let (low, high) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let bottom = TOP + HEIGHT;
    let y = Scale {
        low: round_down(low),
        high: next_round(high),
        from: bottom,
        to: TOP,
    };
    let (first, last) = (points[0].number, points[points.len() - 1].number);
    let x = Scale {
        low: f64::from(first),
        high: f64::from(last),
        from: left + LEFT,
        to: left + PANEL - RIGHT,
    };

    figure.text((left + LEFT, TOP - 24.0), "start", curve.title);
    let mut tick = y.low;
    while tick <= y.high * 1.001 {
        figure.stroke("grid", (x.from, y.at(tick)), (x.to, y.at(tick)));
        figure.text((x.from - 6.0, y.at(tick) + 4.0), "end", &short(tick));
        tick = next_round(tick * 1.001);
    }
    let mut free_from = f64::MIN;
    for point in points {
        let at = x.at(f64::from(point.number));
        figure.stroke("axis", (at, bottom), (at, bottom + 4.0));
        // Two neighbours may be too close for both numbers.
        if at >= free_from || point.number == last {
            figure.text(
                (at, bottom + 18.0),
                "middle",
                &short(f64::from(point.number)),
            );
            free_from = at + 30.0;
        }
    }
    figure.stroke("axis", (x.from, bottom), (x.to, bottom));
    figure.text(((x.from + x.to) / 2.0, bottom + 36.0), "middle", counted);

    for (class, value) in [
        (
            "reference",
            (|point| point.reference) as fn(&Point) -> Option<f64>,
        ),
        ("ours", |point| point.ours),
    ] {
        let places: Vec<(f64, f64)> = points
            .iter()
            .filter_map(|point| Some((x.at(f64::from(point.number)), y.at(value(point)?))))
            .collect();
        if places.is_empty() {
            continue;
        }
        let path: Vec<String> = places
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        figure.line(format!(
            "<polyline class=\"{class} line\" stroke-width=\"2\" points=\"{}\"/>",
            path.join(" ")
        ));
        for (x, y) in places {
            figure.line(format!(
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"
            ));
        }
    }
    figure.legend((left + LEFT, TOP - 8.0));
}

/// The largest of 1, 2, 5 and their multiples by ten that is not above.
fn round_down(value: f64) -> f64 {
    let decade = 10.0_f64.powf(value.log10().floor());
    [5.0, 2.0, 1.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|&round| round <= value * 1.0001)
        .unwrap_or(decade)
}

/// The next such number above.
fn next_round(value: f64) -> f64 {
    let decade = 10.0_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|&round| round > value)
        .unwrap_or(10.0 * decade)
}

/// A round number as short as it goes.
fn short(value: f64) -> String {
    let text = number(value);
    let (digits, suffix) = text.split_once(' ').unwrap_or((&text, ""));
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    if digits.len() > 3 && suffix.is_empty() && !digits.contains('.') {
        return format!("{}k", value / 1000.0);
    }
    format!("{digits}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_ends() {
        assert_eq!((round_down(7.3), next_round(7.3)), (5.0, 10.0));
        assert_eq!((round_down(2000.0), next_round(2000.0)), (2000.0, 5000.0));
        assert!((round_down(0.13) - 0.1).abs() < 1e-9 && (next_round(0.13) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_short() {
        let all = [1.0, 0.2, 50.0, 1000.0, 20_000.0, 5e6].map(short);
        assert_eq!(all, ["1", "0.2", "50", "1k", "20k", "5M"]);
    }
}
