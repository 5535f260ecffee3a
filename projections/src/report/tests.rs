//! Reports from histories written by hand, and from random ones.

mod by_hand;
mod by_ticket;
mod cases;
mod figures;
mod leaderboard;
pub(crate) mod naive;
mod oracle;
mod overview;
mod parts;
pub(crate) mod plain;
pub(crate) mod properties;
mod review_queue;
mod standing;
mod targets;
mod volume;
