//! What is printed: to standard output alone.

use crate::Failure;
use std::io::{ErrorKind, Write};

/// Prints a result.
///
/// # Errors
///
/// Standard output cannot be written; that its reader has seen enough is none.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(Failure::run(format!("the result could not be written: {e}"))),
        Ok(()) => Ok(()),
    }
}
