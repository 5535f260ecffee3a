//! From facts to measurements: what one event measures, given the state its ticket is in.

use super::batch::{Batch, Became, Next};
use super::chunk::Moment;
use super::credits::Credit;
use super::kinds::{
    ActorKind, Answer, Closing, FirstClosing, FirstResponse, FollowUp, NextResponse, Opening, PriorityChange,
    PublicReply, Rating, Reopening, Stay, Transfer,
};
use super::needs::Needs;
use super::places::Location;
use super::runs::{self, RunEnd};
use super::spans::{self, SpanNumber};
use super::tickets::{Milestone, Passed, TicketRow};
use crate::business_time::Schedules;
use crate::definition::document::{
    Clock, Folded, Measure, Per, ResolutionEnds, ResponseStarts, ScheduleChosen, TargetMetric,
};
use crate::dimensions::{AtOpening, Dimensions, Names, TooMany};
use crate::ticket_facts::{
    AnsweredField, Begun, Clocks, ClocksRun, ClosingFacts, Doing, Ended, GivenScore, InForce, Micros, Replier,
    ReplyFacts, RunFacts, RunsOf, Spent, Stretch, TicketFacts, Took,
};
use daftar_domain::ticket::{HeldFor, Visibility};
use daftar_eventlog::codec::CodecError;
use daftar_eventlog::codec::told::{
    Actor, Change, ReplyPosted, SurveySubmitted, Text, TicketClosed, TicketOpened, TicketReopened, TicketTransferred,
    Told,
};
use daftar_eventlog::facts::ReplyRated;
use daftar_eventlog::{Position, Version};
use smallvec::SmallVec;

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

/// Where and when an event happened. Passed on by reference: a copy just after it was put together would be read from memory
/// in other pieces than it was written, for which a processor waits until the writing is over.
#[derive(Debug)]
pub(super) struct At {
    pub(super) ticket: u32,
    pub(super) at: Micros,
    pub(super) position: Position,
}

impl At {
    fn moment(&self, in_force: InForce) -> Moment {
        Moment::new(self.at, self.ticket, in_force, self.position)
    }
}

/// What tells what an event measures: the definition, the names of values, and the numbers of the next rows.
pub(super) struct Measurer<'a> {
    pub(super) folded: &'a Folded,
    pub(super) clocks_run: ClocksRun,
    /// Whether tickets keep the dimensions that they have from their opening.
    pub(super) keeps_dimensions: bool,
    /// Whether it is kept, or counted at an end, what tickets were doing from when on.
    pub(super) keeps_turns: bool,
    /// Whether that is so, or it is kept which durations with targets ran.
    pub(super) keeps_course: bool,
    /// Whether durations are measured once they end.
    pub(super) counts_at_end: bool,
    /// What the ticket did and what was in force before the event, where it is looked at whether that changed it.
    pub(super) before: (Doing, InForce),
    /// Whether it is kept who had replied before a closing.
    pub(super) keeps_repliers: bool,
    /// Whether it is kept how long tickets were in each state until their closings.
    pub(super) keeps_stretches: bool,
    /// Which names of what is in force anybody reads.
    pub(super) names: NamesRead,
    pub(super) schedules: &'a Schedules,
    pub(super) dimensions: &'a mut Dimensions,
    pub(super) next: Next,
    /// What was measured, to be written into the tables.
    pub(super) batch: Batch,
}

/// Which names of what is in force anybody reads; all others are taken for none.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamesRead {
    branches: bool,
    tags: bool,
    reasons: bool,
    forms: bool,
}

impl NamesRead {
    /// Those of a state that keeps these parts under a definition.
    pub(super) fn of(needs: Needs, folded: &Folded) -> Self {
        let course = needs.touch(Needs::Spans.and(Needs::Runs));
        let read = |part| course || needs.cover(part);
        Self {
            // A branch has its schedule.
            branches: read(Needs::Branches) || !folded.schedules.is_empty(),
            tags: read(Needs::Tags),
            reasons: read(Needs::Reasons),
            forms: read(Needs::Forms),
        }
    }
}

