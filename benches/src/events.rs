//! Events as a help desk has them, for benches to write and read.

use daftar_domain::ids::{AgentId, BranchId, ChannelId, CustomerId, DepartmentId, TicketId};
use daftar_domain::satisfaction::{Scale, Score};
use daftar_domain::ticket::{Opening, Priority, Visibility};
use daftar_domain::{Actor, Event, EventKind, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What replies are made of.
const WORDS: &str = "Thank you for writing to us. We looked at the account and found the payment of last week; it was \
                     booked twice, and one of the two goes back to the card within three working days. ";

/// Microseconds of an event that is the `n`th, from some day on.
fn time(n: u32) -> Timestamp {
    Timestamp::clamped(1_780_000_000_000_000 + i64::from(n) * 1_000_000)
}

/// A ticket's id.
#[must_use]
pub fn ticket_id(n: usize) -> TicketId {
    TicketId::known_good(&format!("HD-{n:07}"))
}

fn agent(n: u32) -> Actor {
    Actor::Agent(AgentId::known_good(&format!("agent-{}", n % 40)))
}

/// The opening of the `n`th ticket.
#[must_use]
pub fn opening(n: u32) -> Opening {
    Opening {
        customer: Some(CustomerId::known_good(&format!("customer-{}", n % 5000))),
        channel: Some(ChannelId::known_good(["email", "chat", "phone"][n as usize % 3])),
        branch: Some(BranchId::known_good(["tehran", "shiraz", "tabriz", "yazd"][n as usize % 4])),
        department: Some(DepartmentId::known_good(["billing", "support"][n as usize % 2])),
        priority: Priority::Normal,
        customer_tier: None,
        tags: BTreeSet::new(),
        language: None,
        attributes: BTreeMap::new(),
        subject: Some("A payment was booked twice".to_owned()),
        body: Some(WORDS.to_owned()),
        attachments: Vec::new(),
    }
}

/// A reply of an agent, the `n`th; stored it takes 190 to 290 bytes.
#[must_use]
pub fn reply(n: u32) -> Event {
    let length = 50 + n as usize * 37 % 100;
    let kind = EventKind::ReplyPosted {
        visibility: Visibility::Public,
        channel: None,
        body: Some(WORDS[..length].to_owned()),
        attachments: Vec::new(),
    };
    Event { occurred_at: time(n), by: Some(agent(n)), cause: None, kind }
}

/// The life of the `n`th ticket: opened, assigned, answered, rated and closed, in eight events.
///
/// # Panics
///
/// Never: its score is one of its scale.
#[must_use]
pub fn life(n: u32) -> Vec<Event> {
    let agent_id = AgentId::known_good(&format!("agent-{}", n % 40));
    let rating = Score::new("rating", Scale::Five, i64::from(n % 5) + 1).unwrap();
    let customer = Actor::Customer(None);
    let of_customer = |kind, at| Event { occurred_at: time(at), by: Some(customer.clone()), cause: None, kind };
    let of_agent = |kind, at| Event { occurred_at: time(at), by: Some(agent(n)), cause: None, kind };
    let closed = EventKind::TicketClosed { survey_offered: true, reason: None, duplicate_of: None, form: None };
    vec![
        of_customer(EventKind::TicketOpened(Box::new(opening(n))), n),
        of_agent(EventKind::TicketAssigned { agent: Some(agent_id) }, n + 1),
        reply(n + 2),
        reply(n + 3),
        of_customer(EventKind::ReplyRated { reply: 1, rating }, n + 4),
        of_agent(EventKind::PriorityChanged { priority: Priority::High }, n + 5),
        reply(n + 6),
        of_agent(closed, n + 7),
    ]
}
