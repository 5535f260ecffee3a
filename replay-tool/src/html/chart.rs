//! What charts have in common: their room, their scale, their frame.

use super::Drawn;
use super::markup::{escaped, number};
use daftar_projections::exact::Decimal;
use std::fmt::Write;

/// How many colours there are for series.
pub(super) const COLOURS: usize = 8;
/// The room of a chart, in units of its own.
pub(super) const WIDTH: f64 = 960.0;

/// A scale from 0, or from the lowest value where that is below 0, to a round number that no value exceeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) step: f64,
}

impl Scale {
    /// Of values, with about so many steps.
    pub(super) fn of(values: impl Iterator<Item = f64>, steps: f64) -> Self {
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let rough = if high > low { (high - low) / steps } else { 1.0 };
        let power = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|round| round * power).into_iter().find(|step| rough <= *step);
        let step = step.unwrap_or(10.0 * power);
        let high = if high > low { (high / step).ceil() * step } else { step };
        Self { low: (low / step).floor() * step, high, step }
    }

    /// Where a value lies, from 0 (the lowest) to 1.
    pub(super) fn place(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The values that have a line.
    pub(super) fn ticks(self) -> impl Iterator<Item = f64> {
        let mut next = self.low;
        std::iter::from_fn(move || {
            let tick = next;
            next += self.step;
            // Sums of steps are not exact.
            (tick <= self.high + self.step / 1000.0).then_some(tick)
        })
    }
}

/// A value for drawing; tables have it whole.
pub(super) fn drawn_value(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or_default()
}

/// A tick's number, without the noise of sums.
pub(super) fn tick_label(drawn: &Drawn<'_>, tick: f64) -> String {
    let text = format!("{tick:.3}");
    number(text.trim_end_matches('0').trim_end_matches('.').trim_start_matches("-0.000"), drawn.names.0)
}

/// A chart in its frame, with what its colours mean.
pub(super) fn framed(title: &str, height: f64, content: &str, legend: &[String]) -> String {
    let title = escaped(title);
    let mut html = format!(
        "<figure>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{title}\" direction=\"ltr\">\n{content}</svg>\n"
    );
    if legend.len() > 1 {
        html.push_str("<ul class=\"legend\">\n");
        for (n, name) in legend.iter().enumerate() {
            let _ = writeln!(html, "<li class=\"s{}\"><bdi>{}</bdi></li>", n % COLOURS, escaped(name));
        }
        html.push_str("</ul>\n");
    }
    let _ = write!(html, "<figcaption>{title}</figcaption>\n</figure>\n");
    html
}

/// A text of a chart.
pub(super) fn text((x, y): (f64, f64), anchor: &str, label: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escaped(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round_and_holds_every_value() {
        let scale = |values: &[f64]| Scale::of(values.iter().copied(), 4.0);
        assert_eq!(scale(&[3.0, 97.0]), Scale { low: 0.0, high: 100.0, step: 50.0 });
        assert_eq!(scale(&[]), Scale { low: 0.0, high: 1.0, step: 1.0 });
        assert_eq!(scale(&[-40.0, 60.0]), Scale { low: -50.0, high: 100.0, step: 50.0 });
        assert_eq!(scale(&[0.0, 60.0]).place(15.0), 0.25);
        assert_eq!(scale(&[0.0, 60.0]).ticks().collect::<Vec<_>>(), [0.0, 20.0, 40.0, 60.0]);
    }
}