impl Measurer<'_> {
    /// Every event but an opening.
    // Always: where the type of an event is known, most of it falls away.
    #[inline(always)]
    pub(super) fn continued(
        &mut self,
        version: Version,
        at: &At,
        ticket: &mut TicketFacts,
        told: &Told<'_>,
    ) -> Result<(), FoldError> {
        ticket.version += 1;
        if ticket.version != version.0 {
            return Err(FoldError::OutOfOrder("a ticket's versions do not follow each other"));
        }
        ticket.last_event_at = ticket.last_event_at.max(at.at);
        // Beside what is passed on: it would be read at every event even where nobody looks at it.
        if self.keeps_course {
            self.before = (ticket.doing, ticket.in_force);
        }
        let may_start = matches!(told, Told::TicketAssigned(_) | Told::ReplyPosted(_) | Told::TicketReopened(_));
        let starts = may_start && !ticket.response.started();
        self.happened(at, ticket, told)?;
        if starts {
            self.note_clock(at, ticket);
        }
        if self.keeps_course {
            self.turned(at, ticket)?;
        }
        Ok(())
    }

    /// Keeps what the event changed of what the ticket does, and of which durations run.
    fn turned(&mut self, at: &At, ticket: &mut TicketFacts) -> Result<(), TooMany> {
        if self.keeps_turns {
            self.turn_span(at, ticket)?;
        }
        if self.batch.runs.is_kept() { self.turn_runs(at, ticket) } else { Ok(()) }
    }

    /// What an event does to its ticket.
    #[inline(always)]
    fn happened(&mut self, at: &At, ticket: &mut TicketFacts, told: &Told<'_>) -> Result<(), TooMany> {
        match told {
            Told::TicketAssigned(assigned) => self.assigned(at, ticket, assigned.agent)?,
            Told::TicketTransferred(transferred) => self.transferred(at, ticket, transferred)?,
            Told::PriorityChanged(changed) => self.priority_changed(at, ticket, changed.priority),
            Told::TagsChanged(_) if !self.names.tags => {}
            Told::TagsChanged(changed) => {
                let tags = &mut ticket.in_force.tags;
                *tags = self.dimensions.tag_set(*tags, changed.added.iter(), changed.removed.iter())?;
            }
            Told::ReplyPosted(reply) => self.replied(at, ticket, reply)?,
            Told::ReplyRated(rated) => self.rated(at, ticket, rated),
            Told::TicketHeld(held) => ticket.held(at.at, held_for(held.waiting_for), &self.clocks()),
            Told::TicketResumed => ticket.resumed(at.at, &self.clocks()),
            Told::TicketClosed(closed) => self.closed(at, ticket, closed)?,
            Told::SurveySubmitted(survey) => self.survey_submitted(at, ticket, survey)?,
            Told::TicketReopened(reopened) => self.reopened(at, ticket, reopened),
            Told::TicketVoided(_) => self.passed(at, Milestone::Voided),
            Told::TicketRestored => self.passed(at, Milestone::Restored),
            Told::FollowUpRecorded(_) => {
                self.batch.follow_ups.measure(|| (at.moment(ticket.in_force), FollowUp {}));
            }
            Told::TicketOpened(_) | Told::OfNoTicket => {}
        }
        Ok(())
    }

    /// The clocks of the definition.
    fn clocks(&self) -> Clocks<'_> {
        Clocks::new(self.folded, self.schedules, self.dimensions, self.clocks_run)
    }

    /// An opening, and the state of the ticket from then on.
    #[inline]
    pub(super) fn opened(
        &mut self,
        at: &At,
        id: Box<str>,
        opened: &TicketOpened<'_>,
        ticket: &mut TicketFacts,
    ) -> Result<(), TooMany> {
        let by_agent = matches!(opened.by, Some(Actor::Agent(_)));
        let department = self.dimensions.departments.small_or_none(opened.department.as_ref())?;
        let branch =
            if self.names.branches { self.dimensions.branches.small_or_none(opened.branch.as_ref())? } else { 0 };
        let tags =
            if self.names.tags { self.dimensions.tag_set(0, opened.tags.iter(), std::iter::empty())? } else { 0 };
        let priority = opened.priority.saturating_add(1);
        // At once where it will stand: a copy of what was just written costs more than to write it.
        ticket.in_force = InForce { branch, department, priority, tags, ..InForce::default() };
        let doing = TicketFacts::doing_at_opening(by_agent);
        let span = self.begin_span(at, None, doing, &ticket.in_force)?;
        ticket.open(at.at, by_agent, span, &self.clocks());
        self.push_ticket(at, id, opened, ticket)?;
        self.note_stretch(at, ticket);
        self.batch.openings.measure(|| (at.moment(ticket.in_force), Opening {}));
        if self.batch.runs.is_kept() {
            self.turn_runs(at, ticket)?;
        }
        Ok(())
    }

    #[inline]
    fn push_ticket(
        &mut self,
        at: &At,
        id: Box<str>,
        opened: &TicketOpened<'_>,
        facts: &TicketFacts,
    ) -> Result<(), TooMany> {
        let kept = if self.keeps_dimensions { self.dimensions.at_opening(opened)? } else { AtOpening::default() };
        let AtOpening { channel, tier, language, customer, attributes } = kept;
        self.batch.open(at.ticket, id, || TicketRow {
            channel,
            tier,
            language,
            customer,
            attributes,
            opened_at: at.at,
            clock_started: if facts.response.started() { at.position } else { Position::ZERO },
            clock_started_after: 0,
            first_response: Position::ZERO,
            first_response_after: 0,
            first_reply: Position::ZERO,
            second_reply: Position::ZERO,
            first_reopening: Position::ZERO,
            by_agent: matches!(opened.by, Some(Actor::Agent(_))),
            class: facts.class,
            last_span: facts.span,
        });
        Ok(())
    }

    /// Begins a new span where the event changed what the ticket does or a dimension.
    fn turn_span(&mut self, at: &At, ticket: &mut TicketFacts) -> Result<(), TooMany> {
        let (before, now) = (self.before, (ticket.doing, ticket.in_force));
        if before != now {
            ticket.span = self.begin_span(at, Some(ticket.span), ticket.doing, &ticket.in_force)?;
            self.passed(at, Milestone::Turned(ticket.span));
            if before.0 != now.0 {
                self.note_stretch(at, ticket);
            }
        }
        Ok(())
    }

    /// A new span, where they are kept.
    #[inline]
    fn begin_span(
        &mut self,
        at: &At,
        previous: Option<SpanNumber>,
        doing: Doing,
        in_force: &InForce,
    ) -> Result<SpanNumber, TooMany> {
        if !self.batch.spans.is_kept() {
            return Ok(0);
        }
        let number = self.next.span()?;
        let At { ticket, at, position } = *at;
        self.batch.spans.push(spans::Turn { number, previous, ticket, at, doing, in_force: *in_force, position });
        Ok(number)
    }

    /// Remembers what the ticket does from now on, where a definition will want to count it by a schedule in force later.
    #[inline]
    fn note_stretch(&self, at: &At, ticket: &mut TicketFacts) {
        if self.counts_at_end {
            ticket.stretches.push(Stretch { doing: ticket.doing, from: at.at });
        }
    }

    /// Writes down that the ticket passed something.
    // Always: of each milestone little is left where it is known.
    #[inline(always)]
    fn passed(&mut self, &At { ticket, position, .. }: &At, milestone: Milestone) {
        self.batch.pass(Passed { ticket, position, milestone });
    }

    /// Ends the runs that the event ended without a value, and begins those it began; where they are kept.
    fn turn_runs(&mut self, at: &At, ticket: &mut TicketFacts) -> Result<(), TooMany> {
        let runs = ticket.runs;
        let (first, next) = (ticket.response.first_since(), ticket.response.next_since(self.folded));
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

    /// The run that counts from `since`: the one there is, else a new one. One that ended with a value was ended where
    /// that was measured.
    fn turn_run(
        &mut self,
        at: &At,
        metric: TargetMetric,
        run: Option<RunFacts>,
        since: Option<Micros>,
        left: RunEnd,
    ) -> Result<Option<RunFacts>, TooMany> {
        if run.map(|run| run.started) == since {
            return Ok(run);
        }
        self.end_run(at, run, left);
        let Some(started) = since else { return Ok(None) };
        let At { ticket, at: since, position } = *at;
        self.batch.runs.push(runs::Turn::Began { metric, ticket, started, since, position });
        Ok(Some(RunFacts { number: self.next.run()?, started }))
    }

    /// Ends a run, if there is one and it goes on.
    #[inline]
    fn end_run(&mut self, &At { at, position, .. }: &At, run: Option<RunFacts>, how: RunEnd) {
        if let Some(RunFacts { number, .. }) = run {
            self.batch.runs.push(runs::Turn::Ended { number, at, how, position });
        }
    }

    #[inline(always)]
    fn assigned(&mut self, at: &At, ticket: &mut TicketFacts, agent: Option<Text<'_>>) -> Result<(), TooMany> {
        let agent = match agent {
            Some(agent) => self.dimensions.agents.wide(agent)?,
            None => 0,
        };
        // What passed before is no part of a clock that starts now.
        ticket.count_until(at.at, &self.clocks());
        ticket.in_force.agent = agent;
        if agent != 0 {
            ticket.response.assigned(at.at, self.folded);
        }
        Ok(())
    }

    fn transferred(
        &mut self,
        at: &At,
        ticket: &mut TicketFacts,
        transferred: &TicketTransferred<'_>,
    ) -> Result<(), TooMany> {
        let left = ticket.in_force;
        let to_branch = if self.names.branches { transferred.branch } else { Change::Keep };
        let branch = changed(left.branch, to_branch, &mut self.dimensions.branches)?;
        let department = changed(left.department, transferred.department, &mut self.dimensions.departments)?;
        let previous = ticket.last_transferred.replace(at.at);
        self.batch.transfers.measure(|| (at.moment(left), Transfer { previous, to: department }));
        ticket.count_until(at.at, &self.clocks());
        if department != left.department && ticket.doing.is_open() {
            let took = self.open_since(at, ticket, ticket.stay_begun);
            self.batch.stays.measure(|| (at.moment(left), Stay { took, closing: None }));
            ticket.stay_begun = Begun { at: at.at, counted: ticket.spent.open(&self.folded.resolution) };
        }
        ticket.in_force = InForce { branch, department, ..left };
        if self.folded.chosen == ScheduleChosen::AtEachMoment {
            ticket.class = self.clocks().class(&ticket.in_force);
        }
        Ok(())
    }

    /// What the resolutions' clock counts of the time open since a beginning.
    fn open_since(&self, at: &At, ticket: &TicketFacts, begun: Begun) -> Micros {
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
    fn spent_since(&self, at: &At, ticket: &TicketFacts, since: Micros) -> Spent {
        let clocks = self.clocks();
        let class = clocks.class(&ticket.in_force);
        let mut spent = Spent::default();
        let ends = ticket.stretches.iter().skip(1).map(|next| next.from).chain([at.at]);
        for (Stretch { doing, from }, to) in ticket.stretches.iter().zip(ends).filter(|(_, to)| since < *to) {
            spent.add(*doing, clocks.passed(class, since.max(*from), to));
        }
        spent
    }

    /// How long what a reply ended took, on its clock.
    #[inline]
    fn took(&self, at: &At, ticket: &TicketFacts, took: Took, measure: &Measure) -> Micros {
        if !self.is_counted_at_end(measure) {
            return took.counted;
        }
        let spent = self.spent_since(at, ticket, took.started);
        spent.open(measure) + spent.of(Doing::Closed, measure.clock)
    }

    fn priority_changed(&mut self, at: &At, ticket: &mut TicketFacts, priority: u8) {
        ticket.in_force.priority = priority.saturating_add(1);
        self.batch.priority_changes.measure(|| (at.moment(ticket.in_force), PriorityChange {}));
    }

    #[inline(always)]
    fn replied(&mut self, at: &At, ticket: &mut TicketFacts, reply: &ReplyPosted<'_>) -> Result<(), TooMany> {
        let (by, agent) = self.actor(reply.by)?;
        let public = reply.visibility == Visibility::Public.code();
        if self.batch.ratings.is_kept() {
            let rateable = agent.filter(|_| public).map(|agent| ticket.in_force.with_agent(agent));
            ticket.replies.push(ReplyFacts { rateable, rating: None });
        }
        if !public {
            return Ok(());
        }
        if by == ActorKind::Customer {
            ticket.customer_wrote(at.at, &self.clocks());
            return Ok(());
        }
        if let Some(agent) = agent {
            self.agent_replied(at, ticket, agent)?;
        }
        self.answered(at, ticket, agent.map_or(Replier::Automation, Replier::Agent));
        Ok(())
    }

    /// A public reply by an agent.
    #[inline(always)]
    fn agent_replied(&mut self, at: &At, ticket: &mut TicketFacts, agent: u32) -> Result<(), TooMany> {
        if self.keeps_repliers {
            ticket.repliers = self.dimensions.with_agent(ticket.repliers, agent)?;
        }
        self.batch.public_replies.measure(|| (at.moment(ticket.in_force.with_agent(agent)), PublicReply {}));
        match ticket.public_agent_replies {
            0 => self.passed(at, Milestone::FirstReply),
            1 => self.passed(at, Milestone::SecondReply),
            _ => {}
        }
        Ok(())
    }

    /// A public reply that may be a response.
    #[inline(always)]
    fn answered(&mut self, at: &At, ticket: &mut TicketFacts, by: Replier) {
        let ended = ticket.replied(at.at, by, &self.clocks());
        let folded = self.folded;
        let (moment, assignee) = (|| at.moment(ticket.in_force.with_agent(by.agent())), ticket.in_force.agent);
        match ended {
            Ended::First(response) => {
                let (started, took) = (response.started, self.took(at, ticket, response, &folded.first_response));
                self.batch.first_responses.measure(|| (moment(), FirstResponse { started, took, assignee }));
                self.passed(at, Milestone::FirstResponse(at.at));
                self.end_run(at, ticket.runs.first, RunEnd::Given);
            }
            Ended::Next(response) => {
                let (started, took) = (response.started, self.took(at, ticket, response, &folded.next_response));
                self.batch.next_responses.measure(|| (moment(), NextResponse { started, took, assignee }));
                self.end_run(at, ticket.runs.next, RunEnd::Given);
            }
            Ended::Nothing => {}
        }
    }

    /// Writes down when the first-response clock started, once it has.
    fn note_clock(&mut self, at: &At, ticket: &TicketFacts) {
        if ticket.response.started() {
            self.passed(at, Milestone::ClockStarted(at.at));
        }
    }

    fn rated(&mut self, at: &At, ticket: &mut TicketFacts, rated: &ReplyRated) {
        let Some(reply) = counted_from_1(&mut ticket.replies, rated.reply) else { return };
        let Some(in_force) = reply.rateable else { return };
        let (scale, score) = (rated.rating.scale, rated.rating.score);
        ticket.last_score = Some(GivenScore { at: at.at, scale, score });
        let first = reply.rating.is_none();
        let rating = Rating { first, scale, score: score.into(), superseded: Position::ZERO };
        self.batch.ratings.measure(|| (at.moment(in_force), rating));
        if let Some(earlier) = reply.rating.replace(self.batch.rating_place(&mut self.next, at.at)) {
            self.batch.became(Became::RatingSuperseded, earlier, at.position);
        }
    }

    #[inline(always)]
    fn closed(&mut self, at: &At, ticket: &mut TicketFacts, closed: &TicketClosed<'_>) -> Result<(), TooMany> {
        let (by, closer) = self.actor(closed.by)?;
        let reason =
            if self.names.reasons { self.dimensions.reasons.small_or_none(closed.reason.as_ref())? } else { 0 };
        let form = if self.names.forms { self.dimensions.form(closed.form)? } else { 0 };
        ticket.closed(at.at, &self.clocks());
        let agent = ticket.attributed(closer);
        let in_force = InForce { agent, reason, form, ..ticket.in_force };
        let number = self.next.closing()?;
        self.batch.credits.measure(|| Credit {
            closer: agent,
            assignee: ticket.in_force.agent,
            last_replier: ticket.last_replier,
            first_replier: ticket.first_replier,
            repliers: ticket.repliers,
        });
        let (offered, with_stretches) = (closed.survey_offered, self.keeps_stretches);
        self.resolved(at, ticket, in_force, Closer { number, by, offered, with_stretches });
        let location = self.batch.closing_place(&mut self.next, at.at);
        // Put together where it will stand: pushed, it would be copied while it is still being written.
        ticket.closings.extend(std::iter::once_with(|| {
            let answers = SmallVec::new();
            ClosingFacts { location, number, in_force, answered_after: None, answers }
        }));
        ticket.last_closed = Some(at.at);
        ticket.closed_for = (reason, form);
        Ok(())
    }

    /// What a closing measures, on whatever it ends.
    #[inline(always)]
    fn resolved(&mut self, at: &At, ticket: &TicketFacts, in_force: InForce, closer: Closer) {
        let (moment, number) = (|| at.moment(in_force), closer.number);
        if self.batch.stays.is_kept() {
            let took = self.open_since(at, ticket, ticket.stay_begun);
            self.batch.stays.measure(|| (moment(), Stay { took, closing: Some(number) }));
        }
        let by_schedule;
        let spent = if self.counts_at_end {
            by_schedule = self.spent_since(at, ticket, ticket.opened_at);
            &by_schedule
        } else {
            &ticket.spent
        };
        if ticket.closings.is_empty() {
            let (started, folded) = (ticket.opened_at, self.folded);
            let measured = || FirstClosing { started, took: spent.resolution(folded), closing: number };
            self.batch.first_closings.measure(|| (moment(), measured()));
        }
        self.end_run(at, ticket.runs.full, RunEnd::Given);
        if self.batch.closings.is_kept() {
            let (started, took) = match self.folded.resolution_per {
                Per::Ticket => (ticket.opened_at, spent.resolution(self.folded)),
                Per::Cycle => (ticket.cycle_begun.at, self.open_since(at, ticket, ticket.cycle_begun)),
            };
            let closing = || closer.closing(ticket, spent, self.folded, Took { started, counted: took });
            self.batch.closings.measure(|| (moment(), closing()));
        }
    }

    fn reopened(&mut self, at: &At, ticket: &mut TicketFacts, reopened: &TicketReopened<'_>) {
        if let Some(undone) = ticket.closings.last() {
            let (previous, closing) = (ticket.last_reopened, undone.number);
            self.batch.reopenings.measure(|| (at.moment(undone.in_force), Reopening { previous, closing }));
            self.batch.became(Became::Retracted, undone.location, at.position);
        }
        ticket.last_reopened = Some(at.at);
        ticket.reopened(at.at, matches!(reopened.by, Actor::Customer), &self.clocks());
        self.passed(at, Milestone::Reopened);
    }

    /// A first answer to a closing is taken whenever it comes; a changed one until the ticket's next reopening.
    fn survey_submitted(
        &mut self,
        at: &At,
        ticket: &mut TicketFacts,
        survey: &SurveySubmitted<'_>,
    ) -> Result<(), TooMany> {
        let Some(closing) = counted_from_1(&mut ticket.closings, survey.closing) else { return Ok(()) };
        if *closing.answered_after.get_or_insert(ticket.reopenings) != ticket.reopenings {
            return Ok(());
        }
        self.batch.became(Became::Answered, closing.location, at.position);
        let moment = at.moment(closing.in_force);
        let mut given = |field, scale, score, choices| {
            let first = closing.answers.iter().all(|(answered, _)| *answered != field);
            let superseded = Position::ZERO;
            let answer = Answer { closing: closing.number, first, field, scale, score, choices, superseded };
            self.batch.answers.measure(|| (moment, answer));
            if let Some(earlier) = supersede(closing, field, self.batch.answer_place(&mut self.next, at.at)) {
                self.batch.became(Became::AnswerSuperseded, earlier, at.position);
            }
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
        for (question, score) in survey.questions.iter() {
            given(AnsweredField::Question(self.dimensions.questions.wide(question)?), 0, score, 0);
        }
        for (question, choices) in survey.choices.iter() {
            let question = self.dimensions.questions.wide(question)?;
            given(AnsweredField::Choice(question), 0, 0, self.dimensions.choice_set(&choices)?);
        }
        Ok(())
    }

    /// What kind of actor it is, and the agent's number.
    #[inline(always)]
    fn actor(&mut self, actor: Actor<'_>) -> Result<(ActorKind, Option<u32>), TooMany> {
        Ok(match actor {
            Actor::Agent(agent) => (ActorKind::Agent, Some(self.dimensions.agents.wide(agent)?)),
            Actor::Customer => (ActorKind::Customer, None),
            Actor::Automation(_) => (ActorKind::Automation, None),
        })
    }
}

/// Whether durations are measured once they end, by the schedule that is in force then.
pub(super) fn counts_at_end(clocks_run: ClocksRun, folded: &Folded) -> bool {
    clocks_run == ClocksRun::Both && folded.chosen == ScheduleChosen::AtEnd
}

/// Which closing it is, who closed, and whether a survey was offered.
#[derive(Clone, Copy)]
struct Closer {
    number: u32,
    by: ActorKind,
    offered: bool,
    /// Whether it is kept how long the ticket was in each state.
    with_stretches: bool,
}

impl Closer {
    /// What the closing measures.
    #[inline]
    fn closing(self, ticket: &TicketFacts, spent: &Spent, folded: &Folded, full: Took) -> Closing {
        let Self { number, by, offered, with_stretches } = self;
        let of = |doing| if with_stretches { spent.of(doing, folded.clock) } else { 0 };
        Closing {
            number,
            by,
            offered,
            previous: ticket.last_closed,
            started: full.started,
            took: full.counted,
            open: if with_stretches { spent.open(&folded.resolution) } else { 0 },
            agent_work: of(Doing::WaitingForAgent),
            waiting_for_customer: of(Doing::WaitingForCustomer),
            held_for_customer: of(Doing::HeldForCustomer),
            held_for_third_party: of(Doing::HeldForThirdParty),
            replies: ticket.public_agent_replies,
            retracted: Position::ZERO,
            answered: Position::ZERO,
        }
    }
}

/// Puts the answer at `location` in the place of the earlier one to the same field, and answers where that one is.
fn supersede(closing: &mut ClosingFacts, field: AnsweredField, location: Location) -> Option<Location> {
    match closing.answers.iter_mut().find(|(answered, _)| *answered == field) {
        Some((_, last)) => Some(std::mem::replace(last, location)),
        None => {
            closing.answers.push((field, location));
            None
        }
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
