//! Dimensions of a query on the state's small numbers: which rows a measurement enters, and what they are called.

use super::counting::Group;
use super::query::Dimension;
use crate::dimensions::{Dimensions, Renumbering, renumbered};
use crate::measurements::Measurements;
use crate::measurements::chunk::Moments;
use crate::ticket_facts::InForce;
use daftar_domain::ticket::Priority;
use daftar_eventlog::facts::PseudonymBytes;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

/// What customers are called: reports know them by pseudonym alone.
pub trait CustomerLabels: Sync {
    /// The customer's id; `None` when nobody knows it any more.
    fn label(&self, pseudonym: &PseudonymBytes) -> Option<String>;

    /// The pseudonym of the customer with that id; `None` when there is none.
    fn pseudonym(&self, id: &str) -> Option<PseudonymBytes>;
}

/// What is counted, as far as dimensions tell it apart.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// A measurement, and the agent it is counted for.
    Measured { moments: &'a Moments, row: usize, agent: u32 },
    /// A ticket while these dimensions were in force; its assignee is the agent.
    Standing { ticket: u32, in_force: &'a InForce },
}

impl Place<'_> {
    /// The ticket's number.
    pub(super) fn ticket(self) -> u32 {
        match self {
            Self::Measured { moments, row, .. } => moments.ticket.get(row),
            Self::Standing { ticket, .. } => ticket,
        }
    }

    fn branch(self) -> u16 {
        match self {
            Self::Measured { moments, row, .. } => moments.branch.get(row),
            Self::Standing { in_force, .. } => in_force.branch,
        }
    }

    fn department(self) -> u16 {
        match self {
            Self::Measured { moments, row, .. } => moments.department.get(row),
            Self::Standing { in_force, .. } => in_force.department,
        }
    }

    /// The agent it is counted for; 0: nobody.
    pub(super) fn agent(self) -> u32 {
        match self {
            Self::Measured { agent, .. } => agent,
            Self::Standing { in_force, .. } => in_force.agent,
        }
    }

    fn priority(self) -> u8 {
        match self {
            Self::Measured { moments, row, .. } => moments.priority.get(row),
            Self::Standing { in_force, .. } => in_force.priority,
        }
    }

    fn tags(self) -> u32 {
        match self {
            Self::Measured { moments, row, .. } => moments.tags.get(row),
            Self::Standing { in_force, .. } => in_force.tags,
        }
    }

    fn reason(self) -> u16 {
        match self {
            Self::Measured { moments, row, .. } => moments.reason.get(row),
            Self::Standing { in_force, .. } => in_force.reason,
        }
    }

    fn form(self) -> u16 {
        match self {
            Self::Measured { moments, row, .. } => moments.form.get(row),
            Self::Standing { in_force, .. } => in_force.form,
        }
    }
}

/// A dimension on the state's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Axis {
    Branch,
    Department,
    Agent,
    Channel,
    Priority,
    Tier,
    Tag,
    Customer,
    Language,
    Reason,
    Form,
    /// An attribute by its name's number; 0: no ticket has it.
    Attribute(u32),
}

impl Axis {
    pub(super) fn of(dimension: &Dimension, dimensions: &Dimensions) -> Self {
        match dimension {
            Dimension::Branch => Self::Branch,
            Dimension::Department => Self::Department,
            Dimension::Agent => Self::Agent,
            Dimension::Channel => Self::Channel,
            Dimension::Priority => Self::Priority,
            Dimension::CustomerTier => Self::Tier,
            Dimension::Tag => Self::Tag,
            Dimension::Customer => Self::Customer,
            Dimension::Language => Self::Language,
            Dimension::ClosingReason => Self::Reason,
            Dimension::Form => Self::Form,
            Dimension::Attribute(name) => Self::Attribute(dimensions.attribute_names.get(name.as_str()).unwrap_or(0)),
        }
    }

    /// The value's number, 0 for none; of tags, the number of their set.
    pub(super) fn number(&self, state: &Measurements, place: Place<'_>) -> u32 {
        let tickets = &state.tickets;
        match self {
            Self::Branch => place.branch().into(),
            Self::Department => place.department().into(),
            Self::Agent => place.agent(),
            Self::Channel => tickets.channel(place.ticket()).into(),
            Self::Priority => place.priority().into(),
            Self::Tier => tickets.tier(place.ticket()).into(),
            Self::Tag => place.tags(),
            Self::Customer => tickets.customer(place.ticket()),
            Self::Language => tickets.language(place.ticket()),
            Self::Reason => place.reason().into(),
            Self::Form => place.form().into(),
            Self::Attribute(name) => state.dimensions.attribute(tickets.attributes(place.ticket()), *name),
        }
    }

