//! What it costs, measured in pairs: the project's own way and a peer's take turns in one run, and ratios are quoted.
//!
//! A figure of one machine says little about another; a ratio of two medians taken in turns says more. A bench is a
//! target without the test harness: it asks [`asked_for`], lets its sides take turns with [`interleaved`], and prints
//! one [`bench_line`] a figure.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on stops")]

pub mod blocks;
pub mod desk;
pub mod duckdb;
pub mod events;
pub mod fill;
pub mod history;
pub mod load;
pub mod plain_file;
pub mod replay;

use serde::Serialize;
use std::time::{Duration, Instant};

/// One figure, as printed.
#[derive(Debug, Serialize)]
struct Line<'a> {
    name: &'a str,
    value: f64,
    unit: &'a str,
    ratio: Option<f64>,
    against: Option<&'a str>,
}

/// Prints one figure as one line: `BENCH`, a space, and JSON with the keys name, value, unit, ratio and against.
///
/// # Panics
///
/// Never: a line of numbers and texts always encodes.
pub fn bench_line(name: &str, value: f64, unit: &str, ratio: Option<f64>, against: Option<&str>) {
    println!("{}", line(name, value, unit, ratio, against));
}

fn line(name: &str, value: f64, unit: &str, ratio: Option<f64>, against: Option<&str>) -> String {
    let (value, ratio) = (rounded(value), ratio.map(rounded));
    format!("BENCH {}", serde_json::to_string(&Line { name, value, unit, ratio, against }).unwrap())
}

/// Three digits after the point, none from a thousand up: more would be noise.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 1000.0 { value.round() } else { (value * 1000.0).round() / 1000.0 }
}

/// Whether this is `cargo bench`; `cargo test` builds and starts benches too, and must not wait for them.
#[must_use]
pub fn asked_for() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// Whether `DAFTAR_LONG=1` asks for longer rounds.
#[must_use]
pub fn long() -> bool {
    std::env::var("DAFTAR_LONG").is_ok_and(|value| value == "1")
}

/// The memory that this process itself holds, `RssAnon`, in bytes.
///
/// # Panics
///
/// Where the system does not tell it.
#[must_use]
pub fn anonymous_memory() -> f64 {
    anonymous_memory_in("/proc/self/status").unwrap()
}

/// The same of the program whose status that file tells; none: it has ended.
fn anonymous_memory_in(status: &str) -> Option<f64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? * 1024.0)
}

/// How many events a second.
#[must_use]
pub fn rate(events: usize, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a bench counts far fewer than 2^53 events")]
    let events = events as f64;
    events / took.as_secs_f64()
}

/// Past this a bench begins no further round once it has three, unless asked to be long: a disk may have grown slower
/// since the rounds were given their length.
const ENOUGH: Duration = Duration::from_secs(12);

/// Lets the sides take turns, `rounds` times A B A B, and answers what each measured in each of its rounds.
pub fn interleaved<const N: usize>(rounds: usize, mut sides: [&mut dyn FnMut() -> f64; N]) -> [Vec<f64>; N] {
    let mut measured = std::array::from_fn(|_| Vec::with_capacity(rounds));
    let started = Instant::now();
    for round in 0..rounds {
        if round >= 3 && started.elapsed() > ENOUGH && !long() {
            break;
        }
        for (side, measured) in sides.iter_mut().zip(&mut measured) {
            measured.push(side());
        }
    }
    measured
}

/// The median; of an even number, the mean of the middle two.
///
/// # Panics
///
/// When there is nothing to take it of.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "the median of nothing");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

/// The median of the rounds' ratios: each round is compared with its neighbour in time, so that a disk that grows
/// slower slows both.
#[must_use]
pub fn median_ratio(values: &[f64], peer: &[f64]) -> f64 {
    median(&values.iter().zip(peer).map(|(value, peer)| value / peer).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_five_keys() {
        assert_eq!(
            line("append_1", 12_345.6, "events/s", Some(0.551_26), Some("plain file")),
            r#"BENCH {"name":"append_1","value":12346.0,"unit":"events/s","ratio":0.551,"against":"plain file"}"#
        );
        assert!(line("append_1", 1.0, "s", None, None).ends_with(r#""ratio":null,"against":null}"#));
    }

    #[test]
    fn sides_take_turns_and_neighbours_are_compared() {
        let turns = std::cell::RefCell::new(Vec::new());
        let take = |side, value: f64| {
            turns.borrow_mut().push(side);
            value
        };
        let mut slowing = [8.0, 4.0, 2.0].into_iter();
        let (mut a, mut b) = (|| take('A', 2.0), || take('B', slowing.next().unwrap()));
        let [a, b] = interleaved(3, [&mut a, &mut b]);
        assert_eq!(turns.into_inner(), ['A', 'B', 'A', 'B', 'A', 'B']);
        assert_eq!((median(&a), median(&b), median(&[1.0, 4.0])), (2.0, 4.0, 2.5));
        assert_eq!(median_ratio(&a, &b), 0.5);
    }
}
