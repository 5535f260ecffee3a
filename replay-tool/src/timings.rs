//! What each stage of a replay costs, told on standard error where `--timings` asks for it.

use daftar_eventlog::Position;
use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The stages so far, and how long each took.
pub(crate) struct Timings {
    began: Instant,
    stages: Vec<(&'static str, Duration)>,
}

impl Timings {
    /// None yet.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), stages: Vec::new() }
    }

    /// What was done since the last stage.
    pub(crate) fn stage(&mut self, name: &'static str) {
        let before: Duration = self.stages.iter().map(|(_, took)| *took).sum();
        self.stages.push((name, self.began.elapsed().saturating_sub(before)));
    }

    /// The same but for what was done of the next stage on the way, which that one is to have.
    pub(crate) fn stage_of(&mut self, name: &'static str, next: Duration) {
        self.stage(name);
        if let Some((_, took)) = self.stages.last_mut() {
            *took = took.saturating_sub(next);
        }
    }

    /// A line a stage: milliseconds, and nanoseconds for each event up to a position; the sum last.
    pub(crate) fn text(&self, events: Position, threads: usize) -> String {
        let sum = self.stages.iter().map(|(_, took)| *took).sum();
        let mut text = format!("{:<9} {:>12} {:>12}\n", "stage", "ms", "ns/event");
        for (name, took) in self.stages.iter().chain([&("all", sum)]) {
            let each = took.as_secs_f64() * 1e9 / (events.0.max(1) as f64);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<9} {:>12.1} {each:>12.1}", took.as_secs_f64() * 1000.0);
        }
        let threads = if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
        let _ = write!(text, "{events} events, folded on {threads}");
        text
    }
}

thread_local! {
    /// When this thread began to count what it folded last.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// How long it took to count what was folded, on threads that do both in turns.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    /// Over all threads, in nanoseconds.
    nanoseconds: AtomicU64,
}

impl Counting {
    /// This thread begins; if it folds on without having counted, that was nothing.
    pub(crate) fn begins(&self) {
        BEGAN.set(Some(Instant::now()));
    }

    /// This thread ends.
    pub(crate) fn ends(&self) {
        let took = BEGAN.take().map_or(Duration::ZERO, |began| began.elapsed());
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long of what passed on a clock, where so many threads counted side by side.
    pub(crate) fn took(&self, threads: usize) -> Duration {
        let threads = u64::try_from(threads).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed) / threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_on_the_way_is_taken_from_one_stage_and_left_to_the_next() {
        let mut timings = Timings { began: Instant::now(), stages: vec![("open", Duration::ZERO)] };
        let counting = Counting::default();
        counting.ends();
        assert_eq!(counting.took(1), Duration::ZERO);
        counting.begins();
        std::hint::black_box(vec![0_u8; 1 << 20]);
        counting.ends();
        let all = counting.nanoseconds.load(Ordering::Relaxed);
        assert!(all > 0);
        assert_eq!(counting.took(2), Duration::from_nanos(all / 2));
        timings.stage_of("fold", counting.took(1));
        timings.stage("count");
        let [.., (_, fold), (_, count)] = timings.stages[..] else { panic!("three stages") };
        assert!(counting.took(1) <= count && fold + count <= timings.began.elapsed());
    }

    #[test]
    fn stages_are_told_for_each_event_and_add_up() {
        let stages = vec![("open", Duration::from_millis(2)), ("fold", Duration::from_millis(6))];
        let text = Timings { began: Instant::now(), stages }.text(Position(4000), 2);
        let lines: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1..4], [["open", "2.0", "500.0"], ["fold", "6.0", "1500.0"], ["all", "8.0", "2000.0"]]);
        assert_eq!(text.lines().last(), Some("4000 events, folded on 2 threads"));
    }
}
