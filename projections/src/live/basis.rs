//! What a state is made of: the fields it is measured under, and what it leaves out.

use crate::definition::document::{Definition, Folded};
use crate::measurements::Measurements;
use crate::report::query::Query;
use crate::ticket_facts::Micros;

/// What a state is measured under, and until when: queries that agree on it are answered from one state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Basis {
    /// The folded fields of the definition.
    pub folded: Folded,
    /// The last instant whose events are counted, in microseconds since 1970; none: all are.
    pub happened_by: Option<Micros>,
}

impl Basis {
    /// What a query under a definition is answered from.
    #[must_use]
    pub fn of(query: &Query, definition: &Definition) -> Self {
        Self { folded: definition.folded(), happened_by: query.happened_by_under(definition) }
    }

    /// Nothing yet, to be measured like this.
    pub(crate) fn nothing_yet(self) -> Measurements {
        Measurements::under(self.folded).up_to(self.happened_by)
    }

    /// Whether `state` is measured like this.
    #[must_use]
    pub fn is_of(&self, state: &Measurements) -> bool {
        self.happened_by == state.happened_by() && self.folded == *state.folded()
    }
}

impl From<Folded> for Basis {
    fn from(folded: Folded) -> Self {
        Self { folded, happened_by: None }
    }
}
