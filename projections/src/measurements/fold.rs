//! From facts to measurements: one event at a time, in the order of the log.

use super::Measurements;
use super::chunk::{Location, Moment, Table};
use super::kinds::{
    ActorKind, Answer, Answers, Closing, FirstClosing, FirstResponse, NextResponse, Opening, PriorityChange,
    PublicReply, Rating, Reopening, Stay, Transfer,
};
use super::spans::NO_SPAN;
use super::tickets::TicketRow;
use crate::dimensions::{Names, TooMany};
use crate::ticket_facts::{
    AnsweredField, ClosingFacts, Doing, Ended, GivenScore, InForce, Micros, ReplyFacts, TicketFacts,
};
use daftar_domain::ticket::{HeldFor, Visibility};
use daftar_eventlog::codec::{CodecError, decode_facts};
use daftar_eventlog::facts::{
    Actor, Change, Facts, Owner, ReplyPosted, ReplyRated, SurveySubmitted, TicketClosed, TicketOpened, TicketReopened,
    TicketTransferred,
};
use daftar_eventlog::{FactRow, Position, StreamKind, StreamName, StreamNumber};

/// In place of a ticket's number: the stream is a ticket's, not opened yet.
const UNOPENED: u32 = u32::MAX;
/// In place of a ticket's number: the stream is not a ticket's.
const PASSED_OVER: u32 = u32::MAX - 1;
/// In place of a ticket's number: the stream was never named.
const UNNAMED: u32 = u32::MAX - 2;

