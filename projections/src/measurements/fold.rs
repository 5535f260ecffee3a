//! From facts to measurements: one event at a time, in the order of the log.

mod opinions;
mod whole;

use super::Measurements;
use super::chunk::{Location, Moment, Piece, mark};
use super::credits::Credit;
use super::kinds::{
    ActorKind, Closing, Closings, FirstClosing, FirstResponse, FollowUp, NextResponse, Opening, PriorityChange,
    PublicReply, Reopening, Stay, Transfer,
};
use super::runs::{NO_RUN, Run, RunEnd, RunNumber};
use super::spans::NO_SPAN;
use super::tickets::TicketRow;
use crate::definition::document::{Clock, Measure, Per, ResolutionEnds, ResponseStarts, ScheduleChosen, TargetMetric};
use crate::dimensions::{AtOpening, Names, TooMany};
use crate::ticket_facts::{
    Begun, Clocks, ClosingFacts, Doing, Ended, InForce, Micros, Replier, ReplyFacts, RunsOf, Spent, TicketFacts, Took,
};
use daftar_domain::ticket::{HeldFor, Visibility};
use daftar_eventlog::codec::{CodecError, decode_facts};
use daftar_eventlog::facts::{
    Actor, Change, Facts, ReplyPosted, TicketClosed, TicketOpened, TicketReopened, TicketTransferred,
};
use daftar_eventlog::{Fact, FactRow, Position, StreamKind, StreamName, StreamNumber};
use std::sync::Arc;

/// In place of a ticket's number: the stream is a ticket's, not opened yet.
const UNOPENED: u32 = u32::MAX;
/// In place of a ticket's number: the stream is not a ticket's.
const PASSED_OVER: u32 = u32::MAX - 1;
/// In place of a ticket's number: the stream was never named.
const UNNAMED: u32 = u32::MAX - 2;
/// In place of a ticket's number: the ticket is another part's.
const OTHERS: u32 = u32::MAX - 3;

