//! What goes on after the made-up past: who acts next.

use super::Act;
use super::chance::Chance;
use super::commands::{add_tag, close, message, message_reopening, note, of_agent, of_automation, of_customer};
use super::hours::{HOUR, in_seconds};
use super::matter::Matter;
use super::opinion::{Mood, better, is_dissatisfied};
use super::people::{Agent, DEPARTMENTS, Tongue};
use super::texts::phrases::{AGAIN, FOLLOWED_UP, NOTE, THANKS, WORKING};
use super::texts::topics::{TOPICS, Topic};
use super::texts::{Details, PRODUCTS};
use daftar_domain::Timestamp;
use daftar_domain::ids::{AgentId, TicketId};
use daftar_domain::satisfaction::SurveyAnswers;
use daftar_domain::ticket::{Action, Closing, Command, HeldFor, Means, State, Ticket, WaitingFor};

/// The stream of chance that live acts are drawn from.
const STREAM: u64 = 5;
/// How many customers there are.
const CUSTOMERS: u32 = 2_000;
/// The day of the window it is: past its end, so that those work who have not left.
const TODAY: u32 = 600;
/// How many tickets are looked at before a new one is opened instead.
const LOOKS: u32 = 24;
/// How often, of all acts, a ticket is opened: a story has about seven.
const NEW: f64 = 0.14;

/// The live continuation: who acts next.
pub struct Live {
    seed: u64,
    chance: Chance,
    opened: u64,
}

impl Live {
    /// Goes on with the customers of the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, chance: Chance::new(seed, STREAM, 0), opened: 0 }
    }

    /// The next command of somebody: about one of these tickets, or a new ticket.
    ///
    /// The rules grant it on the states given. Tickets that were never opened or are voided are left alone. A new
    /// ticket's id has the millisecond in it and how many this one has opened, so it is unlike all earlier ones.
    pub fn next(&mut self, now: Timestamp, desk: &[(TicketId, Ticket)]) -> Act {
        let (ticket, command) = self.about_one_of(now, desk).unwrap_or_else(|| self.opening(now));
        Act { at: now, ticket, command }
    }

    fn opening(&mut self, now: Timestamp) -> (TicketId, Command) {
        self.opened += 1;
        let id = TicketId::known_good(&format!("HD-{}-{}", now.micros() / 1_000, self.opened));
        let matter = Matter::brought(&id, CUSTOMERS, self.seed, &mut self.chance);
        let opening = matter.opening(&mut self.chance);
        (id, of_customer(Action::Open(Box::new(opening))))
    }

    fn about_one_of(&mut self, now: Timestamp, desk: &[(TicketId, Ticket)]) -> Option<(TicketId, Command)> {
        if desk.is_empty() || self.chance.likely(NEW) {
            return None;
        }
        (0..LOOKS).find_map(|_| {
            let (id, ticket) = &desk[self.chance.index(desk.len())];
            let mut seen = Seen::new(id, ticket, now, &mut self.chance);
            seen.what_next().map(|command| (id.clone(), command))
        })
    }
}

/// A ticket as those see it who may act on it now.
struct Seen<'t> {
    ticket: &'t Ticket,
    now: Timestamp,
    topic: &'static Topic,
    details: Details,
    chance: &'t mut Chance,
}

