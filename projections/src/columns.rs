//! Columns in memory: plain while they grow, packed once full, shared between copies until one of them changes.
//!
//! # Layout
//!
//! - [`cell`]: what a column can hold; [`packed`]: a run of values in few bytes; [`mod@column`]: a column of either form
//! - [`rows`]: rows of several columns, in pieces that copies share; [`texts`]: strings by number
//! - [`map`]: a map that copies share
//!
//! A copy costs little, whatever is in it, and never changes afterwards: that is how a state is published to readers.
//! What is changed in a copy is copied first, a piece of a thousand rows or a part of a map at a time.

pub mod cell;
pub mod column;
pub mod map;
pub mod packed;
pub mod rows;
pub mod texts;

#[cfg(test)]
mod tests;
