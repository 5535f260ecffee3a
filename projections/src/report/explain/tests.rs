//! Explanations against their reports: the parts make the cell, and nothing that was said is lost.

mod by_hand;
mod parts;
mod properties;
mod told;
