//! The rules of the help desk: what may happen to a ticket, what has happened, and what it is now.
//!
//! # Layout
//!
//! - [`ids`]: the caller's own names for tickets, agents, branches, …
//! - [`time`]: instants in whole microseconds
//! - [`actor`]: who did it
//! - [`satisfaction`]: scales, scores, survey answers
//! - [`limits`]: how long texts and lists may be
//! - [`invalid`]: a value that breaks its own rule
//! - [`ticket`]: events, commands, and the three functions `decide`, `admit`, `evolve`
//! - [`spec`]: given / when / then, for tests
//!
//! # Invariants
//!
//! Nothing here is async, reads a clock, does I/O or draws random numbers: times and ids are given.
//! Nothing here knows how an event is stored, sent or counted.

pub mod actor;
pub mod ids;
pub mod invalid;
pub mod limits;
pub mod satisfaction;
pub mod spec;
pub mod ticket;
pub mod time;

pub use actor::{Actor, Cause};
pub use invalid::Invalid;
pub use limits::Limits;
pub use ticket::{Command, Event, EventKind, Rejection, RejectionKind, Ticket};
pub use time::Timestamp;
