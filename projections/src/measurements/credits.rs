//! Whose a closing is: everybody among whom a definition's attribution chooses, by the closing's number.

use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Columns as _, Rows, columns};
use crate::definition::document::Attribution;
use crate::dimensions::Dimensions;

columns! {
    /// Whom a closing's figures can be counted for, as numbers of agents; 0: nobody.
    Credit, CreditColumns {
        /// Who closed; where no agent did, who replied last, else the assignee.
        closer: u32,
        /// The assignee at the closing.
        assignee: u32,
        /// Who replied last before it.
        last_replier: u32,
        /// Who replied first.
        first_replier: u32,
        /// The set of all who had replied.
        repliers: u32,
    }
}

/// The credits of all closings, by number.
#[derive(Debug, Clone, Default)]
pub struct Credits(Rows<CreditColumns>);

impl Credits {
    /// How many there are: the number of the next closing.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds the credit of the next closing.
    pub(crate) fn push(&mut self, credit: Credit) {
        self.0.push(credit);
    }

    /// The agent whom an attribution chooses, 0 for nobody; of all repliers there may be more, see [`Self::repliers`].
    #[must_use]
    pub fn agent(&self, closing: u32, attribution: Attribution) -> u32 {
        let Some((credits, row)) = self.0.find(closing as usize) else { return 0 };
        match attribution {
            Attribution::Closer => credits.closer.get(row),
            Attribution::Assignee => credits.assignee.get(row),
            Attribution::LastReplier => credits.last_replier.get(row),
            Attribution::FirstReplier | Attribution::AllRepliers => credits.first_replier.get(row),
        }
    }

    /// Every agent who had replied before a closing.
    #[must_use]
    pub fn repliers<'a>(&self, closing: u32, dimensions: &'a Dimensions) -> &'a [u32] {
        let repliers = self.0.find(closing as usize).map_or(0, |(credits, row)| credits.repliers.get(row));
        dimensions.agent_sets.members(repliers)
    }

    /// Everybody whom a closing's figures can be counted for; `None`: there is no such closing.
    #[must_use]
    pub fn get(&self, closing: u32) -> Option<Credit> {
        self.0.find(closing as usize).map(|(credits, row)| credits.row(row))
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.0.beside(twin.map(|twin| &twin.0));
    }

    pub(crate) fn dump(&self, out: &mut Writer) {
        self.0.dump(out);
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        Rows::load(from).map(Self)
    }
}
