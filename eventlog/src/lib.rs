//! The facts: an append-only log of events, checksummed, chained, its content sealed.
//!
//! # Layout
//!
//! - [`position`], [`stream`]: counts and names
//! - [`record`]: an event before and after storing; [`checksum`]: digest and chain
//! - [`codec`]: events to bytes and back; [`facts`]: what readers see of an event
//! - [`block`]: facts as columns
//! - [`log`]: the traits `LogReader` and `EventLog`

pub mod block;
pub mod checksum;
pub mod codec;
pub mod facts;
pub mod log;
pub mod ndjson;
pub mod position;
pub mod record;
pub mod stream;

pub use block::{FactBlock, FactRow};
pub use log::{AppendError, Appended, CommandStamp, Commit, EventLog, LogIdentity, LogReader, StoreError};
pub use position::{Position, StreamNumber, Version};
pub use record::{NewEvent, RecordedEvent};
pub use stream::{StreamKind, StreamName};
