//! The values of dimensions as small numbers, given in order of first appearance; they never leave a process.
//!
//! In every list number 0 means "no value"; the first value is 1. A list that is full is an error, never a wrap.

mod customers;
mod names;
mod recent;
mod sets;
#[cfg(test)]
mod tests;

use crate::checkpoint::{Reader, Writer};
use daftar_eventlog::codec::told::{Form, List, Text, TicketOpened};
use daftar_eventlog::facts::Owner;
use sets::sorted;
use std::fmt::Write as _;

pub use customers::Customers;
pub use names::Names;
pub use sets::Sets;

/// A dimension has more values than its numbers can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log has more than {limit} {what}; reports cannot tell them apart any more")]
pub struct TooMany {
    /// Values of what, in the plural.
    pub what: &'static str,
    /// The most there may be.
    pub limit: u32,
}

/// For the numbers of values in one state, those in another; number 0 stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Renumbering {
    pub(crate) branches: Vec<u32>,
    pub(crate) departments: Vec<u32>,
    pub(crate) agents: Vec<u32>,
    pub(crate) channels: Vec<u32>,
    pub(crate) tiers: Vec<u32>,
    pub(crate) languages: Vec<u32>,
    pub(crate) reasons: Vec<u32>,
    pub(crate) forms: Vec<u32>,
    pub(crate) tags: Vec<u32>,
    pub(crate) attribute_values: Vec<u32>,
    pub(crate) questions: Vec<u32>,
    pub(crate) choices: Vec<u32>,
}

/// The number that one has in the list of others.
pub(crate) fn renumbered(numbers: &[u32], number: u32) -> u32 {
    // Whatever was counted was named before.
    numbers.get(number as usize).copied().unwrap_or(0)
}

/// The same of numbers that fit 16 bits.
pub(crate) fn renumbered_small(numbers: &[u32], number: u16) -> u16 {
    // Lists of these never become longer.
    u16::try_from(renumbered(numbers, number.into())).unwrap_or(0)
}

/// Every value of every dimension, and the questions and choices of surveys.
#[derive(Debug, Clone)]
pub struct Dimensions {
    /// Branches.
    pub branches: Names,
    /// Departments.
    pub departments: Names,
    /// Agents: assignees, authors, closers.
    pub agents: Names,
    /// Sets of agents.
    pub agent_sets: Sets,
    /// Channels of tickets.
    pub channels: Names,
    /// Customer tiers.
    pub tiers: Names,
    /// Languages.
    pub languages: Names,
    /// Reasons of closings.
    pub reasons: Names,
    /// Forms, as `name@version`.
    pub forms: Names,
    /// Customers.
    pub customers: Customers,
    /// Tags.
    pub tags: Names,
    /// Sets of tags, each its tags' numbers, rising.
    pub tag_sets: Sets,
    /// Names of attributes.
    pub attribute_names: Names,
    /// Values of attributes.
    pub attribute_values: Names,
    /// Sets of attributes: number of a name, number of its value, and so on.
    pub attribute_sets: Sets,
    /// Questions of surveys.
    pub questions: Names,
    /// Choices of surveys.
    pub choices: Names,
    /// Sets of choices.
    pub choice_sets: Sets,
    scratch: Vec<u32>,
    form: String,
}

impl Default for Dimensions {
    fn default() -> Self {
        Self {
            branches: Names::new("branches"),
            departments: Names::new("departments"),
            agents: Names::new("agents"),
            agent_sets: Sets::new("sets of agents"),
            channels: Names::new("channels"),
            tiers: Names::new("customer tiers"),
            languages: Names::new("languages"),
            reasons: Names::new("closing reasons"),
            forms: Names::new("survey forms"),
            customers: Customers::default(),
            tags: Names::new("tags"),
            tag_sets: Sets::new("sets of tags"),
            attribute_names: Names::new("attribute names"),
            attribute_values: Names::new("attribute values"),
            attribute_sets: Sets::new("sets of attributes"),
            questions: Names::new("survey questions"),
            choices: Names::new("survey choices"),
            choice_sets: Sets::new("sets of choices"),
            scratch: Vec::new(),
            form: String::new(),
        }
    }
}

/// The numbers of the dimensions that a ticket has from its opening on; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AtOpening {
    pub(crate) channel: u16,
    pub(crate) tier: u16,
    pub(crate) language: u32,
    pub(crate) customer: u32,
    pub(crate) attributes: u32,
}

impl Dimensions {
    /// The numbers of what a ticket keeps from its opening on.
    pub(crate) fn at_opening(&mut self, opened: &TicketOpened<'_>) -> Result<AtOpening, TooMany> {
        let customer = match opened.owner {
            Owner::Customer(pseudonym) => self.customers.number(pseudonym)?,
            Owner::Ticket(_) => 0,
        };
        Ok(AtOpening {
            channel: self.channels.small_or_none(opened.channel.as_ref())?,
            tier: self.tiers.small_or_none(opened.customer_tier.as_ref())?,
            language: opened.language.map_or(Ok(0), |language| self.languages.wide(language))?,
            customer,
            attributes: self.attribute_set(opened)?,
        })
    }

    /// The number of a set of attributes, sorted by name.
    pub(crate) fn attribute_set(&mut self, opened: &TicketOpened<'_>) -> Result<u32, TooMany> {
        self.scratch.clear();
        for (name, value) in opened.attributes.iter() {
            self.scratch.push(self.attribute_names.wide(name)?);
            self.scratch.push(self.attribute_values.wide(value)?);
        }
        self.attribute_sets.number(&self.scratch)
    }

