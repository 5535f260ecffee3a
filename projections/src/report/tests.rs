//! Reports from histories written by hand, and from random ones.

mod by_hand;
mod oracle;
pub(crate) mod properties;
