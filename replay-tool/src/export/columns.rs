//! Columns with their types, and how a row fills them.

use std::borrow::Cow;
use std::io;

/// Texts by name, in order.
pub(super) type Named<'r> = Vec<(&'r str, &'r str)>;

/// A column of rows of one kind.
pub(super) struct Column<R> {
    pub(super) name: &'static str,
    pub(super) of: Of<R>,
}

/// A column's type, with what a row has in it; `None`: no value.
pub(super) enum Of<R> {
    /// Text.
    Text(for<'r> fn(&'r R) -> Option<Cow<'r, str>>),
    /// An instant in microseconds since 1970.
    Instant(fn(&R) -> Option<i64>),
    /// A whole number.
    Integer(fn(&R) -> Option<i64>),
    /// A duration in microseconds, written in seconds with six decimals.
    Seconds(fn(&R) -> Option<i64>),
    /// Yes or no.
    Truth(fn(&R) -> Option<bool>),
    /// A list of texts.
    Texts(for<'r> fn(&'r R) -> Option<Vec<Cow<'r, str>>>),
    /// Texts by name.
    Pairs(for<'r> fn(&'r R) -> Option<Named<'r>>),
}

impl<R> Column<R> {
    pub(super) fn text(name: &'static str, of: for<'r> fn(&'r R) -> Option<Cow<'r, str>>) -> Self {
        Self { name, of: Of::Text(of) }
    }

    pub(super) fn instant(name: &'static str, of: fn(&R) -> Option<i64>) -> Self {
        Self { name, of: Of::Instant(of) }
    }

    pub(super) fn integer(name: &'static str, of: fn(&R) -> Option<i64>) -> Self {
        Self { name, of: Of::Integer(of) }
    }

    pub(super) fn seconds(name: &'static str, of: fn(&R) -> Option<i64>) -> Self {
        Self { name, of: Of::Seconds(of) }
    }

    pub(super) fn truth(name: &'static str, of: fn(&R) -> Option<bool>) -> Self {
        Self { name, of: Of::Truth(of) }
    }

    pub(super) fn texts(name: &'static str, of: for<'r> fn(&'r R) -> Option<Vec<Cow<'r, str>>>) -> Self {
        Self { name, of: Of::Texts(of) }
    }

    pub(super) fn pairs(name: &'static str, of: for<'r> fn(&'r R) -> Option<Named<'r>>) -> Self {
        Self { name, of: Of::Pairs(of) }
    }
}

/// Somewhere rows are written to, one after the other.
pub(super) trait Rows<R> {
    /// Writes a row.
    fn write(&mut self, row: &R) -> io::Result<()>;

    /// Writes what is left, and ends.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A text that is borrowed.
pub(super) fn text(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(Cow::Borrowed)
}

/// Texts that are borrowed.
pub(super) fn texts<'r>(texts: &[&'r str]) -> Vec<Cow<'r, str>> {
    texts.iter().map(|text| Cow::Borrowed(*text)).collect()
}
