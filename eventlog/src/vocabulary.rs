//! The values of the dimensions that reports keep as 16-bit numbers: a history with more of them can't be counted.

use crate::block::FactRow;
use crate::codec::EventType;
use crate::facts::{Change as StoredChange, Facts};
use crate::log::{LogReader, StoreError};
use crate::position::Position;
use crate::stream::StreamKind;
use daftar_domain::ticket::Change;
use daftar_domain::{EventKind, Invalid};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most branches, departments, channels, tiers, closing reasons and forms, each.
const VALUES_MAX: usize = 65_535;

/// The distinct values of six dimensions.
#[derive(Debug, Default)]
pub struct Vocabulary {
    branches: HashSet<Box<str>>,
    departments: HashSet<Box<str>>,
    channels: HashSet<Box<str>>,
    tiers: HashSet<Box<str>>,
    reasons: HashSet<Box<str>>,
    forms: HashSet<Box<str>>,
}

/// One vocabulary for everybody who writes to a log.
#[derive(Debug, Clone, Default)]
pub struct SharedVocabulary(Arc<Mutex<Vocabulary>>);

impl SharedVocabulary {
    /// Shares a vocabulary.
    #[must_use]
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self(Arc::new(Mutex::new(vocabulary)))
    }

    /// The vocabulary, for one look or one addition.
    pub fn lock(&self) -> MutexGuard<'_, Vocabulary> {
        // Values are only ever added; a panic in between leaves a vocabulary with one value less.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A dimension and the value an event gives it.
type Given = (Kind, Box<str>);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Branch,
    Department,
    Channel,
    Tier,
    Reason,
    Form,
}

/// The types of events that bring no values, as far as their first schema goes; of all others, also of those that nobody
/// here knows, what they bring is read.
const BRINGING_NONE: [EventType; 10] = [
    EventType::TICKET_ASSIGNED,
    EventType::PRIORITY_CHANGED,
    EventType::TAGS_CHANGED,
    EventType::REPLY_POSTED,
    EventType::REPLY_RATED,
    EventType::TICKET_HELD,
    EventType::TICKET_RESUMED,
    EventType::SURVEY_SUBMITTED,
    EventType::TICKET_REOPENED,
    EventType::FOLLOW_UP_RECORDED,
];

impl Vocabulary {
    /// Reads what a log has.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the log can't be read.
    pub async fn of(log: &dyn LogReader) -> Result<Self, StoreError> {
        let (mut vocabulary, mut after) = (Self::default(), Position::ZERO);
        let mut tickets = HashSet::new();
        let brings_none = |row: &FactRow<'_>| row.schema == 1 && BRINGING_NONE.contains(&row.event_type);
        while let Some(block) = log.fact_block(after).await? {
            for (number, name) in block.new_streams() {
                if name.map_err(|e| StoreError::failed("reading facts", e))?.kind == StreamKind::Ticket {
                    tickets.insert(number);
                }
            }
            for row in block.iter_after(after).filter(|row| !brings_none(row) && tickets.contains(&row.stream)) {
                let unreadable = |source| StoreError::Unreadable { position: row.position, source };
                let facts = row.decode().map_err(unreadable)?;
                vocabulary.add_facts(&facts);
            }
            after = block.last();
        }
        Ok(vocabulary)
    }

    fn add_facts(&mut self, facts: &Facts<'_>) {
        let mut add = |kind, value: Option<&str>| {
            let values = self.values_mut(kind);
            if let Some(value) = value.filter(|value| !values.contains(*value)) {
                values.insert(value.into());
            }
        };
        match facts {
            Facts::TicketOpened(f) => {
                add(Kind::Branch, f.branch);
                add(Kind::Department, f.department);
                add(Kind::Channel, f.channel);
                add(Kind::Tier, f.customer_tier);
            }
            Facts::TicketTransferred(f) => {
                add(Kind::Branch, stored_value(f.branch));
                add(Kind::Department, stored_value(f.department));
            }
            Facts::TicketClosed(f) => {
                add(Kind::Reason, f.reason);
                let form = f.form.map(|form| format!("{}@{}", form.name, form.version));
                add(Kind::Form, form.as_deref());
            }
            _ => {}
        }
    }

