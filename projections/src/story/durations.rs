//! Sentences about durations: from which event to which, what the clock left out, and what it counted.

use super::Seen;
use super::deed::Deed;
use super::figure::Part;
use super::measured;
use super::segments::{Segment, Why};
use super::spans::{Span, metric};
use super::tell::{Piece, Telling};
use super::words::{Closed, Name, Nth, Verdict};
use crate::business_time::zone::date_at;
use crate::definition::document::{PriorityName, Target, Within};
use crate::ticket_facts::Micros;
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

/// How many stretches are spelt out; the others are counted.
const SPELT_OUT: usize = 6;
/// How many closed stretches are spelt out; more are days of the office.
const NIGHTS: usize = 3;

impl<'a> Telling<'a> {
    /// A duration; none: there is none of that name.
    pub(super) fn duration(&mut self, name: Name) -> Option<Piece> {
        let span = self.lasted(name)?;
        let words = self.span(&span);
        Some(Piece::of_span(words, span))
    }

    /// The same, and how it stands to its target. What is no event and does not run was missed.
    pub(super) fn against_target(&mut self, name: Name, part: Part) -> Option<Piece> {
        let (span, outcome) = match self.asked.seen {
            Seen::Look { at, .. } if part != Part::Running => {
                (self.story.missed(name, at, self.until)?, Outcome::Missed)
            }
            Seen::Look { .. } | Seen::Event(_) => {
                let span = self.lasted(name)?;
                let outcome = if span.end.is_some() { Outcome::Ended } else { Outcome::Running };
                (span, outcome)
            }
        };
        let target = self.target(&span, part, outcome);
        let words = [self.span(&span)].into_iter().chain(target).collect::<Vec<_>>();
        Some(Piece::of_span(self.words.listed(&words), span))
    }

    /// What the event measured, else what it left running; what ran where it was looked at.
    fn lasted(&self, name: Name) -> Option<Span> {
        match self.asked.seen {
            Seen::Event(_) => {
                let ended = self.story.ended(name, self.index);
                ended.or_else(|| self.story.awaited(name, self.index, self.until))
            }
            Seen::Look { at, before } => self.story.running(name, at, before),
        }
    }

    fn span(&mut self, span: &Span) -> String {
        let mut clauses = Vec::new();
        clauses.extend(span.start.map(|start| self.event(start)));
        clauses.extend(self.between(&span.segments));
        clauses.push(self.end(span));
        if span.start.is_none() {
            clauses.push(self.words.before_any_start());
        }
        let total = self.words.duration(span.value, span.elapsed);
        let counted = self.words.counted(&total, &self.parts(span));
        self.words.concluded(&self.words.joined(&clauses), &counted)
    }

    fn end(&mut self, span: &Span) -> String {
        let nth = if span.name == Name::NextResponse { Nth::Next } else { Nth::First };
        let is_response = matches!(span.name, Name::FirstResponse | Name::NextResponse);
        let Some(end) = span.end else {
            let to = self.times.at(span.to);
            return if is_response { self.words.unanswered(nth, &to) } else { self.words.not_closed(&to) };
        };
        let step = &self.story.steps[end];
        let what = match &step.deed {
            Deed::Replied { by, .. } if is_response => self.words.reply(nth, by),
            deed => self.words.deed(deed),
        };
        let when = self.times.at(step.at);
        self.words.happened(&what, &when)
    }

    /// What lies between start and end, but for the counted time.
    fn between(&mut self, segments: &[Segment]) -> Vec<String> {
        let nights = segments.iter().filter(|segment| segment.why == Why::OutsideHours).count();
        let (mut clauses, mut left) = (Vec::new(), 0);
        for index in 0..segments.len() {
            for clause in self.clauses_at(segments, index, nights > NIGHTS) {
                if clauses.len() < SPELT_OUT {
                    clauses.push(self.clause(segments, index, clause));
                } else {
                    left += 1;
                }
            }
        }
        if left > 0 {
            clauses.push(self.words.more(left));
        }
        if nights > NIGHTS {
            clauses.push(self.words.office_days(self.office_days(segments)));
        }
        clauses
    }

    /// What is to be said of a segment.
    fn clauses_at(&self, segments: &[Segment], index: usize, in_days: bool) -> Vec<Clause> {
        let segment = &segments[index];
        let of_class = index.checked_sub(1).is_some_and(|before| segments[before].class != segment.class);
        let what = match segment.why {
            Why::Runs => None,
            Why::OutsideHours => (!in_days).then_some(Clause::OfficeClosed),
            Why::Doing(_) => Some(Clause::NotCounted),
        };
        of_class.then_some(Clause::OtherHours).into_iter().chain(what).collect()
    }

    fn clause(&mut self, segments: &[Segment], index: usize, clause: Clause) -> String {
        let segment = segments[index];
        match clause {
            Clause::OtherHours => {
                let department = self.department_at(segment.from);
                let from = self.times.at(segment.from);
                self.words.other_hours(department, &from)
            }
            Clause::NotCounted => {
                let (from, to) = (self.times.at(segment.from), self.times.at(segment.to));
                self.words.not_counted(segment.why, &from, &to)
            }
            Clause::OfficeClosed => {
                // An edge next to counted time is the office's; any other is that of a pause or of the whole span.
                let counted = |index: Option<usize>| index.and_then(|i| segments.get(i)).is_some_and(|s| s.counted);
                let (closes, opens) = (counted(index.checked_sub(1)), counted(Some(index + 1)));
                let closed = self.office_closed(segment, closes, opens);
                self.words.office(&closed)
            }
        }
    }