/// Why an event could not be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Its facts cannot be read.
    #[error(transparent)]
    Unreadable(#[from] CodecError),
    /// A dimension has more values than can be told apart.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The log says what no log can say.
    #[error("the log is not in order: {0}")]
    OutOfOrder(&'static str),
}

/// Where and when an event happened.
#[derive(Debug, Clone, Copy)]
struct At {
    ticket: u32,
    at: Micros,
    position: Position,
}

impl At {
    fn index(self) -> usize {
        self.ticket as usize
    }

    fn moment(self, in_force: InForce) -> Moment {
        Moment::new(self.at, self.ticket, in_force, self.position)
    }
}

impl Measurements {
    /// Takes note of what a stream is about, before its first event.
    pub(crate) fn name_stream(&mut self, stream: StreamNumber, name: StreamName) {
        let index = stream.0 as usize;
        if self.streams.len() <= index {
            self.streams.resize(index + 1, UNNAMED);
        }
        if self.streams[index] != UNNAMED {
            return;
        }
        self.streams[index] = PASSED_OVER;
        if name.kind == StreamKind::Ticket {
            self.streams[index] = UNOPENED;
            self.unopened.insert(stream.0, name.id);
        }
    }

    /// Folds the next event; after an error the state must not be used any more.
    pub(crate) fn apply(&mut self, row: &FactRow<'_>) -> Result<(), FoldError> {
        if row.position <= self.position {
            return Err(FoldError::OutOfOrder("positions do not rise"));
        }
        self.position = row.position;
        match self.streams.get(row.stream.0 as usize).copied().unwrap_or(UNNAMED) {
            // What a newer version wrote about may change what figures mean: it is never passed over unread.
            PASSED_OVER => return Ok(decode_facts(row.event_type, row.schema, row.facts).map(drop)?),
            UNNAMED => return Err(FoldError::OutOfOrder("an event's stream was never named")),
            ticket => self.apply_ticket(row, ticket)?,
        }
        self.latest.push(row.position, row.occurred_at.micros());
        Ok(())
    }

    fn apply_ticket(&mut self, row: &FactRow<'_>, ticket: u32) -> Result<(), FoldError> {
        let facts = decode_facts(row.event_type, row.schema, row.facts)?;
        let at = At { ticket, at: row.occurred_at.micros(), position: row.position };
        if let Facts::TicketOpened(opened) = &facts {
            return self.opened(row, ticket, opened);
        }
        let Some(ticket) = self.facts.get_mut(at.index()) else {
            return Err(FoldError::OutOfOrder("a ticket's first event is not its opening"));
        };
        ticket.version += 1;
        if ticket.version != row.version.0 {
            return Err(FoldError::OutOfOrder("a ticket's versions do not follow each other"));
        }
        ticket.last_event_at = ticket.last_event_at.max(at.at);
        let before = (ticket.doing, ticket.in_force);
        self.happened(at, &facts)?;
        self.turn_span(at, before)?;
        Ok(())
    }

    /// Everything but an opening.
    fn happened(&mut self, at: At, facts: &Facts<'_>) -> Result<(), TooMany> {
        match facts {
            Facts::TicketAssigned(assigned) => self.assigned(at, assigned.agent)?,
            Facts::TicketTransferred(transferred) => self.transferred(at, transferred)?,
            Facts::PriorityChanged(changed) => self.priority_changed(at, changed.priority),
            Facts::TagsChanged(changed) => {
                let in_force = &mut self.facts[at.index()].in_force;
                in_force.tags = self.dimensions.tag_set(in_force.tags, &changed.added, &changed.removed)?;
            }
            Facts::ReplyPosted(reply) => self.replied(at, reply)?,
            Facts::ReplyRated(rated) => self.rated(at, rated),
            Facts::TicketHeld(held) => self.facts[at.index()].held(at.at, held_for(held.waiting_for)),
            Facts::TicketResumed => self.facts[at.index()].resumed(at.at),
            Facts::TicketClosed(closed) => self.closed(at, closed)?,
            Facts::SurveySubmitted(survey) => self.survey_submitted(at, survey)?,
            Facts::TicketReopened(reopened) => self.reopened(at, reopened),
            Facts::TicketVoided(_) => self.tickets.void(at.ticket, at.position),
            Facts::TicketRestored => self.tickets.restore(at.ticket, at.position),
            Facts::TicketOpened(_)
            | Facts::FollowUpRecorded(_)
            | Facts::DefinitionPublished(_)
            | Facts::EpochBegun(_) => {}
        }
        Ok(())
    }

    fn opened(&mut self, row: &FactRow<'_>, ticket: u32, opened: &TicketOpened<'_>) -> Result<(), FoldError> {
        if ticket != UNOPENED || row.version.0 != 1 {
            return Err(FoldError::OutOfOrder("a ticket is opened twice"));
        }
        let ticket = u32::try_from(self.facts.len()).ok().filter(|n| *n < UNNAMED);
        let ticket = ticket.ok_or(TooMany { what: "tickets", limit: UNNAMED })?;
        self.streams[row.stream.0 as usize] = ticket;
        let at = At { ticket, at: row.occurred_at.micros(), position: row.position };
        let by_agent = matches!(opened.by, Some(Actor::Agent(_)));
        let in_force = InForce {
            branch: self.dimensions.branches.small_or_none(opened.branch)?,
            department: self.dimensions.departments.small_or_none(opened.department)?,
            priority: opened.priority.saturating_add(1),
            tags: self.dimensions.tag_set(0, &opened.tags, &[])?,
            ..InForce::default()
        };
        let span = self.spans.turn(NO_SPAN, at.at, TicketFacts::doing_at_opening(by_agent), in_force, at.position)?;
        let id = self.unopened.remove(&row.stream.0).unwrap_or_default();
        self.push_ticket(at, id, opened, span)?;
        self.facts.push(TicketFacts::opened(at.at, by_agent, in_force, span));
        self.note_clock(at);
        self.openings.push(at.moment(in_force), Opening {});
        Ok(())
    }

    fn push_ticket(&mut self, at: At, id: Box<str>, opened: &TicketOpened<'_>, span: u32) -> Result<(), TooMany> {
        let customer = match opened.owner {
            Owner::Customer(pseudonym) => self.dimensions.customers.number(pseudonym)?,
            Owner::Ticket(_) => 0,
        };
        let row = TicketRow {
            channel: self.dimensions.channels.small_or_none(opened.channel)?,
            tier: self.dimensions.tiers.small_or_none(opened.customer_tier)?,
            language: opened.language.map_or(Ok(0), |language| self.dimensions.languages.wide(language))?,
            customer,
            attributes: self.dimensions.attribute_set(opened)?,
            opened_at: at.at,
            clock_started: Position::ZERO,
            clock_started_at: 0,
            first_response: Position::ZERO,
            first_response_at: 0,
            first_reply: Position::ZERO,
            second_reply: Position::ZERO,
            first_reopening: Position::ZERO,
            last_span: span,
            ever_voided: false,
        };
        self.tickets.push(id, row);
        Ok(())
    }

    /// Begins a new span where the event changed what the ticket does or a dimension.
    fn turn_span(&mut self, at: At, before: (Doing, InForce)) -> Result<(), TooMany> {
        let ticket = &mut self.facts[at.index()];
        let (doing, in_force) = (ticket.doing, ticket.in_force);
        if before != (doing, in_force) {
            ticket.span = self.spans.turn(ticket.span, at.at, doing, in_force, at.position)?;
            self.tickets.columns.last_span[at.index()] = ticket.span;
        }
        Ok(())
    }

    fn assigned(&mut self, at: At, agent: Option<&str>) -> Result<(), TooMany> {
        let agent = agent.map_or(Ok(0), |agent| self.dimensions.agents.wide(agent))?;
        self.facts[at.index()].in_force.agent = agent;
        Ok(())
    }

    fn transferred(&mut self, at: At, transferred: &TicketTransferred<'_>) -> Result<(), TooMany> {
        let ticket = &mut self.facts[at.index()];
        let left = ticket.in_force;
        let branch = changed(left.branch, transferred.branch, &mut self.dimensions.branches)?;
        let department = changed(left.department, transferred.department, &mut self.dimensions.departments)?;
        let previous = ticket.last_transferred.replace(at.at);
        self.transfers.push(at.moment(left), Transfer { previous, to: department });
        if department != left.department
            && let Some(took) = ticket.department_left(at.at)
        {
            self.stays.push(at.moment(left), Stay { took });
        }
        ticket.in_force = InForce { branch, department, ..left };
        Ok(())
    }

    fn priority_changed(&mut self, at: At, priority: u8) {
        let in_force = &mut self.facts[at.index()].in_force;
        in_force.priority = priority.saturating_add(1);
        self.priority_changes.push(at.moment(*in_force), PriorityChange {});
    }

    fn replied(&mut self, at: At, reply: &ReplyPosted<'_>) -> Result<(), TooMany> {
        let (by, agent) = self.actor(reply.by)?;
        let public = reply.visibility == Visibility::Public.code();
        let ticket = &mut self.facts[at.index()];
        let rateable = agent.filter(|_| public).map(|agent| ticket.in_force.with_agent(agent));
        ticket.replies.push(ReplyFacts { rateable, rating: None });
        if let Some(in_force) = rateable {
            self.agent_replied(at, in_force);
        } else if public && by == ActorKind::Customer {
            ticket.customer_wrote(at.at);
            self.note_clock(at);
        }
        Ok(())
    }

    /// A public reply by an agent, the `agent` of what is in force.
    fn agent_replied(&mut self, at: At, in_force: InForce) {
        let ticket = &mut self.facts[at.index()];
        let moment = at.moment(in_force);
        self.public_replies.push(moment, PublicReply {});
        match ticket.agent_replied(at.at, in_force.agent) {
            Ended::First(took) => {
                self.first_responses.push(moment, FirstResponse { took });
                self.tickets.columns.first_response[at.index()] = at.position;
                self.tickets.columns.first_response_at[at.index()] = at.at;
            }
            Ended::Next(took) => {
                self.next_responses.push(moment, NextResponse { took });
            }
            Ended::Nothing => {}
        }
        match ticket.public_agent_replies {
            1 => self.tickets.columns.first_reply[at.index()] = at.position,
            2 => self.tickets.columns.second_reply[at.index()] = at.position,
            _ => {}
        }
    }

    /// Writes down when the first-response clock started, once it has.
    fn note_clock(&mut self, at: At) {
        let started = &mut self.tickets.columns.clock_started[at.index()];
        if *started == Position::ZERO && self.facts[at.index()].clock_started() {
            *started = at.position;
            self.tickets.columns.clock_started_at[at.index()] = at.at;
        }
    }

    fn rated(&mut self, at: At, rated: &ReplyRated) {
        let ticket = &mut self.facts[at.index()];
        let Some(reply) = counted_from_1(&mut ticket.replies, rated.reply) else { return };
        let Some(in_force) = reply.rateable else { return };
        let (scale, score) = (rated.rating.scale, rated.rating.score);
        ticket.last_score = Some(GivenScore { at: at.at, scale, score });
        let location =
            self.ratings.push(at.moment(in_force), Rating { scale, score: score.into(), superseded: Position::ZERO });
        if let Some(earlier) = reply.rating.replace(location) {
            self.ratings.mark(earlier, |ratings| &mut ratings.superseded, at.position);
        }
    }

    fn closed(&mut self, at: At, closed: &TicketClosed<'_>) -> Result<(), TooMany> {
        let (by, closer) = self.actor(closed.by)?;
        let reason = self.dimensions.reasons.small_or_none(closed.reason)?;
        let form = self.dimensions.form(closed.form)?;
        let ticket = &mut self.facts[at.index()];
        let stay = ticket.closed(at.at);
        let in_force = InForce { agent: ticket.attributed(closer), reason, form, ..ticket.in_force };
        let moment = at.moment(in_force);
        let closing = closing_of(ticket, at, by, closed.survey_offered);
        self.stays.push(moment, Stay { took: stay });
        if ticket.closings.is_empty() {
            self.first_closings.push(moment, FirstClosing { took: closing.took });
        }
        let location = self.closings.push(moment, closing);
        ticket.closings.push(ClosingFacts { location, in_force, answered_after: None, answers: Vec::new() });
        ticket.last_closed = Some(at.at);
        Ok(())
    }

    fn reopened(&mut self, at: At, reopened: &TicketReopened<'_>) {
        let ticket = &mut self.facts[at.index()];
        if let Some(undone) = ticket.closings.last() {
            let previous = ticket.last_reopened;
            self.reopenings.push(at.moment(undone.in_force), Reopening { previous });
            self.closings.mark(undone.location, |closings| &mut closings.retracted, at.position);
        }
        ticket.last_reopened = Some(at.at);
        ticket.reopened(at.at, matches!(reopened.by, Actor::Customer(_)));
        let first_reopening = &mut self.tickets.columns.first_reopening[at.index()];
        if *first_reopening == Position::ZERO {
            *first_reopening = at.position;
        }
        self.note_clock(at);
    }

    /// A first answer to a closing is taken whenever it comes; a changed one until the ticket's next reopening.
    fn survey_submitted(&mut self, at: At, survey: &SurveySubmitted<'_>) -> Result<(), TooMany> {
        let ticket = &mut self.facts[at.index()];
        let Some(closing) = counted_from_1(&mut ticket.closings, survey.closing) else { return Ok(()) };
        if *closing.answered_after.get_or_insert(ticket.reopenings) != ticket.reopenings {
            return Ok(());
        }
        self.closings.mark(closing.location, |closings| &mut closings.answered, at.position);
        let moment = at.moment(closing.in_force);
        let mut given = |field, scale, score, choices| {
            let answer = Answer { field, scale, score, choices, superseded: Position::ZERO };
            let location = self.answers.push(moment, answer);
            supersede(&mut self.answers, closing, field, location, at.position);
        };
        if let Some(overall) = survey.overall {
            ticket.last_score = Some(GivenScore { at: at.at, scale: overall.scale, score: overall.score });
            given(AnsweredField::Overall, overall.scale, u16::from(overall.score), 0);
        }
        if let Some(nps) = survey.nps {
            given(AnsweredField::Nps, 0, u16::from(nps), 0);
        }
        if let Some(ces) = survey.ces {
            given(AnsweredField::Ces, 0, u16::from(ces), 0);
        }
        for (question, score) in &survey.questions {
            given(AnsweredField::Question(self.dimensions.questions.wide(question)?), 0, *score, 0);
        }
        for (question, choices) in &survey.choices {
            let question = self.dimensions.questions.wide(question)?;
            given(AnsweredField::Choice(question), 0, 0, self.dimensions.choice_set(choices)?);
        }
        Ok(())
    }

    /// What kind of actor it is, and the agent's number.
    fn actor(&mut self, actor: Actor<'_>) -> Result<(ActorKind, Option<u32>), TooMany> {
        Ok(match actor {
            Actor::Agent(agent) => (ActorKind::Agent, Some(self.dimensions.agents.wide(agent)?)),
            Actor::Customer(_) => (ActorKind::Customer, None),
            Actor::Automation(_) => (ActorKind::Automation, None),
        })
    }
}

/// What a closing measures.
fn closing_of(ticket: &TicketFacts, at: At, by: ActorKind, offered: bool) -> Closing {
    let spent = ticket.spent;
    Closing {
        by,
        offered,
        previous: ticket.last_closed,
        took: (at.at - ticket.opened_at).max(0),
        open: spent.open(),
        agent_work: spent.waiting_for_agent,
        waiting_for_customer: spent.waiting_for_customer,
        held_for_customer: spent.held_for_customer,
        held_for_third_party: spent.held_for_third_party,
        replies: ticket.public_agent_replies,
        retracted: Position::ZERO,
        answered: Position::ZERO,
    }
}

/// Puts the answer at `location` in the place of the earlier one to the same field.
fn supersede(
    answers: &mut Table<Answers>,
    closing: &mut ClosingFacts,
    field: AnsweredField,
    location: Location,
    position: Position,
) {
    match closing.answers.iter_mut().find(|(answered, _)| *answered == field) {
        Some((_, last)) => {
            answers.mark(*last, |answers| &mut answers.superseded, position);
            *last = location;
        }
        None => closing.answers.push((field, location)),
    }
}

/// The item with a number that counts from 1.
fn counted_from_1<T>(items: &mut [T], number: u32) -> Option<&mut T> {
    items.get_mut((number as usize).checked_sub(1)?)
}

fn changed(now: u16, change: Change<'_>, names: &mut Names) -> Result<u16, TooMany> {
    match change {
        Change::Keep => Ok(now),
        Change::Clear => Ok(0),
        Change::Set(name) => names.small(name),
    }
}

fn held_for(code: u8) -> Doing {
    if code == HeldFor::Customer.code() { Doing::HeldForCustomer } else { Doing::HeldForThirdParty }
}
