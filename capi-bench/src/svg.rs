//! What all figures share: their frame and colours, for light and dark pages. What may not live
//! here: what is drawn.

/// One line for each thing drawn, so that a figure can be read, and compared with its last version.
#[derive(Debug)]
pub(crate) struct Figure {
    lines: Vec<String>,
}

const STYLE: &str = "\
<style>
  .page { fill: #ffffff } text { fill: #24292f } .grid { stroke: #d8dee4 } .axis { stroke: #57606a }
  .ours { fill: #1a7f5a; stroke: #1a7f5a } .reference { fill: #bc4c00; stroke: #bc4c00 } .line { fill: none }
  .goal { stroke: #24292f; stroke-width: 2 } .worse { fill: #bc4c00 } .better { fill: #1a7f5a }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #d1d7e0 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
    .ours { fill: #3fb68b; stroke: #3fb68b } .reference { fill: #f0883e; stroke: #f0883e } .line { fill: none }
    .goal { stroke: #d1d7e0 } .worse { fill: #f0883e } .better { fill: #3fb68b }
  }
</style>";

impl Figure {
    /// An empty page with a title.
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Self {
        let mut figure = Self {
            lines: vec![
                format!(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
                     width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">"
                ),
                STYLE.to_owned(),
                "<rect class=\"page\" width=\"100%\" height=\"100%\"/>".to_owned(),
            ],
        };
        figure.line(format!(
            "<text x=\"12\" y=\"20\" font-size=\"14\">{}</text>",
            escape(title)
        ));
        figure
    }

    pub(crate) fn line(&mut self, element: String) {
        self.lines.push(element);
    }

    /// A stroke from here to there.
    pub(crate) fn stroke(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.line(format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    /// `anchor` is "start", "middle" or "end".
    pub(crate) fn text(&mut self, at: (f64, f64), anchor: &str, text: &str) {
        let (x, y) = at;
        self.line(format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escape(text)
        ));
    }

    /// Which colour is whose.
    pub(crate) fn legend(&mut self, at: (f64, f64)) {
        for (index, class) in ["reference", "ours"].into_iter().enumerate() {
            let (x, y) = (at.0 + 110.0 * index as f64, at.1);
            self.line(format!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"16\" height=\"3\"/>",
                y - 5.0
            ));
            self.text((x + 22.0, y), "start", class);
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.line("</svg>\n".to_owned());
        self.lines.join("\n")
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
