//! Reports: queries, the periods of their rows, and figures.
pub mod figure;
pub mod periods;
pub mod query;
