//! The progress bar: on a terminal alone, on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

const BYTES: &str = "{wide_bar} {percent}%  {msg}  {eta} left";
const NO_END: &str = "{spinner} {msg}";

/// How far an import has come.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar up to `bytes`, or without an end where that is not known; nothing at all when `quiet`.
    pub(super) fn new(bytes: Option<u64>, quiet: bool) -> Self {
        let bar = match bytes {
            _ if quiet => ProgressBar::hidden(),
            Some(bytes) => ProgressBar::new(bytes),
            None => ProgressBar::new_spinner(),
        };
        // A template that does not parse leaves the default one.
        if let Ok(style) = ProgressStyle::with_template(if bytes.is_some() { BYTES } else { NO_END }) {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar }
    }

    /// Shows how much was read.
    pub(super) fn set(&self, bytes: u64, lines: u64) {
        self.bar.set_position(bytes);
        let rate = rate(lines, self.bar.elapsed());
        self.bar.set_message(format!("{} lines, {} a second", grouped(lines), grouped(rate)));
    }

    /// Shows a line above the bar; on standard error where there is no bar.
    pub(super) fn tell(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How many a second.
pub(super) fn rate(count: u64, elapsed: Duration) -> u64 {
    let micros = elapsed.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown: Vec<_> = [0, 999, 1_000, 95_602, 1_234_567].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1,000", "95,602", "1,234,567"]);
    }
}
