//! Recent commands by their keyed id, so that a repeated one is told from a new one.
//!
//! Those of the tail are held in memory whole. Those whose block was derived are looked up in `derived/commands`, by
//! a table of some ten bytes a command; one that is not known costs a look into that table and nothing else.

use super::table::{NumberTable, hash_of};
use crate::derived::CommandBlock;
use crate::log::{AppendError, CommandStamp};
use crate::position::Position;
use daftar_domain::Timestamp;
use std::collections::{HashMap, VecDeque};

/// How long a command is remembered at least, by the time its commit was recorded: seven days.
pub const COMMAND_KEPT_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;
/// How many bytes of a command's digest are kept and compared.
pub const DIGEST_KEPT: usize = 8;

/// What is remembered of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCommand {
    /// The command; of its digest, the first eight bytes count.
    pub stamp: CommandStamp,
    /// Position of its first event, or of the next event where it had none.
    pub first: Position,
    /// How many events it had.
    pub count: u32,
    /// When the log accepted it, or the last command of its derived block.
    pub recorded_at: Timestamp,
}

/// Commands of the last seven days by their keyed id; a derived block is forgotten when its last command may be.
#[derive(Debug, Default)]
pub struct CommandIndex {
    recent: HashMap<[u8; 16], KeptCommand>,
    by_age: VecDeque<(Timestamp, [u8; 16])>,
    /// Derived blocks, each with the number of its first command.
    derived: VecDeque<(u32, CommandBlock)>,
    numbers: NumberTable,
    newest: Option<Timestamp>,
}

impl CommandIndex {
    /// What is remembered of the command with that id.
    #[must_use]
    pub fn get(&self, id: &[u8; 16]) -> Option<KeptCommand> {
        self.recent.get(id).copied().or_else(|| self.get_derived(id))
    }

    fn get_derived(&self, id: &[u8; 16]) -> Option<KeptCommand> {
        let number =
            self.numbers.find(hash_of(id), |number| self.numbered(number).is_some_and(|(b, n)| b.id(n) == *id));
        number.and_then(|number| self.numbered(number)).map(|(block, n)| block.command(n))
    }

    /// The block that holds the command with that number, and its place there; none where it was forgotten.
    fn numbered(&self, number: u32) -> Option<(&CommandBlock, usize)> {
        let block = self.derived.partition_point(|(first, _)| *first <= number).checked_sub(1)?;
        let (first, block) = &self.derived[block];
        Some((block, (number - first) as usize))
    }

    /// Remembers a command, and forgets those recorded more than seven days before it.
    pub fn insert(&mut self, command: KeptCommand) {
        let id = command.stamp.id;
        self.recent.insert(id, command);
        self.by_age.push_back((command.recorded_at, id));
        self.newest = self.newest.max(Some(command.recorded_at));
        while self.by_age.front().is_some_and(|(at, _)| self.is_old(*at)) {
            let Some((_, id)) = self.by_age.pop_front() else { break };
            if self.recent.get(&id).is_some_and(|kept| self.is_old(kept.recorded_at)) {
                self.recent.remove(&id);
            }
        }
        self.forget_old_blocks();
    }

    fn is_old(&self, at: Timestamp) -> bool {
        self.newest.is_some_and(|newest| at.micros() < newest.micros().saturating_sub(COMMAND_KEPT_MICROS))
    }

    fn forget_old_blocks(&mut self) {
        while self.derived.front().is_some_and(|(_, block)| self.is_old(block.last_recorded_at())) {
            self.derived.pop_front();
        }
    }

    /// Looks commands up in their derived block from now on, and no longer in memory.
    pub(crate) fn derived(&mut self, block: CommandBlock) {
        for n in 0..block.len() {
            // One used again after seven days stays: it is another.
            if self.recent.get(&block.id(n)).is_some_and(|kept| kept.first == block.command(n).first) {
                self.recent.remove(&block.id(n));
            }
        }
        while self.by_age.front().is_some_and(|(_, id)| !self.recent.contains_key(id)) {
            self.by_age.pop_front();
        }
        self.restore(block);
    }

    /// Adds the commands of a derived block, the next one.
    pub(crate) fn restore(&mut self, block: CommandBlock) {
        if block.is_empty() {
            return;
        }
        self.newest = self.newest.max(Some(block.last_recorded_at()));
        self.forget_old_blocks();
        let first = match self.next_number().checked_add(u32::try_from(block.len()).unwrap_or(u32::MAX)) {
            Some(u32::MAX) | None => self.number_anew(),
            Some(_) => self.next_number(),
        };
        self.add(first, block);
    }

    /// Adds the commands of all derived blocks but those that are forgotten by the last of them.
    pub(crate) fn restore_all(&mut self, blocks: Vec<CommandBlock>) {
        self.newest = blocks.iter().filter(|block| !block.is_empty()).map(CommandBlock::last_recorded_at).max();
        let recent = |block: &CommandBlock| !self.is_old(block.last_recorded_at());
        let blocks: Vec<_> = blocks.into_iter().filter(recent).collect();
        self.numbers.reserve(blocks.iter().map(CommandBlock::len).sum());
        for block in blocks {
            self.restore(block);
        }
    }

    /// Numbers count up to 4 billion, then begin again: seven days may not hold more commands.
    fn number_anew(&mut self) -> u32 {
        self.numbers.clear();
        for (_, block) in std::mem::take(&mut self.derived) {
            self.add(self.next_number(), block);
        }
        self.next_number()
    }

    fn next_number(&self) -> u32 {
        self.derived.back().map_or(0, |(first, block)| first + u32::try_from(block.len()).unwrap_or(u32::MAX))
    }

    fn add(&mut self, first: u32, block: CommandBlock) {
        let keep_from = self.derived.front().map_or(first, |(first, _)| *first);
        for (n, number) in (0..block.len()).zip(first..) {
            self.numbers.insert(hash_of(&block.id(n)), number, keep_from);
        }
        self.derived.push_back((first, block));
    }

    /// Counts one more event of a command that began with an event before, unless it was counted whole already: a
    /// derived block keeps the whole count of a command that goes on beyond its end.
    pub(super) fn count_event(&mut self, stamp: CommandStamp, position: Position, recorded_at: Timestamp) {
        let end = |kept: &KeptCommand| kept.first.0 + u64::from(kept.count);
        match self.get(&stamp.id) {
            Some(kept) if kept.first <= position && position.0 < end(&kept) => {}
            Some(kept) if end(&kept) == position.0 && kept.count > 0 => {
                self.recent.insert(stamp.id, KeptCommand { count: kept.count + 1, ..kept });
            }
            _ => self.insert(KeptCommand { stamp, first: position, count: 1, recorded_at }),
        }
    }

    pub(super) fn check(&self, stamp: &CommandStamp) -> Result<(), AppendError> {
        match self.get(&stamp.id) {
            None => Ok(()),
            Some(kept) if kept.stamp.digest[..DIGEST_KEPT] == stamp.digest[..DIGEST_KEPT] => {
                Err(AppendError::Duplicate { first: kept.first, count: kept.count })
            }
            Some(_) => Err(AppendError::KeyReused),
        }
    }
}
