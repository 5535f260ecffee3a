//! What is printed: to standard output alone, in colour and to the terminal's width only where that is one.

use crate::Failure;
use std::io::{ErrorKind, IsTerminal, Write};

/// A colour of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Green,
    Bold,
}

/// Where a text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Screen {
    /// How many columns it has; none: it is no terminal.
    pub(crate) width: Option<u16>,
    /// Whether it is to be coloured.
    pub(crate) colours: bool,
}

impl Screen {
    /// Standard output as it is; `NO_COLOR` asks for none, as it does of other programs.
    pub(crate) fn of_stdout() -> Self {
        let out = std::io::stdout();
        if !out.is_terminal() {
            return Self::default();
        }
        let width = terminal_size::terminal_size_of(out).map(|(width, _)| width.0);
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { width: Some(width.unwrap_or(80)), colours }
    }

    /// Whether it is a terminal.
    pub(crate) const fn is_terminal(self) -> bool {
        self.width.is_some()
    }

    /// A text in a colour, line by line.
    pub(crate) fn paint(self, colour: Colour, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Bold => 1,
        };
        let lines: Vec<_> = text.split('\n').map(|line| format!("\u{1b}[{code}m{line}\u{1b}[0m")).collect();
        lines.join("\n")
    }
}

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

/// Prints a value as one line of JSON.
///
/// # Errors
///
/// As [`print`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).map_err(Failure::run)?;
    print(&(json + "\n"))
}

/// Records as CSV, lines ended as RFC 4180 has them.
pub(crate) fn csv_of<'r>(records: impl IntoIterator<Item = &'r [String]>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        // Writing to memory cannot fail, and every record has as many fields as the first.
        let _ = writer.write_record(record);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_screen_with_colours_is_painted_each_line_alone() {
        let plain = Screen { width: Some(80), colours: false };
        assert_eq!(plain.paint(Colour::Red, "a\nb"), "a\nb");
        let screen = Screen { colours: true, ..plain };
        assert_eq!(screen.paint(Colour::Red, "a\nb"), "\u{1b}[31ma\u{1b}[0m\n\u{1b}[31mb\u{1b}[0m");
        assert!(!Screen::default().is_terminal());
    }
}
