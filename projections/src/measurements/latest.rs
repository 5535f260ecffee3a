//! The latest instant in every prefix of the log: a row for each event that is later than all before it.

use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Rows, columns};
use crate::ticket_facts::Micros;
use daftar_eventlog::Position;

columns! {
    /// An event later than all before it.
    Later, LaterEvents {
        /// Its position.
        position: Position,
        /// Its instant.
        instant: Micros,
    }
}

/// At which position the latest instant so far became which.
#[derive(Debug, Clone, Default)]
pub struct LatestInstants {
    rows: Rows<LaterEvents>,
    last: Option<(Position, Micros)>,
}

impl LatestInstants {
    /// Takes the instant of the event at `position`; positions rise.
    pub(crate) fn push(&mut self, position: Position, instant: Micros) {
        if self.last.is_none_or(|(_, latest)| latest < instant) {
            self.rows.push(Later { position, instant });
            self.last = Some((position, instant));
        }
    }

    /// The latest instant among the events up to `position`.
    #[must_use]
    pub fn at(&self, position: Position) -> Option<Micros> {
        match self.last {
            Some((last, instant)) if last <= position => return Some(instant),
            _ => {}
        }
        let after = self.rows.partition_point(|events, row| events.position.get(row) <= position);
        let (events, row) = self.rows.find(after.checked_sub(1)?)?;
        Some(events.instant.get(row))
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.rows.beside(twin.map(|twin| &twin.rows));
    }

    pub(crate) fn dump(&self, out: &mut Writer) {
        self.rows.dump(out);
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let rows = Rows::<LaterEvents>::load(from)?;
        let last = rows.len().checked_sub(1).map(|last| rows.at(last));
        let last = last.map(|(events, row)| (events.position.get(row), events.instant.get(row)));
        Some(Self { rows, last })
    }
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
    fn rising_instants_take_many_pieces() {
        let mut latest = LatestInstants::default();
        (1..=3000).for_each(|n| latest.push(Position(n), i64::try_from(n).unwrap() * 86_400_000_000));
        assert!(1 < latest.rows.pieces().count());
        for n in 1..=3000 {
            assert_eq!(latest.at(Position(n)), Some(i64::try_from(n).unwrap() * 86_400_000_000));
        }
    }
}
