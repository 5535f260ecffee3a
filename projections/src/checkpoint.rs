//! Checkpoints: a state written down as it lies in memory, so that a restart need not fold the whole log again.
//!
//! # Layout
//!
//! - [`bytes`]: numbers, bytes and columns behind each other
//! - [`mod@file`]: the file of one checkpoint: whose it is, and its parts, each with a checksum
//!
//! A checkpoint is only a cache. One that another version wrote, that is damaged, or that another log or another end of
//! this one made, is passed over, and the log is folded.

pub mod bytes;
pub mod file;

#[cfg(test)]
mod tests;

pub use bytes::{Reader, Writer};
pub use file::{Checkpoint, Mark};
