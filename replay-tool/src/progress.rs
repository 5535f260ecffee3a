//! How far long work has come, on a terminal alone.

use daftar_eventlog::Position;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A bar towards a position, with rate and time left.
pub(crate) fn up_to(position: Position, doing: &'static str, quiet: bool) -> ProgressBar {
    through(position.0, "events", doing, quiet)
}

/// A bar through so many of something, with rate and time left.
pub(crate) fn through(count: u64, of_what: &'static str, doing: &'static str, quiet: bool) -> ProgressBar {
    let template = "{msg} {bar:40} {human_pos}/{human_len} {prefix}  {per_sec}  {eta} left";
    shown(ProgressBar::new(count).with_prefix(of_what), template, doing, quiet)
}

/// A count of events whose end is not known, with its rate.
pub(crate) fn without_end(doing: &'static str, quiet: bool) -> ProgressBar {
    shown(ProgressBar::no_length(), "{msg} {human_pos} events  {per_sec}", doing, quiet)
}

fn shown(bar: ProgressBar, template: &str, doing: &'static str, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = bar.with_message(doing);
    let style = ProgressStyle::with_template(template);
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}
