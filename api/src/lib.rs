//! The edge: where commands meet the log, and what is asked over HTTP is answered.
//!
//! # Layout
//!
//! - [`simulate`]: the help desk of the demo

pub mod simulate;
