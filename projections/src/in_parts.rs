//! A log folded in parts: states over disjoint tickets, whose counts add up to those of one state over all.

use crate::dimensions::{Renumbering, TooMany};
use crate::measurements::Measurements;

/// States over disjoint tickets, which answer together; of one, that state.
///
/// A part gives its own numbers to the values of dimensions. The first part learns the values of the others, so that what
/// those counted can be told by its numbers.
#[derive(Debug)]
pub struct InParts {
    pub(crate) first: Measurements,
    pub(crate) others: Vec<OtherPart>,
}

/// A part beside the first.
#[derive(Debug)]
pub(crate) struct OtherPart {
    pub(crate) state: Measurements,
    /// The first part's numbers for this one's.
    pub(crate) numbers: Renumbering,
}

impl InParts {
    /// Parts that were folded up to the same position under the same definition, together every ticket.
    ///
    /// # Errors
    ///
    /// [`TooMany`] when a dimension has more values, over all parts, than can be told apart.
    pub fn of(mut first: Measurements, others: Vec<Measurements>) -> Result<Self, TooMany> {
        let mut numbered = Vec::with_capacity(others.len());
        for state in others {
            let numbers = first.dimensions.learn(state.dimensions.clone())?;
            numbered.push(OtherPart { state, numbers });
        }
        Ok(Self { first, others: numbered })
    }

    /// One state of every ticket.
    #[must_use]
    pub fn one(state: Measurements) -> Self {
        Self { first: state, others: Vec::new() }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// Every part.
    pub(crate) fn states(&self) -> impl Iterator<Item = &Measurements> {
        std::iter::once(&self.first).chain(self.others.iter().map(|other| &other.state))
    }
}
