//! The facts: an append-only log of events, checksummed, chained, its content sealed.
//!
//! # Layout
//!
//! - [`log`]: the traits `LogReader` and `EventLog`
//! - [`position`], [`stream`]: counts and names
//! - [`record`], [`entry`]: an event before and after storing; [`checksum`], [`genesis`]: digest and chain
//! - [`codec`]: events to bytes and back; [`facts`]: what readers see of an event
//! - [`sealing`]: pseudonyms, keys, content
//! - [`block`]: facts as rows; [`derived`]: the files they lie in
//! - [`definition`]: metric definitions as events; [`snapshot`]: published reports as events
//! - [`epoch`]: where the histories of one log part
//! - [`sequencer`]: the writer's turn, without I/O
//! - [`memory`], [`embedded`]: the logs
//! - [`backup`]: segments, and restoring from them
//! - [`digest`]: one value of a whole history, the same with keys and without
//! - [`vocabulary`]: how many values dimensions may have
//! - [`ndjson`]: events as lines of text; [`import`]: recording what they say happened
//!
//! # Invariants
//!
//! Stores never see an event, only bytes; the codec never calls a store. Only this crate knows sled and bincode.

pub mod backup;
pub mod block;
pub mod checksum;
pub mod clock;
pub mod codec;
pub mod definition;
pub mod derived;
pub mod digest;
pub mod embedded;
pub mod entry;
pub mod epoch;
pub mod facts;
pub mod genesis;
pub mod import;
pub mod log;
pub mod memory;
pub mod ndjson;
pub mod position;
pub mod record;
pub mod sealing;
pub mod sequencer;
pub mod snapshot;
pub mod stream;
pub mod vocabulary;

pub use block::{BlockFacts, Fact, FactBlock, FactRow, FoundBlock, StoredRow};
pub use epoch::{Epochs, OtherHistory};
pub use log::{AppendError, Appended, CommandStamp, Commit, EventLog, LogIdentity, LogReader, StoreError};
pub use position::{Position, StreamNumber, Version};
pub use record::{NewEvent, RecordedEvent};
pub use stream::{StreamKind, StreamName};
