//! Cases worked out by hand, under definitions that bend one rule each.
