//! The screen that a result is shown on: in colour and to its width only where it is one.

use std::io::IsTerminal;

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
