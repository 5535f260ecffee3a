//! What is wrong with a source, and where.

use crate::Failure;
use daftar_eventlog::embedded::check;
use daftar_eventlog::{Position, StoreError};
use daftar_projections::projector::CatchUpError;
use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// In what.
    pub(crate) place: String,
    /// The first position that it concerns, where it concerns any.
    pub(crate) position: Option<Position>,
    /// What, and what to do.
    pub(crate) what: String,
}

/// Why a source was not opened, or not read to its end.
#[derive(Debug)]
pub(crate) enum Unopened {
    /// It is not what was written.
    Damaged(Finding),
    /// It could not be read.
    Failed(Failure),
}

impl Finding {
    pub(crate) fn at(place: &str, position: Position, what: impl fmt::Display) -> Self {
        Self { place: place.to_owned(), position: Some(position), what: what.to_string() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}: position {position}: {}", self.place, self.what),
            None => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

impl From<check::Finding> for Finding {
    fn from(found: check::Finding) -> Self {
        Self { place: found.place.to_string(), position: found.position, what: found.what }
    }
}

impl Unopened {
    /// What a failure says of `place`.
    pub(crate) fn of_store(place: &str, failure: StoreError) -> Self {
        match failure {
            StoreError::Corrupt { position, why } => Self::Damaged(Finding::at(place, position, why)),
            StoreError::Unreadable { position, source } => Self::Damaged(Finding::at(place, position, source)),
            other => Self::Failed(Failure::run(other)),
        }
    }

    /// What a fold that stopped says of the log.
    pub(crate) fn of_fold(failure: CatchUpError) -> Self {
        let place = "fold";
        match failure {
            CatchUpError::Store(failure) => Self::of_store(place, failure),
            CatchUpError::Unreadable { position, source } => Self::Damaged(Finding::at(place, position, source)),
            CatchUpError::TooMany { position, source } => Self::Damaged(Finding::at(place, position, source)),
            CatchUpError::OutOfOrder { position, why } => Self::Damaged(Finding::at(place, position, why)),
            panicked @ CatchUpError::Panicked { .. } => Self::Failed(Failure::run(panicked)),
        }
    }
}

impl From<Failure> for Unopened {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Unopened> for Failure {
    fn from(unopened: Unopened) -> Self {
        match unopened {
            Unopened::Damaged(finding) => Self::run(finding),
            Unopened::Failed(failure) => failure,
        }
    }
}