    /// Whether there is room for every value the event brings.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with the first value for which there is none.
    pub fn room_for(&self, kind: &EventKind) -> Result<(), Invalid> {
        for (dimension, value) in given(kind) {
            let values = self.values(dimension);
            if values.len() >= VALUES_MAX && !values.contains(&value) {
                let (field, many) = dimension.names();
                let rule = format!("the log has {VALUES_MAX} {many} already, the most it can; choose one of them");
                return Err(Invalid::new(field, value, rule));
            }
        }
        Ok(())
    }

    /// Adds the values of an event that was taken.
    pub fn add(&mut self, kind: &EventKind) {
        for (dimension, value) in given(kind) {
            self.values_mut(dimension).insert(value);
        }
    }

    fn values(&self, kind: Kind) -> &HashSet<Box<str>> {
        match kind {
            Kind::Branch => &self.branches,
            Kind::Department => &self.departments,
            Kind::Channel => &self.channels,
            Kind::Tier => &self.tiers,
            Kind::Reason => &self.reasons,
            Kind::Form => &self.forms,
        }
    }

    fn values_mut(&mut self, kind: Kind) -> &mut HashSet<Box<str>> {
        match kind {
            Kind::Branch => &mut self.branches,
            Kind::Department => &mut self.departments,
            Kind::Channel => &mut self.channels,
            Kind::Tier => &mut self.tiers,
            Kind::Reason => &mut self.reasons,
            Kind::Form => &mut self.forms,
        }
    }
}

impl Kind {
    /// The field it comes in, and what many of it are called.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Branch => ("branch", "branches"),
            Self::Department => ("department", "departments"),
            Self::Channel => ("channel", "channels"),
            Self::Tier => ("customer_tier", "tiers"),
            Self::Reason => ("reason", "closing reasons"),
            Self::Form => ("form", "forms"),
        }
    }
}

/// The value a stored change sets.
fn stored_value(change: StoredChange<'_>) -> Option<&str> {
    if let StoredChange::Set(value) = change { Some(value) } else { None }
}

/// What an event gives to the dimensions.
fn given(kind: &EventKind) -> Vec<Given> {
    fn value<T: std::fmt::Display>(kind: Kind, value: Option<&T>) -> Option<Given> {
        value.map(|value| (kind, value.to_string().into()))
    }
    fn set<T>(change: &Change<T>) -> Option<&T> {
        if let Change::Set(value) = change { Some(value) } else { None }
    }
    let values = match kind {
        EventKind::TicketOpened(opening) => [
            value(Kind::Branch, opening.branch.as_ref()),
            value(Kind::Department, opening.department.as_ref()),
            value(Kind::Channel, opening.channel.as_ref()),
            value(Kind::Tier, opening.customer_tier.as_ref()),
        ],
        EventKind::TicketTransferred { branch, department } => {
            [value(Kind::Branch, set(branch)), value(Kind::Department, set(department)), None, None]
        }
        EventKind::TicketClosed { reason, form, .. } => {
            [value(Kind::Reason, reason.as_ref()), value(Kind::Form, form.as_ref()), None, None]
        }
        _ => return Vec::new(),
    };
    values.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_domain::ids::{BranchId, DepartmentId};

    #[test]
    fn one_value_more_than_there_is_room_for_is_named() {
        let moved = |branch: &str| EventKind::TicketTransferred {
            branch: Change::Set(BranchId::parse("branch", branch).unwrap()),
            department: Change::Set(DepartmentId::parse("department", "d").unwrap()),
        };
        let mut vocabulary = Vocabulary::default();
        for n in 0..VALUES_MAX {
            let event = moved(&format!("b-{n}"));
            assert_eq!(vocabulary.room_for(&event), Ok(()));
            vocabulary.add(&event);
        }
        assert_eq!(vocabulary.room_for(&moved("b-7")), Ok(()), "one that is known");
        let refused = vocabulary.room_for(&moved("b-new")).unwrap_err().to_string();
        assert!(refused.contains("branch is \"b-new\"") && refused.contains("65535 branches"), "{refused}");
    }
}
