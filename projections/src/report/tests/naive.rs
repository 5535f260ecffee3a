//! What every figure should be under any definition: plain loops over each ticket's list of events, straight from what
//! the figures mean; knows nothing of the fold.
//!
//! # Layout
//!
//! - `hours`: business time; `periods`: calendar periods
//! - `ticket`: what can be told of one ticket's list; `waits`: the spans that metrics measure and targets judge
//! - `parts`: what a ticket contributes to reports; `rows`, `figures`: reports made of that
//! - `any`: random definitions, histories and questions; `properties`: the product against all this
//! - `travel`: the past, and other definitions, against folds from nothing
//! - `keys`: rows with equal keys against each other
//! - `by_hand`: this against cases worked out by hand

pub(crate) mod any;
mod by_hand;
mod figures;
mod hours;
mod keys;
mod parts;
mod periods;
mod properties;
pub(in crate::report) mod rows;
mod ticket;
pub(in crate::report) mod travel;
mod waits;
