//! Explanations against their reports.
