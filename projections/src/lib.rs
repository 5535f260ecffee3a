//! The answers: pure folds of the log into measurements, and reports that count them.
//!
//! # Layout
//!
//! - [`projector`]: the one loop that feeds the fold; [`live`]: the state it feeds and everybody reads
//! - [`ticket_facts`]: one ticket's running state
//! - [`measurements`]: what was measured, with the position since which it stands
//! - [`columns`]: what both are kept in; [`checkpoint`]: both written down
//! - [`dimensions`]: values of dimensions as small numbers
//! - [`definition`]: what the figures mean; [`business_time`]: the time that schedules count
//! - [`exact`]: decimals, distributions and shares in whole numbers
//! - [`report`]: queries and their rows; [`labels`]: what customers are called in them
//! - [`ticket_list`]: tickets as lists show them; [`export`]: tickets and measurements as plain rows
//! - [`snapshots`]: the published reports there are
//! - [`story`]: one ticket's figures in words, folded again with a recorder
//!
//! # Invariants
//!
//! Nothing here reads a clock: "now" is the parameter `at` of a report, `now` of a list. Only the projector calls
//! `apply`. A report is a pure function of measurements, query and position.

pub mod business_time;
pub mod by_ticket;
pub mod checkpoint;
pub mod columns;
pub mod definition;
pub mod dimensions;
pub mod exact;
pub mod export;
pub mod in_parts;
pub mod labels;
pub mod live;
pub mod measurements;
pub mod projector;
pub mod report;
mod side_by_side;
pub mod snapshots;
pub mod story;
pub mod ticket_facts;
pub mod ticket_list;

#[cfg(test)]
mod test_support;
