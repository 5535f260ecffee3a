//! The edge: where commands meet the log, and what is asked over HTTP is answered.
//!
//! # Layout
//!
//! - [`commands`]: the only place where rules meet the log; [`hot_tickets`]: tickets they touched lately
//! - [`checkpoints`]: figures written down for the next start
//! - [`definitions`]: metric definitions, read from the log and published to it
//! - [`http`]: everything that can be asked; [`server`]: a desk at work; `stalled`: connections that take
//!   nothing
//! - [`snapshots`]: published reports, read from the log and published to it
//! - [`simulate`]: the help desk of the demo

pub mod checkpoints;
pub mod commands;
pub mod definitions;
pub mod hot_tickets;
pub mod http;
pub mod server;
pub mod simulate;
pub mod snapshots;
mod stalled;