    fn office_closed(&mut self, segment: Segment, closes: bool, opens: bool) -> Closed {
        let mut by_office = |at: Micros| {
            let zone = self.office_zone(segment, at);
            self.times.by(zone, at)
        };
        match (closes, opens) {
            (true, true) => {
                let from = by_office(segment.from);
                Closed::Between(from, by_office(segment.to))
            }
            (true, false) => Closed::Since(by_office(segment.from)),
            (false, true) => Closed::Until(by_office(segment.to)),
            (false, false) => {
                let from = self.times.at(segment.from);
                Closed::Throughout(from, self.times.at(segment.to))
            }
        }
    }

    /// The zone of the hours that a segment is counted by.
    fn office_zone(&self, segment: Segment, at: Micros) -> Tz {
        let zone = self.story.state.schedules().zone(segment.class, at);
        zone.unwrap_or(self.story.definition.time_zone.0)
    }

    fn department_at(&self, at: Micros) -> Option<&'a str> {
        let story = self.story;
        let step = story.steps.partition_point(|step| step.at <= at).checked_sub(1)?;
        story.state.dimensions.departments.name(story.steps[step].in_force.department.into())
    }

    /// On how many dates the office's clocks showed counted time.
    fn office_days(&self, segments: &[Segment]) -> usize {
        let (mut days, mut next) = (0, NaiveDate::MIN);
        for segment in segments.iter().filter(|segment| segment.counted) {
            let zone = self.office_zone(*segment, segment.from);
            let (first, last) = (date_at(zone, segment.from).max(next), date_at(zone, segment.to - 1));
            days += usize::try_from((last - first).num_days() + 1).unwrap_or(0);
            next = next.max(last.checked_add_days(Days::new(1)).unwrap_or(last));
        }
        days
    }

    /// The counted stretches, where there are several and few.
    fn parts(&self, span: &Span) -> Vec<String> {
        let counted: Vec<_> = span.segments.iter().filter(|segment| segment.counted).collect();
        let nights = span.segments.iter().filter(|segment| segment.why == Why::OutsideHours).count();
        if nights > NIGHTS || !(2..=SPELT_OUT).contains(&counted.len()) {
            return Vec::new();
        }
        counted.iter().map(|segment| self.words.duration(segment.counts(), span.elapsed)).collect()
    }

    /// How a duration stands to what is asked, else to the first target that matches what is in force at its end.
    fn target(&self, span: &Span, part: Part, outcome: Outcome) -> Option<String> {
        metric(span.name)?;
        let within = self.asked.within.or_else(|| self.target_of(span))?;
        let met = match part {
            Part::Met => Some(true),
            Part::Breached => Some(false),
            Part::Running => None,
            Part::All => self.asked.met,
        };
        Some(self.words.target(within, &verdict(within, span.value, outcome, met)))
    }

    /// The first target that matches what is in force at a duration's end; none: it has none.
    pub(super) fn target_of(&self, span: &Span) -> Option<Within> {
        let metric = metric(span.name)?;
        let mut targets = self.story.definition.targets.iter().filter(|target| target.metric == metric);
        targets.find(|target| self.matches(target, span.last_seen)).map(|target| target.within)
    }

    fn matches(&self, target: &Target, index: usize) -> bool {
        let (state, in_force) = (&self.story.state, self.story.steps[index].in_force);
        let d = &state.dimensions;
        let any = |values: &[String], name: Option<&str>| {
            values.is_empty() || name.is_some_and(|name| values.iter().any(|value| value == name))
        };
        let priority = |p: &PriorityName| p.priority().code() + 1 == in_force.priority;
        (target.priorities.is_empty() || target.priorities.iter().any(priority))
            && any(&target.branches, d.branches.name(in_force.branch.into()))
            && any(&target.departments, d.departments.name(in_force.department.into()))
            && any(&target.tiers, d.tiers.name(measured::tier(state).into()))
    }
}

/// One thing to be said of a segment.
#[derive(Debug, Clone, Copy)]
enum Clause {
    OtherHours,
    OfficeClosed,
    NotCounted,
}

/// How a duration came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ended,
    Running,
    /// It did not in time, if ever.
    Missed,
}

/// Business days are judged by dates, which the report does: here it is told what it said.
fn verdict(within: Within, value: Micros, outcome: Outcome, met: Option<bool>) -> Verdict {
    let Some(left) = within.micros().map(|longest| longest - value) else {
        return Verdict::Judged(if outcome == Outcome::Missed { Some(false) } else { met });
    };
    match outcome {
        _ if left < 0 => Verdict::Breached(-left),
        // Its clock stood still at the due moment and since.
        Outcome::Missed => Verdict::Judged(Some(false)),
        Outcome::Ended => Verdict::Met(left),
        Outcome::Running => Verdict::Running(left),
    }
}
