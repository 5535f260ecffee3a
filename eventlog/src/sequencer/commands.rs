//! Recent commands by their keyed id, so that a repeated one is told from a new one.

use crate::log::{AppendError, CommandStamp};
use crate::position::Position;
use daftar_domain::Timestamp;
use std::collections::{HashMap, VecDeque};

/// How long a command is remembered, by the time its commit was recorded: seven days.
pub const COMMAND_KEPT_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

/// What is remembered of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCommand {
    /// The command.
    pub stamp: CommandStamp,
    /// Position of its first event, or of the next event where it had none.
    pub first: Position,
    /// How many events it had.
    pub count: u32,
    /// When the log accepted it.
    pub recorded_at: Timestamp,
}

/// Commands of the last seven days by their keyed id.
#[derive(Debug, Default)]
pub struct CommandIndex {
    kept: HashMap<[u8; 16], KeptCommand>,
    by_age: VecDeque<(Timestamp, [u8; 16])>,
}

impl CommandIndex {
    /// What is remembered of the command with that id.
    #[must_use]
    pub fn get(&self, id: &[u8; 16]) -> Option<&KeptCommand> {
        self.kept.get(id)
    }

    /// Remembers a command, and forgets those recorded more than seven days before it.
    pub fn insert(&mut self, command: KeptCommand) {
        let id = command.stamp.id;
        self.kept.insert(id, command);
        self.by_age.push_back((command.recorded_at, id));
        let oldest = command.recorded_at.micros() - COMMAND_KEPT_MICROS;
        while self.by_age.front().is_some_and(|(at, _)| at.micros() < oldest) {
            let Some((_, id)) = self.by_age.pop_front() else { break };
            if self.kept.get(&id).is_some_and(|kept| kept.recorded_at.micros() < oldest) {
                self.kept.remove(&id);
            }
        }
    }

    /// Counts one more event of a command that began with an event before, unless it was counted whole already: a
    /// derived block keeps the whole count of a command that goes on beyond its end.
    pub(super) fn count_event(&mut self, stamp: CommandStamp, position: Position, recorded_at: Timestamp) {
        let end = |kept: &KeptCommand| kept.first.0 + u64::from(kept.count);
        match self.kept.get_mut(&stamp.id) {
            Some(kept) if kept.first <= position && position.0 < end(kept) => {}
            Some(kept) if end(kept) == position.0 && kept.count > 0 => kept.count += 1,
            _ => self.insert(KeptCommand { stamp, first: position, count: 1, recorded_at }),
        }
    }

    pub(super) fn check(&self, stamp: &CommandStamp) -> Result<(), AppendError> {
        match self.get(&stamp.id) {
            None => Ok(()),
            Some(kept) if kept.stamp.digest == stamp.digest => {
                Err(AppendError::Duplicate { first: kept.first, count: kept.count })
            }
            Some(_) => Err(AppendError::KeyReused),
        }
    }
}
