//! The values of dimensions, by name.

use super::Export;
use crate::report::groups::Axis;
use crate::ticket_facts::InForce;
use daftar_domain::satisfaction::Scale;
use daftar_domain::ticket::Priority;
use std::borrow::Cow;

/// The values of a ticket's dimensions; `None` or empty: it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values<'a> {
    /// Whose the ticket is: the id, or the pseudonym where nobody knows the id any more.
    pub customer: Option<String>,
    /// Where it came from.
    pub channel: Option<&'a str>,
    /// Branch.
    pub branch: Option<&'a str>,
    /// Department.
    pub department: Option<&'a str>,
    /// How urgent it is.
    pub priority: Option<&'static str>,
    /// The customer's tier at the opening.
    pub customer_tier: Option<&'a str>,
    /// Tags, by bytes.
    pub tags: Vec<&'a str>,
    /// The customer's language.
    pub language: Option<&'a str>,
    /// Own fields, by name.
    pub attributes: Vec<(&'a str, &'a str)>,
    /// The reason of a closing.
    pub closing_reason: Option<&'a str>,
    /// The survey form of a closing, as `name@version`.
    pub form: Option<&'a str>,
}

/// A score as the customer gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenScore {
    /// Its scale; none for numbers that have one scale alone.
    pub scale: Option<&'static str>,
    /// The score.
    pub score: u16,
    /// Whether the definition counts it as positive; none where there is no scale.
    pub positive: Option<bool>,
}

impl<'a> Export<'a> {
    /// The values of a ticket with what is in force.
    pub(super) fn values(self, ticket: u32, in_force: InForce) -> Values<'a> {
        let (names, tickets) = (&self.state.dimensions, &self.state.tickets);
        let InForce { branch, department, priority, tags, reason, form, .. } = in_force;
        Values {
            customer: Axis::Customer.label(tickets.customer(ticket), names, self.labels).map(Cow::into_owned),
            channel: names.channels.name(tickets.channel(ticket).into()),
            branch: names.branches.name(branch.into()),
            department: names.departments.name(department.into()),
            priority: priority.checked_sub(1).and_then(Priority::from_code).map(Priority::name),
            customer_tier: names.tiers.name(tickets.tier(ticket).into()),
            tags: self.tags(tags),
            language: names.languages.name(tickets.language(ticket)),
            attributes: self.attributes(tickets.attributes(ticket)),
            closing_reason: names.reasons.name(reason.into()),
            form: names.forms.name(form.into()),
        }
    }

    /// An agent's id.
    pub(super) fn agent(self, agent: u32) -> Option<&'a str> {
        self.state.dimensions.agents.name(agent)
    }

    /// A score on a scale, by the scale's stored number.
    pub(super) fn score(self, scale: u8, score: u16) -> GivenScore {
        let scale = Scale::ALL.get(usize::from(scale)).copied();
        let positive = scale.map(|scale| self.definition.csat.positive_from.is_positive(scale, score));
        GivenScore { scale: scale.map(Scale::name), score, positive }
    }

    fn tags(self, set: u32) -> Vec<&'a str> {
        let names = &self.state.dimensions;
        let mut tags: Vec<_> = names.tag_sets.members(set).iter().filter_map(|tag| names.tags.name(*tag)).collect();
        tags.sort_unstable();
        tags
    }

    fn attributes(self, set: u32) -> Vec<(&'a str, &'a str)> {
        let names = &self.state.dimensions;
        let named = |pair: &[u32]| Some((names.attribute_names.name(pair[0])?, names.attribute_values.name(pair[1])?));
        let mut pairs: Vec<_> = names.attribute_sets.members(set).chunks_exact(2).filter_map(named).collect();
        pairs.sort_unstable();
        pairs
    }
}
