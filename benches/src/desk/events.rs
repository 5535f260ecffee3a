//! What a made-up desk's happenings are as events of the domain, for a log that encodes and seals them itself.

use super::names::{CHANNELS, REASONS, TAGS, TIERS};
use super::{Happening, Kind, Names};
use daftar_domain::ids::{AgentId, BranchId, ChannelId, CustomerId, DepartmentId, Language, ReasonId, Tag, TierId};
use daftar_domain::satisfaction::{Nps, Scale, Score, SurveyAnswers};
use daftar_domain::ticket::{Change, HeldFor, Opening, Priority, Visibility};
use daftar_domain::{Actor, Event, EventKind, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

impl Names {
    /// The event of a happening; nobody wrote any texts.
    #[must_use]
    pub fn event(&self, happening: &Happening) -> Event {
        let occurred_at = Timestamp::clamped(happening.at * 1_000_000);
        Event { occurred_at, by: self.who(happening.kind), cause: None, kind: self.what(happening.kind) }
    }

    fn who(&self, kind: Kind) -> Option<Actor> {
        match kind {
            Kind::Replied(agent) | Kind::Noted(agent) | Kind::Closed { by: agent, .. } => {
                Some(Actor::Agent(self.agent_id(agent)))
            }
            Kind::CustomerWrote | Kind::Reopened => Some(Actor::Customer(None)),
            _ => None,
        }
    }

    fn what(&self, kind: Kind) -> EventKind {
        match kind {
            Kind::Opened { .. } => EventKind::TicketOpened(Box::new(self.opened(kind))),
            Kind::Assigned(agent) => EventKind::TicketAssigned { agent: Some(self.agent_id(agent)) },
            Kind::Transferred(to) => {
                let department = Change::Set(DepartmentId::known_good(self.department(to)));
                EventKind::TicketTransferred { branch: Change::Keep, department }
            }
            Kind::Prioritised(number) => EventKind::PriorityChanged { priority: priority(number) },
            Kind::Tagged(tag) => EventKind::TagsChanged { added: tags(tag), removed: BTreeSet::new() },
            Kind::Replied(_) | Kind::CustomerWrote => reply(Visibility::Public),
            Kind::Noted(_) => reply(Visibility::Internal),
            Kind::Rated { reply, score } => EventKind::ReplyRated { reply, rating: of_five(score) },
            Kind::Held => EventKind::TicketHeld { waiting_for: HeldFor::Customer },
            Kind::Resumed => EventKind::TicketResumed,
            Kind::Closed { reason, .. } => {
                let reason = REASONS[usize::from(reason)].map(ReasonId::known_good);
                EventKind::TicketClosed { survey_offered: true, reason, duplicate_of: None, form: None }
            }
            Kind::Answered { closing, score, nps } => {
                EventKind::SurveySubmitted { closing, answers: answers(score, nps) }
            }
            Kind::Reopened => EventKind::TicketReopened { reason: None },
        }
    }

    fn opened(&self, kind: Kind) -> Opening {
        let Kind::Opened { customer, branch, department, channel, priority: number, tier, tag } = kind else {
            unreachable!("only an opening is one");
        };
        Opening {
            customer: Some(CustomerId::known_good(&format!("customer-{customer}"))),
            channel: Some(ChannelId::known_good(CHANNELS[usize::from(channel)])),
            branch: Some(BranchId::known_good(self.branch(branch))),
            department: Some(DepartmentId::known_good(self.department(department))),
            priority: priority(number),
            customer_tier: TIERS[usize::from(tier)].map(TierId::known_good),
            tags: tags(tag),
            language: Language::parse("language", "fa").ok(),
            attributes: BTreeMap::new(),
            subject: None,
            body: None,
            attachments: Vec::new(),
        }
    }

    fn agent_id(&self, number: u16) -> AgentId {
        AgentId::known_good(self.agent(number))
    }
}

const fn priority(number: u8) -> Priority {
    [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent][number as usize]
}

/// The tag with that number; numbers beyond the last stand for none.
fn tags(number: u8) -> BTreeSet<Tag> {
    TAGS.get(usize::from(number)).map(|tag| Tag::known_good(tag)).into_iter().collect()
}

const fn reply(visibility: Visibility) -> EventKind {
    EventKind::ReplyPosted { visibility, channel: None, body: None, attachments: Vec::new() }
}

fn of_five(score: u8) -> Score {
    Score::new("score", Scale::Five, score.into()).unwrap()
}

fn answers(score: u8, nps: Option<u8>) -> Box<SurveyAnswers> {
    let nps = nps.map(|nps| Nps::new("nps", nps.into()).unwrap());
    Box::new(SurveyAnswers { overall: Some(of_five(score)), nps, ..SurveyAnswers::default() })
}
