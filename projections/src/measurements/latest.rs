//! The latest instant in every prefix of the log, packed: a few bytes for each event that is later than all before it.

use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

/// Between two whole entries, so many differences.
const STEPS: u32 = 256;

/// At which position the latest instant so far became which.
#[derive(Debug, Clone, Default)]
pub struct LatestInstants {
    anchors: Vec<Anchor>,
    /// After each anchor, pairs of differences (positions, microseconds) to the entry before, as LEB128.
    steps: Vec<u8>,
    last: Option<(Position, Micros)>,
    steps_since_anchor: u32,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    position: Position,
    instant: Micros,
    steps_at: usize,
}

impl LatestInstants {
    /// Takes the instant of the event at `position`; positions rise.
    pub(crate) fn push(&mut self, position: Position, instant: Micros) {
        let step = match self.last {
            Some((_, latest)) if instant <= latest => return,
            Some((before, latest)) if self.steps_since_anchor < STEPS => {
                u64::try_from(instant - latest).ok().map(|rise| (position.0 - before.0, rise))
            }
            _ => None,
        };
        if let Some((positions, rise)) = step {
            push_leb128(&mut self.steps, positions);
            push_leb128(&mut self.steps, rise);
            self.steps_since_anchor += 1;
        } else {
            self.anchors.push(Anchor { position, instant, steps_at: self.steps.len() });
            self.steps_since_anchor = 0;
        }
        self.last = Some((position, instant));
    }

    /// The latest instant among the events up to `position`.
    #[must_use]
    pub fn at(&self, position: Position) -> Option<Micros> {
        match self.last {
            Some((last, instant)) if last <= position => return Some(instant),
            _ => {}
        }
        let after = self.anchors.partition_point(|anchor| anchor.position <= position);
        let anchor = self.anchors.get(after.checked_sub(1)?)?;
        let end = self.anchors.get(after).map_or(self.steps.len(), |next| next.steps_at);
        let mut steps = self.steps.get(anchor.steps_at..end)?;
        let (mut at, mut instant) = (anchor.position.0, anchor.instant);
        while !steps.is_empty() {
            at += take_leb128(&mut steps);
            let rise = take_leb128(&mut steps);
            if position.0 < at {
                break;
            }
            instant = instant.saturating_add_unsigned(rise);
        }
        Some(instant)
    }
}

fn push_leb128(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = (value & 0x7f).to_le_bytes();
        value >>= 7;
        if value == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn take_leb128(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    let mut shift = 0;
    while let Some((first, rest)) = bytes.split_first() {
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        shift += 7;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_has_its_own_maximum() {
        let instants: Vec<Micros> = (0..2000).map(|n: i64| (n * 7919) % 4001 * 1_000_003 - 500).collect();
        let mut latest = LatestInstants::default();
        assert_eq!(latest.at(Position(9)), None);
        for (instant, position) in instants.iter().zip((2..).step_by(3)) {
            latest.push(Position(position), *instant);
        }
        assert_eq!(latest.at(Position(1)), None);
        for n in 0..instants.len() {
            let expected = instants[..=n].iter().max().copied();
            let position = 2 + 3 * u64::try_from(n).unwrap();
            assert_eq!(latest.at(Position(position)), expected, "{n}");
            assert_eq!(latest.at(Position(position + 2)), expected, "{n}");
        }
    }

    #[test]
    fn rising_instants_take_many_anchors() {
        let mut latest = LatestInstants::default();
        (1..=1000).for_each(|n| latest.push(Position(n), i64::try_from(n).unwrap() * 86_400_000_000));
        assert!(1 < latest.anchors.len());
        for n in 1..=1000 {
            assert_eq!(latest.at(Position(n)), Some(i64::try_from(n).unwrap() * 86_400_000_000));
        }
    }
}
