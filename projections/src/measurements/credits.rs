//! Whose a closing is: everybody among whom a definition's attribution chooses, by the closing's number.

use crate::definition::document::Attribution;
use crate::dimensions::{Dimensions, TooMany};

/// Whom a closing's figures can be counted for, as numbers of agents; 0: nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Credit {
    /// Who closed; where no agent did, who replied last, else the assignee.
    pub closer: u32,
    /// The assignee at the closing.
    pub assignee: u32,
    /// Who replied last before it.
    pub last_replier: u32,
    /// Who replied first.
    pub first_replier: u32,
    /// The set of all who had replied.
    pub repliers: u32,
}

/// The credits of all closings, by number.
#[derive(Debug, Clone, Default)]
pub struct Credits(Vec<Credit>);

impl Credits {
    /// Adds the credit of the next closing; answers the closing's number.
    pub(crate) fn push(&mut self, credit: Credit) -> Result<u32, TooMany> {
        let number = u32::try_from(self.0.len()).map_err(|_| TooMany { what: "closings", limit: u32::MAX })?;
        self.0.push(credit);
        Ok(number)
    }

    /// The agent whom an attribution chooses, 0 for nobody; of all repliers there may be more, see [`Self::repliers`].
    #[must_use]
    pub fn agent(&self, closing: u32, attribution: Attribution) -> u32 {
        let credit = self.0.get(closing as usize).copied().unwrap_or_default();
        match attribution {
            Attribution::Closer => credit.closer,
            Attribution::Assignee => credit.assignee,
            Attribution::LastReplier => credit.last_replier,
            Attribution::FirstReplier | Attribution::AllRepliers => credit.first_replier,
        }
    }

    /// Every agent who had replied before a closing.
    #[must_use]
    pub fn repliers<'a>(&self, closing: u32, dimensions: &'a Dimensions) -> &'a [u32] {
        let credit = self.0.get(closing as usize).copied().unwrap_or_default();
        dimensions.agent_sets.members(credit.repliers)
    }
}
