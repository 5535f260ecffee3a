//! A chart of lines: the telling numbers of a figure over the periods.

use super::Drawn;
use super::chart::{COLOURS, Scale, WIDTH, drawn_value, framed, text, tick_label};
use super::markup::{escaped, number};
use crate::series::{self, Series};
use daftar_projections::exact::Decimal;
use std::fmt::Write;

/// The room within the frame: beside it stand the numbers of the scale, under it the periods.
const HEIGHT: f64 = 260.0;
const SIDE: f64 = 90.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 32.0;
/// How many periods have a label.
const LABELS: usize = 8;

/// The chart of some figures; empty: there is nothing to draw, or more lines than can be told apart.
pub(super) fn of(drawn: &Drawn<'_>, figures: &[&str]) -> String {
    let rows = &drawn.rows;
    let periods = series::periods(rows);
    let mut paths: Vec<String> = figures.iter().flat_map(|figure| series::paths(rows, Some(figure))).collect();
    let Some(groups) = series::groups(rows, COLOURS) else { return String::new() };
    if groups.len() > 1 {
        // One line a group: of a distribution its median.
        let median = paths.iter().position(|path| path.ends_with(".p50")).unwrap_or(0);
        paths = paths.into_iter().skip(median).take(1).collect();
    }
    let mut series = series::of(rows, &paths, &groups);
    series.retain(|series| series.values.iter().any(Option::is_some));
    if periods.len() < 2 || series.is_empty() || series.len() > COLOURS {
        return String::new();
    }
    let plot = Plot { drawn, periods: &periods, scale: scale(&series) };
    let names: Vec<String> = series.iter().map(|series| plot.name(series, groups.len() > 1)).collect();
    let mut content = plot.frame();
    for (n, (series, name)) in series.iter().zip(&names).enumerate() {
        content.push_str(&plot.line(n, series, name));
    }
    let title = drawn.names.in_unit(&drawn.names.path(figures[0]), &paths[0]);
    let title = if figures.len() == 1 { title } else { drawn.names.counts() };
    framed(&title, HEIGHT, &content, &names)
}

fn scale(series: &[Series]) -> Scale {
    Scale::of(series.iter().flat_map(|series| &series.values).flatten().map(|value| drawn_value(*value)), 5.0)
}

struct Plot<'a> {
    drawn: &'a Drawn<'a>,
    periods: &'a [&'a str],
    scale: Scale,
}

impl Plot<'_> {
    fn name(&self, series: &Series, grouped: bool) -> String {
        let names = &self.drawn.names;
        let group: Vec<_> = series.group.iter().map(|value| value.as_deref().unwrap_or("–")).collect();
        let path = names.in_unit(&names.path(&series.path), &series.path);
        if grouped { group.join(", ") } else { path }
    }

    /// Time runs as the page reads.
    fn x(&self, period: usize) -> f64 {
        let last = self.periods.len().saturating_sub(1).max(1);
        let along = period as f64 / last as f64 * (WIDTH - 2.0 * SIDE);
        if self.drawn.is_right_to_left() { WIDTH - SIDE - along } else { SIDE + along }
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (1.0 - self.scale.place(value)) * (HEIGHT - TOP - BOTTOM)
    }

    fn frame(&self) -> String {
        let mut svg = String::new();
        let (x, anchor) =
            if self.drawn.is_right_to_left() { (WIDTH - SIDE + 12.0, "start") } else { (SIDE - 12.0, "end") };
        for tick in self.scale.ticks() {
            let (y, end) = (self.y(tick), WIDTH - SIDE);
            let _ = writeln!(svg, "<line class=\"grid\" x1=\"{SIDE}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
            svg.push_str(&text((x, y + 4.0), anchor, &tick_label(self.drawn, tick)));
        }
        let every = self.periods.len().div_ceil(LABELS);
        for (n, label) in self.periods.iter().enumerate().step_by(every) {
            svg.push_str(&text((self.x(n), HEIGHT - 8.0), "middle", &self.drawn.digits(label)));
        }
        svg
    }

    /// A line with a dot for each value; where there is none it is broken.
    fn line(&self, n: usize, series: &Series, name: &str) -> String {
        let mut svg = format!("<g class=\"s{n}\">\n");
        let known: Vec<Option<Decimal>> = series.values.clone();
        let mut path = String::new();
        for (period, value) in known.iter().enumerate() {
            let Some(value) = value else { continue };
            let joined = period.checked_sub(1).and_then(|before| known[before]).is_some();
            let step = if joined { 'L' } else { 'M' };
            let _ = write!(path, "{step}{:.1} {:.1}", self.x(period), self.y(drawn_value(*value)));
        }
        let _ = writeln!(svg, "<path class=\"line\" d=\"{path}\"/>");
        for (period, value) in known.iter().enumerate() {
            let Some(value) = value else { continue };
            let (x, y) = (self.x(period), self.y(drawn_value(*value)));
            let shown = number(&value.to_string(), self.drawn.names.0);
            let told = escaped(&format!("{name}, {}: {shown}", self.periods[period]));
            let _ = writeln!(
                svg,
                "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{told}</title></circle>"
            );
        }
        svg + "</g>\n"
    }
}
