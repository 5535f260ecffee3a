//! A believable help desk, made up from a seed.
