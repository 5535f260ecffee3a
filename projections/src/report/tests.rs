//! Reports from histories written by hand, and from random ones.

mod oracle;
mod properties;
