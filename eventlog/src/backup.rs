//! Backups: the log as portable, compressed, checksummed segments of events with their chain; its keys apart from it.
//!
//! # Layout
//!
//! - [`segment`]: one run of entries as bytes
//! - [`directory`]: segments in a directory, and the keys in another
//! - [`growing`]: a log in memory, from segments as they come
//! - [`mod@restore`]: a data directory, or a log in memory, from them
//!
//! A segment holds canonical bytes, never encoded again: one history has one chain in sled, in a backup, and after
//! restoring.

pub mod directory;
pub mod growing;
pub mod restore;
pub mod segment;

pub use directory::{BackupDirectory, BackupError};
pub use growing::{GrowingLog, read_segment};
pub use restore::{restore, restore_to_memory};
pub use segment::{Segment, SegmentError, SegmentWriter};