    /// Hands on the value's number of every row of some measurements; not of the agent, which is for others to say.
    pub(super) fn each_number(&self, state: &Measurements, moments: &Moments, mut each: impl FnMut(usize, u32)) {
        let tickets = &state.tickets;
        let (dimensions, ticket) = (&state.dimensions, &moments.ticket);
        match self {
            Self::Branch => moments.branch.for_each(|row, number| each(row, number.into())),
            Self::Department => moments.department.for_each(|row, number| each(row, number.into())),
            Self::Agent => {}
            Self::Channel => ticket.for_each(|row, ticket| each(row, tickets.channel(ticket).into())),
            Self::Priority => moments.priority.for_each(|row, number| each(row, number.into())),
            Self::Tier => ticket.for_each(|row, ticket| each(row, tickets.tier(ticket).into())),
            Self::Tag => moments.tags.for_each(each),
            Self::Customer => ticket.for_each(|row, ticket| each(row, tickets.customer(ticket))),
            Self::Language => ticket.for_each(|row, ticket| each(row, tickets.language(ticket))),
            Self::Reason => moments.reason.for_each(|row, number| each(row, number.into())),
            Self::Form => moments.form.for_each(|row, number| each(row, number.into())),
            Self::Attribute(name) => {
                ticket.for_each(|row, ticket| each(row, dimensions.attribute(tickets.attributes(ticket), *name)));
            }
        }
    }

    /// How many values it has, none not counted.
    pub(super) fn values(&self, dimensions: &Dimensions) -> u32 {
        let d = dimensions;
        let count = match self {
            Self::Branch => d.branches.len(),
            Self::Department => d.departments.len(),
            Self::Agent => d.agents.len(),
            Self::Channel => d.channels.len(),
            Self::Priority => PRIORITIES,
            Self::Tier => d.tiers.len(),
            Self::Tag => d.tags.len(),
            Self::Customer => d.customers.len(),
            Self::Language => d.languages.len(),
            Self::Reason => d.reasons.len(),
            Self::Form => d.forms.len(),
            Self::Attribute(_) => d.attribute_values.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The number of a value that a filter names; `None` when nothing has it.
    pub(super) fn value(&self, value: &str, dimensions: &Dimensions, labels: &dyn CustomerLabels) -> Option<u32> {
        let d = dimensions;
        match self {
            Self::Branch => d.branches.get(value),
            Self::Department => d.departments.get(value),
            Self::Agent => d.agents.get(value),
            Self::Channel => d.channels.get(value),
            Self::Priority => Priority::parse("priority", value).ok().map(|p| u32::from(p.code()) + 1),
            Self::Tier => d.tiers.get(value),
            Self::Tag => d.tags.get(value),
            Self::Customer => {
                labels.pseudonym(value).or_else(|| from_hex(value)).and_then(|pseudonym| d.customers.get(&pseudonym))
            }
            Self::Language => d.languages.get(value),
            Self::Reason => d.reasons.get(value),
            Self::Form => d.forms.get(value),
            Self::Attribute(_) => d.attribute_values.get(value),
        }
    }

    /// The number that a value has where the numbers of another state are told. Customers keep theirs: their order is that
    /// of their numbers, which parts cannot tell.
    pub(super) fn renumbered(&self, number: u32, numbers: &Renumbering) -> u32 {
        let list = match self {
            Self::Branch => &numbers.branches,
            Self::Department => &numbers.departments,
            Self::Agent => &numbers.agents,
            Self::Channel => &numbers.channels,
            Self::Priority | Self::Customer => return number,
            Self::Tier => &numbers.tiers,
            Self::Tag => &numbers.tags,
            Self::Language => &numbers.languages,
            Self::Reason => &numbers.reasons,
            Self::Form => &numbers.forms,
            Self::Attribute(_) => &numbers.attribute_values,
        };
        renumbered(list, number)
    }

    /// What the value with that number is called; `None` for none.
    pub(crate) fn label<'d>(
        &self,
        number: u32,
        dimensions: &'d Dimensions,
        labels: &dyn CustomerLabels,
    ) -> Option<Cow<'d, str>> {
        let d = dimensions;
        let name = match self {
            Self::Branch => d.branches.name(number),
            Self::Department => d.departments.name(number),
            Self::Agent => d.agents.name(number),
            Self::Channel => d.channels.name(number),
            Self::Priority => priority_word(number),
            Self::Tier => d.tiers.name(number),
            Self::Tag => d.tags.name(number),
            Self::Customer => {
                let pseudonym = d.customers.pseudonym(number)?;
                return Some(labels.label(pseudonym).unwrap_or_else(|| to_hex(pseudonym)).into());
            }
            Self::Language => d.languages.name(number),
            Self::Reason => d.reasons.name(number),
            Self::Form => d.forms.name(number),
            Self::Attribute(_) => d.attribute_values.name(number),
        };
        name.map(Cow::Borrowed)
    }

