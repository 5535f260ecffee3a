//! Commands, on logs that fail and on logs that others write to.