/// What is wrong with a log that opens a ticket where it cannot be opened, or goes on with one that was not.
const OPENED_TWICE: &str = "a ticket is opened twice";
const NOT_OPENED: &str = "a ticket's first event is not its opening";

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
        if name.kind == StreamKind::Ticket && !self.part.has(stream.0) {
            self.streams[index] = OTHERS;
        } else if name.kind == StreamKind::Ticket {
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
        let fact = Fact::from(row);
        match self.streams.get(row.stream.0 as usize).copied().unwrap_or(UNNAMED) {
            // What a newer version wrote about may change what figures mean: it is never passed over unread.
            PASSED_OVER => return Ok(decode(&fact).map(drop)?),
            // Whoever folds that part reads it.
            OTHERS => return Ok(()),
            UNNAMED => return Err(FoldError::OutOfOrder("an event's stream was never named")),
            _ if self.is_too_late(&fact) => return Ok(decode(&fact).map(drop)?),
            ticket => self.apply_ticket(&fact, row.stream, ticket)?,
        }
        self.latest.push(row.position, row.occurred_at.micros());
        Ok(())
    }

    /// Whether it happened after what is counted.
    fn is_too_late(&self, fact: &Fact<'_>) -> bool {
        self.happened_by.is_some_and(|last| last < fact.occurred_at.micros())
    }

    fn apply_ticket(&mut self, fact: &Fact<'_>, stream: StreamNumber, ticket: u32) -> Result<(), FoldError> {
        let facts = decode(fact)?;
        self.changes.note(&facts, fact.position);
        if let Facts::TicketOpened(opened) = &facts {
            if ticket != UNOPENED {
                return Err(FoldError::OutOfOrder(OPENED_TWICE));
            }
            let id = self.unopened.remove(&stream.0).unwrap_or_default();
            let (ticket, running) = self.opened(fact, &id, opened)?;
            self.streams[stream.0 as usize] = ticket;
            self.running.push(running);
            return Ok(());
        }
        let Some(mut running) = self.running.take(ticket) else {
            return Err(FoldError::OutOfOrder(NOT_OPENED));
        };
        self.continued(fact, ticket, Arc::make_mut(&mut running), &facts)?;
        self.running.put(ticket, running);
        Ok(())
    }

    /// Every event but an opening.
    fn continued(
        &mut self,
        fact: &Fact<'_>,
        number: u32,
        ticket: &mut TicketFacts,
        facts: &Facts<'_>,
    ) -> Result<(), FoldError> {
        let at = At { ticket: number, at: fact.occurred_at.micros(), position: fact.position };
        ticket.version += 1;
        if ticket.version != fact.version.0 {
            return Err(FoldError::OutOfOrder("a ticket's versions do not follow each other"));
        }
        ticket.last_event_at = ticket.last_event_at.max(at.at);
        let before = (ticket.doing, ticket.in_force);
        self.happened(at, ticket, facts)?;
        self.turn_span(at, ticket, before)?;
        Ok(self.turn_runs(at, ticket)?)
    }

    /// What an event does to its ticket.
    fn happened(&mut self, at: At, ticket: &mut TicketFacts, facts: &Facts<'_>) -> Result<(), TooMany> {
        match facts {
            Facts::TicketAssigned(assigned) => self.assigned(at, ticket, assigned.agent)?,
            Facts::TicketTransferred(transferred) => self.transferred(at, ticket, transferred)?,
            Facts::PriorityChanged(changed) => self.priority_changed(at, ticket, changed.priority),
            Facts::TagsChanged(changed) => {
                let tags = &mut ticket.in_force.tags;
                *tags = self.dimensions.tag_set(*tags, &changed.added, &changed.removed)?;
            }
            Facts::ReplyPosted(reply) => self.replied(at, ticket, reply)?,
            Facts::ReplyRated(rated) => self.rated(at, ticket, rated),
            Facts::TicketHeld(held) => ticket.held(at.at, held_for(held.waiting_for), &self.clocks()),
            Facts::TicketResumed => ticket.resumed(at.at, &self.clocks()),
            Facts::TicketClosed(closed) => self.closed(at, ticket, closed)?,
            Facts::SurveySubmitted(survey) => self.survey_submitted(at, ticket, survey)?,
            Facts::TicketReopened(reopened) => self.reopened(at, ticket, reopened),
            Facts::TicketVoided(_) => self.tickets.void(at.ticket, at.position),
            Facts::TicketRestored => self.tickets.restore(at.ticket, at.position),
            Facts::FollowUpRecorded(_) => {
                self.follow_ups.push(at.moment(ticket.in_force), FollowUp {});
            }
            Facts::TicketOpened(_)
            | Facts::DefinitionPublished(_)
            | Facts::ReportPublished(_)
            | Facts::EpochBegun(_) => {}
        }
        Ok(())
    }

    /// The clocks of the definition.
    fn clocks(&self) -> Clocks<'_> {
        Clocks::new(&self.folded, &self.schedules, &self.dimensions, self.clocks_run)
    }

    /// An opening: the ticket's number and its state.
    fn opened(
        &mut self,
        fact: &Fact<'_>,
        id: &str,
        opened: &TicketOpened<'_>,
    ) -> Result<(u32, TicketFacts), FoldError> {
        if fact.version.0 != 1 {
            return Err(FoldError::OutOfOrder(OPENED_TWICE));
        }
        let ticket = u32::try_from(self.tickets.len()).ok().filter(|n| *n < OTHERS);
        let ticket = ticket.ok_or(TooMany { what: "tickets", limit: OTHERS })?;
        let at = At { ticket, at: fact.occurred_at.micros(), position: fact.position };
        let by_agent = matches!(opened.by, Some(Actor::Agent(_)));
        let in_force = InForce {
            branch: self.dimensions.branches.small_or_none(opened.branch)?,
            department: self.dimensions.departments.small_or_none(opened.department)?,
            priority: opened.priority.saturating_add(1),
            tags: self.dimensions.tag_set(0, &opened.tags, &[])?,
            ..InForce::default()
        };
        let does = (TicketFacts::doing_at_opening(by_agent), in_force);
        let span = self.spans.turn(NO_SPAN, ticket, at.at, does, at.position)?;
        let mut facts = TicketFacts::opened(at.at, by_agent, in_force, span, &self.clocks());
        self.push_ticket(at, id, opened, &facts)?;
        self.note_clock(at, &facts);
        self.openings.push(at.moment(in_force), Opening {});
        self.turn_runs(at, &mut facts)?;
        Ok((ticket, facts))
    }

    fn push_ticket(&mut self, at: At, id: &str, opened: &TicketOpened<'_>, facts: &TicketFacts) -> Result<(), TooMany> {
        let dimensions =
            if self.tickets.keeps_dimensions() { self.dimensions.at_opening(opened)? } else { AtOpening::default() };
        let AtOpening { channel, tier, language, customer, attributes } = dimensions;
        let row = TicketRow {
            channel,
            tier,
            language,
            customer,
            attributes,
            opened_at: at.at,
            clock_started: Position::ZERO,
            clock_started_after: 0,
            first_response: Position::ZERO,
            first_response_after: 0,
            first_reply: Position::ZERO,
            second_reply: Position::ZERO,
            first_reopening: Position::ZERO,
            by_agent: matches!(opened.by, Some(Actor::Agent(_))),
            class: facts.class,
            last_span: facts.span,
        };
        self.tickets.push(id, row);
        Ok(())
    }

    /// Begins a new span where the event changed what the ticket does or a dimension; where they are not kept there is none.
    fn turn_span(&mut self, at: At, ticket: &mut TicketFacts, before: (Doing, InForce)) -> Result<(), TooMany> {
        let now = (ticket.doing, ticket.in_force);
        if self.spans.are_kept() && before != now {
            ticket.span = self.spans.turn(ticket.span, at.ticket, at.at, now, at.position)?;
            self.tickets.turn(at.ticket, ticket.span);
        }
        Ok(())
    }

    /// Ends the runs that the event ended without a value, and begins those it began; where they are not kept there are none.
    fn turn_runs(&mut self, at: At, ticket: &mut TicketFacts) -> Result<(), TooMany> {
        if !self.runs.are_kept() {
            return Ok(());
        }
        let runs = ticket.runs;
        let (first, next) = (ticket.response.first_since(), ticket.response.next_since(&self.folded));
        let left = if self.folded.starts == ResponseStarts::LastReopenedIfUnanswered
            && self.folded.first_response_per == Per::Ticket
        {
            RunEnd::Restarted
        } else {
            RunEnd::Dropped
        };
        let full = self.full_resolution_since(ticket);
        let first = self.turn_run(at, TargetMetric::FirstResponse, runs.first, first, left)?;
        let next = self.turn_run(at, TargetMetric::NextResponse, runs.next, next, RunEnd::Dropped)?;
        let full = self.turn_run(at, TargetMetric::FullResolution, runs.full, full, RunEnd::Dropped)?;
        ticket.runs = RunsOf { first, next, full };
        Ok(())
    }

    /// From when on the full resolution of an open ticket counts; none: it is closed, or was and that was final.
    fn full_resolution_since(&self, ticket: &TicketFacts) -> Option<Micros> {
        let done = !ticket.closings.is_empty() && self.folded.ends == ResolutionEnds::FirstClose;
        let since = if self.folded.resolution_per == Per::Cycle { ticket.cycle_begun.at } else { ticket.opened_at };
        (ticket.doing.is_open() && !done).then_some(since)
    }

    /// The number of the run that counts from `since`: the one there is, else a new one. One that ended with a value
    /// was ended where that was measured.
    fn turn_run(
        &mut self,
        at: At,
        metric: TargetMetric,
        run: RunNumber,
        since: Option<Micros>,
        left: RunEnd,
    ) -> Result<RunNumber, TooMany> {
        if self.runs.started(run) == since {
            return Ok(run);
        }
        self.runs.end(run, at.at, left, at.position);
        let Some(started) = since else { return Ok(NO_RUN) };
        self.runs.begin(&Run { metric, ticket: at.ticket, started, since: at.at, ended: None }, at.position)
    }

    /// Ends a run with the value that is measured now.
    fn end_run(&mut self, at: At, run: RunNumber) {
        self.runs.end(run, at.at, RunEnd::Given, at.position);
    }

    fn assigned(&mut self, at: At, ticket: &mut TicketFacts, agent: Option<&str>) -> Result<(), TooMany> {
        let agent = agent.map_or(Ok(0), |agent| self.dimensions.agents.wide(agent))?;
        // What passed before is no part of a clock that starts now.
        ticket.count_until(at.at, &self.clocks());
        ticket.in_force.agent = agent;
        if agent != 0 {
            ticket.response.assigned(at.at, &self.folded);
        }
        self.note_clock(at, ticket);
        Ok(())
    }

    fn transferred(
        &mut self,
        at: At,
        ticket: &mut TicketFacts,
        transferred: &TicketTransferred<'_>,
    ) -> Result<(), TooMany> {
        let left = ticket.in_force;
        let branch = changed(left.branch, transferred.branch, &mut self.dimensions.branches)?;
        let department = changed(left.department, transferred.department, &mut self.dimensions.departments)?;
        let previous = ticket.last_transferred.replace(at.at);
        self.transfers.push(at.moment(left), Transfer { previous, to: department });
        ticket.count_until(at.at, &self.clocks());
        if department != left.department && ticket.doing.is_open() {
            let took = self.open_since(at, ticket, ticket.stay_begun);
            self.stays.push(at.moment(left), Stay { took, closing: None });
            ticket.stay_begun = Begun { at: at.at, counted: ticket.spent.open(&self.folded.resolution) };
        }
        ticket.in_force = InForce { branch, department, ..left };
        if self.folded.chosen == ScheduleChosen::AtEachMoment {
            ticket.class = self.clocks().class(ticket.in_force);
        }
        Ok(())
    }

    /// What the resolutions' clock counts of the time open since a beginning.
    fn open_since(&self, at: At, ticket: &TicketFacts, begun: Begun) -> Micros {
        let measure = &self.folded.resolution;
        if self.is_counted_at_end(measure) {
            return self.spent_since(at, ticket, begun.at).open(measure);
        }
        ticket.spent.open(measure) - begun.counted
    }

    fn is_counted_at_end(&self, measure: &Measure) -> bool {
        measure.clock == Clock::Business && self.folded.chosen == ScheduleChosen::AtEnd
    }

    /// Time spent in each state since an instant, by the schedule in force now.
    fn spent_since(&self, at: At, ticket: &TicketFacts, since: Micros) -> Spent {
        let clocks = self.clocks();
        let class = clocks.class(ticket.in_force);
        let mut spent = Spent::default();
        for (doing, from, to) in self.spans.between(ticket.span, since, at.at) {
            spent.add(doing, clocks.passed(class, from, to));
        }
        spent
    }

    /// How long what a reply ended took, on its clock.
    fn took(&self, at: At, ticket: &TicketFacts, took: Took, measure: &Measure) -> Micros {
        if !self.is_counted_at_end(measure) {
            return took.counted;
        }
        let spent = self.spent_since(at, ticket, took.started);
        spent.open(measure) + spent.of(Doing::Closed, measure.clock)
    }

    fn priority_changed(&mut self, at: At, ticket: &mut TicketFacts, priority: u8) {
        ticket.in_force.priority = priority.saturating_add(1);
        self.priority_changes.push(at.moment(ticket.in_force), PriorityChange {});
    }

    fn replied(&mut self, at: At, ticket: &mut TicketFacts, reply: &ReplyPosted<'_>) -> Result<(), TooMany> {
        let (by, agent) = self.actor(reply.by)?;
        let public = reply.visibility == Visibility::Public.code();
        let rateable = agent.filter(|_| public).map(|agent| ticket.in_force.with_agent(agent));
        ticket.replies.push(ReplyFacts { rateable, rating: None });
        match (by, agent) {
            _ if !public => {}
            (ActorKind::Customer, _) => {
                ticket.customer_wrote(at.at, &self.clocks());
                self.note_clock(at, ticket);
            }
            (_, Some(agent)) => self.agent_replied(at, ticket, agent)?,
            (_, None) => self.answered(at, ticket, Replier::Automation),
        }
        Ok(())
    }

    /// A public reply by an agent.
    fn agent_replied(&mut self, at: At, ticket: &mut TicketFacts, agent: u32) -> Result<(), TooMany> {
        if self.credits.are_kept() {
            ticket.repliers = self.dimensions.with_agent(ticket.repliers, agent)?;
        }
        self.public_replies.push(at.moment(ticket.in_force.with_agent(agent)), PublicReply {});
        self.answered(at, ticket, Replier::Agent(agent));
        self.tickets.reply(at.ticket, ticket.public_agent_replies, at.position);
        Ok(())
    }

    /// A public reply that may be a response.
    fn answered(&mut self, at: At, ticket: &mut TicketFacts, by: Replier) {
        let ended = ticket.replied(at.at, by, &self.clocks());
        let folded = Arc::clone(&self.folded);
        let (moment, assignee) = (at.moment(ticket.in_force.with_agent(by.agent())), ticket.in_force.agent);
        match ended {
            Ended::First(response) => {
                let (started, took) = (response.started, self.took(at, ticket, response, &folded.first_response));
                self.first_responses.push(moment, FirstResponse { started, took, assignee });
                self.note_clock(at, ticket);
                self.tickets.respond(at.ticket, at.at, at.position);
                self.end_run(at, ticket.runs.first);
            }
            Ended::Next(response) => {
                let (started, took) = (response.started, self.took(at, ticket, response, &folded.next_response));
                self.next_responses.push(moment, NextResponse { started, took, assignee });
                self.end_run(at, ticket.runs.next);
            }
            Ended::Nothing => {}
        }
    }

    /// Writes down when the first-response clock started, once it has.
    fn note_clock(&mut self, at: At, ticket: &TicketFacts) {
        if ticket.response.started() {
            self.tickets.start_clock(at.ticket, at.at, at.position);
        }
    }

    fn closed(&mut self, at: At, ticket: &mut TicketFacts, closed: &TicketClosed<'_>) -> Result<(), TooMany> {
        let (by, closer) = self.actor(closed.by)?;
        let reason = self.dimensions.reasons.small_or_none(closed.reason)?;
        let form = self.dimensions.form(closed.form)?;
        ticket.closed(at.at, &self.clocks());
        let agent = ticket.attributed(closer);
        let in_force = InForce { agent, reason, form, ..ticket.in_force };
        let number = self.credits.push(Credit {
            closer: agent,
            assignee: ticket.in_force.agent,
            last_replier: ticket.last_replier,
            first_replier: ticket.first_replier,
            repliers: ticket.repliers,
        })?;
        let moment = at.moment(in_force);
        if self.stays.is_kept() {
            let took = self.open_since(at, ticket, ticket.stay_begun);
            self.stays.push(moment, Stay { took, closing: Some(number) });
        }
        let location = self.push_closing(at, ticket, moment, (number, by, closed.survey_offered));
        self.end_run(at, ticket.runs.full);
        let answers = Vec::new();
        ticket.closings.push(ClosingFacts { location, number, in_force, answered_after: None, answers });
        ticket.last_closed = Some(at.at);
        ticket.closed_for = (reason, form);
        Ok(())
    }

    /// Measures a closing, and a first one once more.
    fn push_closing(
        &mut self,
        at: At,
        ticket: &TicketFacts,
        moment: Moment,
        (number, by, offered): (u32, ActorKind, bool),
    ) -> Location {
        if !(self.closings.is_kept() || self.first_closings.is_kept()) {
            return Location::NOWHERE;
        }
        let Measured { row, first_took } = self.closing(at, ticket, number, by, offered);
        if ticket.closings.is_empty() {
            let first_closing = FirstClosing { started: ticket.opened_at, took: first_took, closing: number };
            self.first_closings.push(moment, first_closing);
        }
        self.closings.push(moment, row)
    }

    /// What a closing measures.
    fn closing(&self, at: At, ticket: &TicketFacts, number: u32, by: ActorKind, offered: bool) -> Measured {
        let folded = &*self.folded;
        let spent = if folded.counts_at_end() { self.spent_since(at, ticket, ticket.opened_at) } else { ticket.spent };
        let (whole, clock) = (spent.resolution(folded), folded.clock);
        let (started, took) = match folded.resolution_per {
            Per::Ticket => (ticket.opened_at, whole),
            Per::Cycle => (ticket.cycle_begun.at, self.open_since(at, ticket, ticket.cycle_begun)),
        };
        let row = Closing {
            number,
            by,
            offered,
            previous: ticket.last_closed,
            started,
            took,
            open: spent.open(&folded.resolution),
            agent_work: spent.of(Doing::WaitingForAgent, clock),
            waiting_for_customer: spent.of(Doing::WaitingForCustomer, clock),
            held_for_customer: spent.of(Doing::HeldForCustomer, clock),
            held_for_third_party: spent.of(Doing::HeldForThirdParty, clock),
            replies: ticket.public_agent_replies,
            retracted: Position::ZERO,
            answered: Position::ZERO,
        };
        Measured { row, first_took: whole }
    }

    fn reopened(&mut self, at: At, ticket: &mut TicketFacts, reopened: &TicketReopened<'_>) {
        if let Some(undone) = ticket.closings.last() {
            let (previous, closing) = (ticket.last_reopened, undone.number);
            self.reopenings.push(at.moment(undone.in_force), Reopening { previous, closing });
            let retract = |closings: &mut Piece<Closings>, row| mark(&mut closings.values.retracted, row, at.position);
            self.closings.change(undone.location, retract);
        }
        ticket.last_reopened = Some(at.at);
        ticket.reopened(at.at, matches!(reopened.by, Actor::Customer(_)), &self.clocks());
        self.tickets.reopen(at.ticket, at.position);
        self.note_clock(at, ticket);
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
struct Measured {
    row: Closing,
    /// From the opening to it, were it the first.
    first_took: Micros,
}

fn decode<'a>(fact: &Fact<'a>) -> Result<Facts<'a>, CodecError> {
    decode_facts(fact.event_type, fact.schema, fact.facts)
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