    /// The order of two values in a report: by bytes, none last; customers by first appearance, so that forgetting one
    /// moves nothing.
    pub(super) fn order(&self, a: &(u32, Option<Cow<'_, str>>), b: &(u32, Option<Cow<'_, str>>)) -> Ordering {
        let by_name = if *self == Self::Customer { a.0.cmp(&b.0) } else { a.1.cmp(&b.1) };
        (a.0 == 0).cmp(&(b.0 == 0)).then(by_name)
    }
}

/// Axes, and what is asked of them for each measurement.
#[derive(Clone, Copy)]
pub(super) struct Axes<'a> {
    pub(super) all: &'a [Axis],
    /// Which of them is the tag.
    tag: Option<usize>,
    /// Which of them is the agent.
    agent: Option<usize>,
    pub(super) by_agent: bool,
}

impl<'a> Axes<'a> {
    pub(super) fn of(all: &'a [Axis]) -> Self {
        let place = |asked| all.iter().position(|axis| *axis == asked);
        let (tag, agent) = (place(Axis::Tag), place(Axis::Agent));
        Self { all, tag, agent, by_agent: agent.is_some() }
    }

    /// Which of them is the agent.
    pub(super) fn agent(self) -> Option<usize> {
        self.agent
    }

    /// Whether everything stands in one group, not in one for each of its tags.
    pub(super) fn is_in_one(self) -> bool {
        self.tag.is_none()
    }
}

/// Hands every group that the place stands in to `enter`: one, or one for each of its tags.
pub(super) fn each_group(state: &Measurements, axes: Axes<'_>, place: Place<'_>, mut enter: impl FnMut(Group)) {
    let mut group = Group::default();
    for (number, axis) in group.iter_mut().zip(axes.all) {
        *number = axis.number(state, place);
    }
    let Some(tag) = axes.tag.filter(|tag| group[*tag] != 0) else {
        return enter(group);
    };
    for number in state.dimensions.tag_sets.members(group[tag]) {
        group[tag] = *number;
        enter(group);
    }
}

/// What a filter lets pass: any of some values of one dimension.
pub(crate) struct Filter {
    axis: Axis,
    any_of: HashSet<u32>,
}

impl Filter {
    pub(crate) fn of(
        (dimension, values): &(Dimension, Vec<Option<String>>),
        dimensions: &Dimensions,
        labels: &dyn CustomerLabels,
    ) -> Self {
        let axis = Axis::of(dimension, dimensions);
        let number = |value: &Option<String>| match value {
            Some(value) => axis.value(value, dimensions, labels),
            None => Some(0),
        };
        let any_of = values.iter().filter_map(number).collect();
        Self { axis, any_of }
    }

    pub(super) fn reads_agent(&self) -> bool {
        self.axis == Axis::Agent
    }

    pub(crate) fn axis(&self) -> &Axis {
        &self.axis
    }

    pub(super) fn passes(&self, state: &Measurements, place: Place<'_>) -> bool {
        self.takes(self.axis.number(state, place), &state.dimensions)
    }

    /// Whether it lets the value with that number pass; of tags, the set with that number.
    pub(crate) fn takes(&self, number: u32, dimensions: &Dimensions) -> bool {
        if self.axis != Axis::Tag || number == 0 {
            return self.any_of.contains(&number);
        }
        dimensions.tag_sets.members(number).iter().any(|tag| self.any_of.contains(tag))
    }
}

/// How many priorities there are.
const PRIORITIES: usize = 4;

fn priority_word(number: u32) -> Option<&'static str> {
    let code = u8::try_from(number.checked_sub(1)?).ok()?;
    Priority::from_code(code).map(Priority::name)
}

/// A pseudonym in hexadecimal.
pub(crate) fn to_hex(pseudonym: &PseudonymBytes) -> String {
    pseudonym.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A pseudonym as a report writes it.
pub(crate) fn from_hex(text: &str) -> Option<PseudonymBytes> {
    let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    digits.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(u128::to_be_bytes)
}
