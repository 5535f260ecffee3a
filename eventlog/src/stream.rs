//! Streams: a kind and the caller's id.

use std::fmt;

/// What a stream is about; its number is stored and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StreamKind {
    /// One ticket.
    Ticket = 1,
    /// One metric definition.
    Definition = 2,
    /// One set of rules.
    Rules = 3,
    /// One survey form.
    Form = 4,
    /// Agents, branches and departments.
    Directory = 5,
    /// One API key.
    Key = 6,
    /// One customer.
    Customer = 7,
    /// One delivery to the outside.
    Delivery = 8,
    /// One published report.
    Snapshot = 9,
    /// The log itself.
    Log = 10,
}

impl StreamKind {
    const ALL: [Self; 10] = [
        Self::Ticket,
        Self::Definition,
        Self::Rules,
        Self::Form,
        Self::Directory,
        Self::Key,
        Self::Customer,
        Self::Delivery,
        Self::Snapshot,
        Self::Log,
    ];

    /// Its number in storage.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with that number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Its name, as in `ticket/HD-1001`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Definition => "definition",
            Self::Rules => "rules",
            Self::Form => "form",
            Self::Directory => "directory",
            Self::Key => "key",
            Self::Customer => "customer",
            Self::Delivery => "delivery",
            Self::Snapshot => "snapshot",
            Self::Log => "log",
        }
    }
}

/// A stream's name: `ticket/HD-1001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    /// What it is about.
    pub kind: StreamKind,
    /// The caller's id of it, at most 256 bytes.
    pub id: Box<str>,
}

impl StreamName {
    /// The stream of a ticket.
    #[must_use]
    pub fn ticket(id: &str) -> Self {
        Self { kind: StreamKind::Ticket, id: id.into() }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.name(), self.id)
    }
}
