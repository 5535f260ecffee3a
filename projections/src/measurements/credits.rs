//! Whose a closing is: everybody among whom a definition's attribution chooses, by the closing's number.

use super::needs::{Keeping, Keeps, Needs};
use crate::checkpoint::{Reader, Writer};
use crate::columns::rows::{Columns as _, Room, Rows, columns};
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
        repliers: u32 => Repliers,
    }
}

/// The credits of all closings, by number.
#[derive(Debug, Clone, Default)]
pub struct Credits {
    rows: Rows<CreditColumns>,
    kept: Keeping,
}

impl Credits {
    /// How many there are: the number of the next closing.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds the credits of the next closings.
    pub(crate) fn extend(&mut self, credits: &[Credit]) {
        self.rows.extend(credits);
    }

    /// The agent whom an attribution chooses, 0 for nobody; of all repliers there may be more, see [`Self::repliers`].
    #[must_use]
    pub fn agent(&self, closing: u32, attribution: Attribution) -> u32 {
        let Some((credits, row)) = self.find(closing) else { return 0 };
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
        let repliers = self.find(closing).map_or(0, |(credits, row)| credits.repliers.get(row));
        dimensions.agent_sets.members(repliers)
    }

    /// Everybody whom a closing's figures can be counted for; `None`: there is no such closing.
    #[must_use]
    pub fn get(&self, closing: u32) -> Option<Credit> {
        self.find(closing).map(|(credits, row)| credits.row(row))
    }

    fn find(&self, closing: u32) -> Option<(&CreditColumns, usize)> {
        if self.kept.is_readable() { self.rows.find(closing as usize) } else { None }
    }

    /// Says what is kept of them, and what they may take without being packed; before the first.
    pub(crate) fn keep(&mut self, keeps: Keeps<'_>, room: &Room) {
        self.kept = keeps.of(Needs::Credits);
        self.rows.keep(keeps, room);
    }

    /// Leaves out all of them; what takes their places uses their memory again.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Shares with a twin what is packed from now on and equal there.
    pub(crate) fn beside(&mut self, twin: Option<&Self>) {
        self.rows.beside(twin.map(|twin| &twin.rows));
    }

    pub(crate) fn dump(&self, out: &mut Writer) {
        self.rows.dump(out);
    }

    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { rows: Rows::load(from)?, ..Self::default() })
    }
}
