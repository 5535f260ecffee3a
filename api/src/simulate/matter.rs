//! What a new ticket is about and who brings it.

use super::chance::Chance;
use super::people::{BRANCHES, Customer, DEPARTMENTS};
use super::texts::topics::{TOPICS, Topic};
use super::texts::{Details, PRODUCTS};
use daftar_domain::ids::{
    AttributeName, AttributeValue, BranchId, ChannelId, DepartmentId, Language, Tag, TicketId, TierId,
};
use daftar_domain::ticket::{Attachment, Opening, Priority};
use std::collections::BTreeMap;

/// What a new ticket is about and who brings it.
pub(super) struct Matter {
    /// What it is about.
    pub(super) topic: &'static Topic,
    /// What its texts agree on.
    pub(super) details: Details,
    /// Who brings it.
    pub(super) customer: Customer,
    /// Where it comes in.
    pub(super) channel: &'static str,
    /// The branch it comes to.
    pub(super) branch: &'static str,
    /// The department it comes to; not always the right one.
    pub(super) department: &'static str,
    /// How urgent it is said to be.
    pub(super) priority: Priority,
    /// The tags it comes with.
    pub(super) tags: Vec<&'static str>,
}

impl Matter {
    /// Something that one of `customers` customers brings.
    pub(super) fn brought(ticket: &TicketId, customers: u32, seed: u64, chance: &mut Chance) -> Self {
        let customer = Customer::any_of(customers, seed, chance);
        let topic = &TOPICS[chance.by_weight(TOPICS.iter().map(|topic| topic.weight))];
        let details = Details::of(ticket, &PRODUCTS[chance.index(PRODUCTS.len())], customer.tongue);
        let channel = customer.channel(chance);
        let branch = if chance.likely(0.93) { customer.branch } else { chance.weighted(&BRANCHES) };
        let department = if chance.likely(0.11) { chance.one_of(&DEPARTMENTS) } else { topic.department };
        let tags = if chance.likely(0.75) { vec![chance.one_of(topic.tags)] } else { vec![] };
        Self { topic, details, customer, channel, branch, department, priority: priority(topic, chance), tags }
    }

    /// The opening of its ticket.
    pub(super) fn opening(&self, chance: &mut Chance) -> Opening {
        Opening {
            customer: Some(self.customer.id()),
            channel: Some(self.channel()),
            branch: Some(BranchId::known_good(self.branch)),
            department: Some(DepartmentId::known_good(self.department)),
            priority: self.priority,
            customer_tier: self.customer.tier.map(TierId::known_good),
            tags: self.tags.iter().map(|tag| Tag::known_good(tag)).collect(),
            language: Some(Language::known_good(self.customer.tongue.code())),
            attributes: self.attributes(),
            subject: Some(self.details.say(&self.topic.subject, chance)),
            body: Some(self.details.say(&self.topic.body, chance)),
            attachments: self.attachments(0.18, chance),
        }
    }

    /// The channel's id.
    pub(super) fn channel(&self) -> ChannelId {
        ChannelId::known_good(self.channel)
    }

    /// A file or two in that share of messages; none by phone.
    pub(super) fn attachments(&self, likely: f64, chance: &mut Chance) -> Vec<Attachment> {
        let count = if self.channel == "phone" { 0 } else { chance.times(likely, 2) };
        (0..count).map(|_| self.details.attachment(chance)).collect()
    }

    fn attributes(&self) -> BTreeMap<AttributeName, AttributeValue> {
        [("request_type", self.topic.request_type), ("product", self.details.product.id)]
            .into_iter()
            .map(|(name, value)| (AttributeName::known_good(name), AttributeValue::known_good(value)))
            .collect()
    }
}

fn priority(topic: &Topic, chance: &mut Chance) -> Priority {
    let raised = topic.pressing;
    chance.weighted(&[
        (Priority::Low, 14),
        (Priority::Normal, 66),
        (Priority::High, raised),
        (Priority::Urgent, raised / 3),
    ])
}