impl<'t> Seen<'t> {
    fn new(id: &TicketId, ticket: &'t Ticket, now: Timestamp, chance: &'t mut Chance) -> Self {
        let value = |name: &str| ticket.attributes.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value);
        let product = value("product").and_then(|id| PRODUCTS.iter().find(|product| product.id == id.as_str()));
        let tongue = ticket.language.as_ref().map_or(Tongue::Persian, |language| Tongue::of(language.as_str()));
        let details = Details::of(id, product.unwrap_or(&PRODUCTS[0]), tongue);
        Self { ticket, now, topic: topic_of(ticket), details, chance }
    }

    /// What somebody might do next; `None`: nothing just now.
    fn what_next(&mut self) -> Option<Command> {
        if !self.ticket.exists() || self.ticket.voided {
            return None;
        }
        match self.ticket.state {
            State::Closed => self.after_closing(),
            State::Held(HeldFor::ThirdParty) => Some(of_agent(self.agent(), Action::Resume)),
            State::Held(HeldFor::Customer) => Some(self.customer_answers()),
            State::Open if self.ticket.agent.is_none() => Some(self.is_assigned()),
            State::Open if self.ticket.waiting_for == Some(WaitingFor::Agent) => Some(self.agent_acts()),
            State::Open => Some(self.customer_or_closing()),
        }
    }

    fn is_assigned(&mut self) -> Command {
        let agent = self.colleague();
        let action = Action::Assign { agent: Some(agent.clone()) };
        if self.chance.likely(0.6) { of_automation("router", action) } else { of_agent(agent, action) }
    }

    fn agent_acts(&mut self) -> Command {
        let done = self.has_answer();
        let action = match self.chance.weighted(&[("answer", 72), ("note", 12), ("hold", 5), ("tag", 4), ("close", 7)])
        {
            "note" => note(self.details.memo(&NOTE, self.chance)),
            "hold" => Action::Hold { waiting_for: HeldFor::ThirdParty },
            "tag" => self.missing_tag().map_or_else(|| self.answer(), add_tag),
            "close" if done => close("solved"),
            _ => self.answer(),
        };
        of_agent(self.agent(), action)
    }

    fn answer(&mut self) -> Action {
        let solution = &self.topic.answer;
        let what = self.chance.one_of(&[solution, solution, self.topic.asking(), &WORKING]);
        message(self.ticket.channel.clone(), self.details.letter(what, self.chance), vec![])
    }

    fn customer_or_closing(&mut self) -> Command {
        if !self.has_answer() {
            // An agent opened it, and nobody has written to the customer yet.
            let answer = self.answer();
            return of_agent(self.agent(), answer);
        }
        match self.chance.weighted(&[("customer", 26), ("rating", 16), ("hold", 4), ("close", 50), ("silence", 4)]) {
            "customer" => self.customer_answers(),
            "rating" => self.rating().unwrap_or_else(|| self.customer_answers()),
            "hold" => of_agent(self.agent(), Action::Hold { waiting_for: HeldFor::Customer }),
            "close" => of_agent(self.agent(), close("solved")),
            _ => of_automation("auto-close", close("no_answer")),
        }
    }

    fn customer_answers(&mut self) -> Command {
        let what = self.chance.one_of(&[self.topic.details(), self.topic.still(), &THANKS]);
        let text = self.details.say(what, self.chance);
        of_customer(message(self.ticket.channel.clone(), text, vec![]))
    }

    fn after_closing(&mut self) -> Option<Command> {
        let closing = self.ticket.closings.last()?;
        let bad = closing.survey.as_ref().and_then(|answers| answers.overall).filter(|score| is_dissatisfied(*score));
        match self.chance.weighted(&[("survey", 30), ("rating", 8), ("reopen", 2), ("follow up", 20), ("nothing", 40)])
        {
            "survey" => self.survey(closing),
            "rating" => self.rating(),
            "reopen" => Some(self.reopening()),
            "follow up" if bad.is_some() && self.ticket.follow_ups == 0 => Some(self.follow_up()),
            "follow up" => bad
                .filter(|_| self.chance.likely(0.1))
                .map(|score| self.submits(SurveyAnswers { overall: Some(better(score)), ..SurveyAnswers::default() })),
            _ => None,
        }
    }

    /// The first answer to a closing, from four customers in ten: always the same ones.
    fn survey(&mut self, closing: &Closing) -> Option<Command> {
        let willing = closing.closed_at.micros().rem_euclid(1_000) < 400;
        if !willing || !closing.survey_offered || closing.survey.is_some() {
            return None;
        }
        let mood = self.mood();
        let answers = mood.survey(&self.details, self.chance);
        Some(self.submits(answers))
    }

    fn submits(&self, answers: SurveyAnswers) -> Command {
        of_customer(Action::SubmitSurvey { closing: None, answers: Box::new(answers) })
    }

    /// The rating of the last public reply of an agent, if nobody has rated it.
    fn rating(&mut self) -> Option<Command> {
        let last = self.ticket.replies.iter().rposition(|reply| reply.is_public_agent_reply())?;
        let reply = u32::try_from(last + 1).ok().filter(|_| self.ticket.replies[last].rating.is_none())?;
        let rating = self.mood().rating(self.chance);
        Some(of_customer(Action::RateReply { reply, rating }))
    }

    fn reopening(&mut self) -> Command {
        let text = self.details.say(&AGAIN, self.chance);
        of_customer(message_reopening(self.ticket.channel.clone(), text))
    }

    fn follow_up(&mut self) -> Command {
        let means = self.chance.weighted(&[(Means::Call, 5), (Means::Message, 4)]);
        let text = self.details.memo(&FOLLOWED_UP, self.chance);
        of_agent(self.colleague(), Action::RecordFollowUp { means, note: Some(text) })
    }

    /// How the customer feels, by who helped and how long the first answer took.
    fn mood(&mut self) -> Mood {
        let helper = self.ticket.agent.as_ref().and_then(Agent::known_as);
        let first = self.ticket.replies.iter().find(|reply| reply.is_public_agent_reply());
        let answered = first.map_or(self.now, |reply| reply.posted_at).micros();
        let opened = self.ticket.opened_at.unwrap_or(self.now).micros();
        let hours = in_seconds(answered - opened) / in_seconds(HOUR);
        Mood::after(helper.map_or(0.0, |agent| agent.skill), hours.max(0.0), 0.0, self.chance)
    }

    fn has_answer(&self) -> bool {
        self.ticket.replies.iter().any(|reply| reply.is_public_agent_reply())
    }

    fn missing_tag(&self) -> Option<&'static str> {
        self.topic.tags.iter().copied().find(|tag| self.ticket.tags.iter().all(|has| has.as_str() != *tag))
    }

    /// Who has the ticket, or somebody who could.
    fn agent(&mut self) -> AgentId {
        match &self.ticket.agent {
            Some(agent) => agent.clone(),
            None => self.colleague(),
        }
    }

    fn colleague(&mut self) -> AgentId {
        let branch = self.ticket.branch.as_ref().map_or("", |branch| branch.as_str());
        let department = self.ticket.department.as_ref().map_or("", |department| department.as_str());
        let known = DEPARTMENTS.into_iter().find(|known| *known == department);
        Agent::for_work(branch, known.unwrap_or(self.topic.department), TODAY, self.chance).id()
    }
}

/// What the ticket is about, as far as it shows.
fn topic_of(ticket: &Ticket) -> &'static Topic {
    let tagged = |topic: &&Topic| ticket.tags.iter().any(|tag| topic.tags.contains(&tag.as_str()));
    let of_department = |topic: &&Topic| ticket.department.as_ref().is_some_and(|id| id.as_str() == topic.department);
    TOPICS.iter().find(tagged).or_else(|| TOPICS.iter().find(of_department)).unwrap_or(&TOPICS[0])
}
