//! Every field of a running state, walked over in one order, for packing.

use super::packing::Walk;
use super::{
    AnsweredField, Begun, ClosingFacts, Doing, GivenScore, InForce, Micros, ReplyFacts, Response, RunFacts, RunsOf,
    Spent, Stretch, TicketFacts,
};
use crate::business_time::ScheduleClass;
use crate::measurements::places::Location;
use smallvec::SmallVec;

impl InForce {
    /// Its values, those that are most often like others only where they are not.
    fn walk(&mut self, walk: &mut impl Walk, like: Self) {
        let Self { agent, reason, form, .. } = *self;
        let mut differs = *self != Self { agent, reason, form, ..like };
        walk.cell(&mut differs);
        walk.cell(&mut self.agent);
        walk.cell(&mut self.reason);
        walk.cell(&mut self.form);
        let Self { branch, department, priority, tags, .. } = self;
        if differs {
            walk.cell(branch);
            walk.cell(department);
            walk.cell(priority);
            walk.cell(tags);
        } else {
            (*branch, *department, *priority, *tags) = (like.branch, like.department, like.priority, like.tags);
        }
    }
}

impl Location {
    fn walk(&mut self, walk: &mut impl Walk) {
        walk.cell(&mut self.chunk);
        walk.cell(&mut self.row);
    }
}

impl ReplyFacts {
    const BLANK: Self = Self { rateable: None, rating: None };

    fn walk(&mut self, walk: &mut impl Walk, now: InForce) {
        walk.option(&mut self.rateable, InForce::default, |walk, in_force| in_force.walk(walk, now));
        walk.option(&mut self.rating, || Location::NOWHERE, |walk, location| location.walk(walk));
    }
}

impl ClosingFacts {
    fn blank() -> Self {
        let (in_force, answers) = (InForce::default(), SmallVec::new());
        Self { location: Location::NOWHERE, number: 0, in_force, answered_after: None, answers }
    }

    fn walk(&mut self, walk: &mut impl Walk, now: InForce) {
        self.location.walk(walk);
        walk.cell(&mut self.number);
        self.in_force.walk(walk, now);
        walk.cell(&mut self.answered_after);
        let blank = || (AnsweredField::Overall, Location::NOWHERE);
        walk.list(&mut self.answers, blank, |walk, (field, location)| {
            walk.cell(field);
            location.walk(walk);
        });
    }
}

impl Begun {
    fn walk(&mut self, walk: &mut impl Walk, from: Micros) {
        walk.instant(&mut self.at, from);
        walk.duration(&mut self.counted);
    }
}

impl RunFacts {
    const BLANK: Self = Self { number: 0, started: 0 };

    fn walk(&mut self, walk: &mut impl Walk, from: Micros) {
        walk.cell(&mut self.number);
        walk.instant(&mut self.started, from);
    }
}

impl Stretch {
    const BLANK: Self = Self { doing: Doing::Closed, from: 0 };

    fn walk(&mut self, walk: &mut impl Walk, from: Micros) {
        walk.cell(&mut self.doing);
        walk.instant(&mut self.from, from);
    }
}

impl TicketFacts {
    /// A state of nothing: what an opening begins with, and what is filled when a packed state is read.
    pub(crate) fn blank() -> Self {
        Self {
            version: 0,
            opened_at: 0,
            last_event_at: 0,
            doing: Doing::Closed,
            since: 0,
            doing_since: 0,
            unanswered: false,
            class: ScheduleClass::default(),
            response: Response::default(),
            spent: Spent::default(),
            cycle_begun: Begun::default(),
            stay_begun: Begun::default(),
            runs: RunsOf::default(),
            reopenings: 0,
            public_agent_replies: 0,
            in_force: InForce::default(),
            first_replier: 0,
            last_replier: 0,
            repliers: 0,
            closed_for: (0, 0),
            last_closed: None,
            last_reopened: None,
            last_transferred: None,
            last_score: None,
            replies: Vec::new(),
            closings: Vec::new(),
            stretches: Vec::new(),
            span: 0,
        }
    }

    /// Every field, in an order that never changes within a form of checkpoints.
    pub(super) fn walk(&mut self, walk: &mut impl Walk) {
        self.walk_line(walk);
        let (from, since) = (self.opened_at, self.since);
        walk.cell(&mut self.unanswered);
        walk.cell(&mut self.class);
        self.spent.walk(walk);
        self.cycle_begun.walk(walk, from);
        self.stay_begun.walk(walk, from);
        for run in [&mut self.runs.first, &mut self.runs.next, &mut self.runs.full] {
            walk.option(run, || RunFacts::BLANK, |walk, run| run.walk(walk, from));
        }
        walk.cell(&mut self.public_agent_replies);
        walk.cell(&mut self.first_replier);
        walk.cell(&mut self.last_replier);
        walk.cell(&mut self.repliers);
        for last in [&mut self.last_closed, &mut self.last_reopened, &mut self.last_transferred] {
            walk.option(last, || 0, |walk, at| walk.instant(at, since));
        }
        let now = self.in_force;
        walk.list(&mut self.replies, || ReplyFacts::BLANK, |walk, reply| reply.walk(walk, now));
        walk.list(&mut self.closings, ClosingFacts::blank, |walk, closing| closing.walk(walk, now));
        walk.list(&mut self.stretches, || Stretch::BLANK, |walk, stretch| stretch.walk(walk, from));
        walk.cell(&mut self.span);
    }

    /// The fields that [`super::LineFacts`] is made of, before all others.
    pub(super) fn walk_line(&mut self, walk: &mut impl Walk) {
        walk.number(&mut self.opened_at);
        let from = self.opened_at;
        walk.cell(&mut self.version);
        walk.instant(&mut self.since, from);
        // Most often these are the same, and so are the last closing and what happened then.
        let since = self.since;
        walk.instant(&mut self.last_event_at, since);
        walk.instant(&mut self.doing_since, since);
        walk.cell(&mut self.doing);
        self.response.walk(walk, from);
        walk.cell(&mut self.reopenings);
        self.in_force.walk(walk, InForce::default());
        walk.cell(&mut self.closed_for.0);
        walk.cell(&mut self.closed_for.1);
        let no_score = || GivenScore { at: 0, scale: 0, score: 0 };
        walk.option(&mut self.last_score, no_score, |walk, score| {
            walk.instant(&mut score.at, since);
            walk.cell(&mut score.scale);
            walk.cell(&mut score.score);
        });
    }
}
