//! A report as CSV, read back.