    /// The value that a set of attributes gives to the attribute with number `name`; 0: none.
    #[must_use]
    pub fn attribute(&self, set: u32, name: u32) -> u32 {
        let pairs = self.attribute_sets.members(set).chunks_exact(2);
        pairs.filter(|pair| pair[0] == name).map(|pair| pair[1]).next().unwrap_or(0)
    }

    /// The number of the set of tags `set` becomes when `added` are added and `removed` taken away.
    pub(crate) fn tag_set<'t>(
        &mut self,
        set: u32,
        added: impl Iterator<Item = Text<'t>>,
        removed: impl Iterator<Item = Text<'t>>,
    ) -> Result<u32, TooMany> {
        self.scratch.clear();
        self.scratch.extend_from_slice(self.tag_sets.members(set));
        for gone in removed.filter_map(|tag| self.tags.get(tag.as_str())) {
            self.scratch.retain(|tag| *tag != gone);
        }
        // A tag both added and removed is there afterwards, as the rules of tickets have it.
        for tag in added {
            self.scratch.push(self.tags.wide(tag)?);
        }
        self.tag_sets.number(sorted(&mut self.scratch))
    }

    /// The number of the set of agents `set` becomes with one more.
    pub(crate) fn with_agent(&mut self, set: u32, agent: u32) -> Result<u32, TooMany> {
        let members = self.agent_sets.members(set);
        let Err(place) = members.binary_search(&agent) else { return Ok(set) };
        let more: Vec<u32> = members[..place].iter().chain([&agent]).chain(&members[place..]).copied().collect();
        self.agent_sets.number(&more)
    }

    /// The number of a set of choices.
    pub(crate) fn choice_set<'t>(&mut self, choices: &List<'t, Text<'t>>) -> Result<u32, TooMany> {
        self.scratch.clear();
        for choice in choices.iter() {
            self.scratch.push(self.choices.wide(choice)?);
        }
        self.choice_sets.number(sorted(&mut self.scratch))
    }

    /// Learns the values of another's lists; the numbers that those have here.
    pub(crate) fn learn(&mut self, mut other: Self) -> Result<Renumbering, TooMany> {
        let wide = |names: &mut Names, other: &Names| -> Result<Vec<u32>, TooMany> {
            let all = (1..=u32::try_from(other.len()).unwrap_or(u32::MAX)).filter_map(|number| other.name(number));
            std::iter::once(Ok(0)).chain(all.map(|name| names.wide(name))).collect()
        };
        let mut lists = self.names().into_iter().zip(other.names()).map(|(names, other)| wide(names, other));
        let mut next = || lists.next().unwrap_or(Ok(Vec::new()));
        let mut numbers = Renumbering {
            branches: next()?,
            departments: next()?,
            agents: next()?,
            channels: next()?,
            tiers: next()?,
            languages: next()?,
            reasons: next()?,
            forms: next()?,
            tags: next()?,
            ..Renumbering::default()
        };
        // Reports ask for attributes by their names.
        next()?;
        numbers.attribute_values = next()?;
        numbers.questions = next()?;
        numbers.choices = next()?;
        drop(lists);
        self.fit()?;
        Ok(numbers)
    }

    /// Whether the lists whose numbers take 16 bits have not become too long.
    fn fit(&self) -> Result<(), TooMany> {
        let small = [&self.branches, &self.departments, &self.channels, &self.tiers, &self.reasons, &self.forms];
        let limit = u32::from(u16::MAX);
        match small.into_iter().find(|names| usize::from(u16::MAX) < names.len()) {
            Some(names) => Err(TooMany { what: names.what, limit }),
            None => Ok(()),
        }
    }

    /// Every list of names.
    fn names(&mut self) -> [&mut Names; 13] {
        [
            &mut self.branches,
            &mut self.departments,
            &mut self.agents,
            &mut self.channels,
            &mut self.tiers,
            &mut self.languages,
            &mut self.reasons,
            &mut self.forms,
            &mut self.tags,
            &mut self.attribute_names,
            &mut self.attribute_values,
            &mut self.questions,
            &mut self.choices,
        ]
    }

    /// Writes every value down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        // A copy costs little: it shares everything.
        let mut own = self.clone();
        own.names().into_iter().for_each(|names| names.dump(out));
        [&self.agent_sets, &self.tag_sets, &self.attribute_sets, &self.choice_sets]
            .into_iter()
            .for_each(|s| s.dump(out));
        self.customers.dump(out);
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let mut own = Self::default();
        own.names().into_iter().try_for_each(|names| names.load(from))?;
        let sets = [&mut own.agent_sets, &mut own.tag_sets, &mut own.attribute_sets, &mut own.choice_sets];
        sets.into_iter().try_for_each(|sets| sets.load(from))?;
        own.customers.load(from)?;
        Some(own)
    }

    /// The number of a form; 0: none.
    pub(crate) fn form(&mut self, form: Option<Form<'_>>) -> Result<u16, TooMany> {
        let Some(form) = form else { return Ok(0) };
        self.form.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.form, "{}@{}", form.name.as_str(), form.version);
        self.forms.small(self.form.as_str())
    }
}

/// The number after `count` others.
fn next_number(what: &'static str, count: usize) -> Result<u32, TooMany> {
    u32::try_from(count).ok().and_then(|count| count.checked_add(1)).ok_or(TooMany { what, limit: u32::MAX })
}

/// Where the value with that number stands; `None` for 0.
fn index_of(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
