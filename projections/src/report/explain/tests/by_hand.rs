//! Cells worked out by hand.
