//! Random definitions, histories and questions, all of them valid.

use super::rows::Asked;
use crate::definition::document::{
    Attribution, CalendarName, CesBetter, CesRules, Clock, CreditedTo, CsatAnswer, CsatRules, CsatSource, DatedBy,
    Definition, Excluded, FirstResponseRules, Holiday, LeaderboardRules, NextResponseRules, OneTouchCounts,
    OneTouchRules, OpenedByAgent, Pause, Per, PositiveFrom, PriorityName, Repliers, ResolutionEnds, ResolutionRules,
    ResponseStarts, Schedule, ScheduleChosen, ScheduleRules, Target, TargetMetric, Voided, WeekStart, Weekday, Within,
    Zone,
};
use crate::report::periods::Interval;
use crate::test_support::{Answers, Entry, Story, Who, minutes};
use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeMap;
use std::fmt::Debug;

const AGENTS: [&str; 3] = ["sara", "reza", "mina"];
const DEPARTMENTS: [Option<&str>; 4] = [Some("technical"), Some("billing"), Some("support"), None];
const BRANCHES: [&str; 2] = ["tehran", "shiraz"];
const TAGS: [&str; 3] = ["login", "refund", "vip"];
const TICKETS: usize = 4;

/// By which figures agents may be ranked.
const RANKED_BY: [&str; 6] =
    ["csat.low95", "csat.mean_score", "closed", "public_replies", "reply_rating.percent", "one_touch_rate.percent"];

/// One of the words of a switch, the default most often.
fn word<T: Copy + Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop_oneof![2 => Just(all[0]), 3 => select(all)]
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn pauses() -> impl Strategy<Value = Vec<Pause>> {
    prop_oneof![2 => Just(Vec::new()), 3 => subsequence(Pause::ALL.to_vec(), 1..=3)]
}

fn own_clock() -> impl Strategy<Value = (Option<Clock>, Option<Vec<Pause>>)> {
    (prop::option::weighted(0.3, word(Clock::ALL)), prop::option::weighted(0.3, pauses()))
}

fn first_response() -> impl Strategy<Value = FirstResponseRules> {
    let switches = (
        word(Repliers::ALL),
        word(ResponseStarts::ALL),
        word(OpenedByAgent::ALL),
        word(Per::ALL),
        word(CreditedTo::ALL),
        own_clock(),
    );
    switches.prop_map(|(counts, starts, opened_by_agent, per, credited_to, (clock, pauses))| FirstResponseRules {
        counts,
        starts,
        opened_by_agent,
        per,
        credited_to,
        clock,
        pauses,
    })
}

fn next_response() -> impl Strategy<Value = NextResponseRules> {
    let switches = (word(Repliers::ALL), own_clock());
    switches.prop_map(|(ended_by, (clock, pauses))| NextResponseRules { ended_by, clock, pauses })
}

fn resolution() -> impl Strategy<Value = ResolutionRules> {
    let excludes = prop_oneof![Just(vec![]), Just(vec![Excluded::ClosedSpans])];
    let switches = (word(ResolutionEnds::ALL), excludes, word(Per::ALL), own_clock());
    switches.prop_map(|(ends, excludes, per, (clock, pauses))| ResolutionRules { ends, excludes, per, clock, pauses })
}

fn csat() -> impl Strategy<Value = CsatRules> {
    let positive_from =
        (0..=1u8, 1..=4u8, 1..=5u8).prop_map(|(binary, four, five)| PositiveFrom { binary, four, five });
    let positive_from = prop_oneof![Just(PositiveFrom::default()), positive_from];
    (word(CsatSource::ALL), word(CsatAnswer::ALL), positive_from)
        .prop_map(|(source, answer, positive_from)| CsatRules { source, answer, positive_from })
}

fn zone() -> impl Strategy<Value = Zone> {
    select(vec!["UTC", "Asia/Tehran", "Europe/Paris"]).prop_map(|zone| zone.parse().unwrap())
}

/// A date of the months in which histories lie, changes of clocks among them.
fn date() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![
        3 => (0..150u64).prop_map(|days| NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(days)),
        1 => select(vec![(2026, 3, 29), (2026, 3, 28), (2026, 3, 21), (2026, 2, 28)])
            .prop_map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap()),
    ]
}

fn holiday() -> impl Strategy<Value = Holiday> {
    prop_oneof![
        3 => date().prop_map(Holiday::Date),
        1 => (1..=12u8, 1..=28u8).prop_map(|(month, day)| Holiday::Yearly { month, day }),
    ]
}

/// Hours of a day that do not overlap, on any day after any other.
fn hours() -> impl Strategy<Value = Vec<&'static str>> {
    select(vec![
        vec!["08:00-16:00"],
        vec!["09:00-12:30", "13:00-18:00"],
        vec!["22:00-06:00"],
        vec!["00:00-24:00"],
        vec!["00:00-01:30", "02:30-05:00", "20:15-24:00"],
        vec!["10:00-14:00", "20:00-02:00"],
    ])
}

fn dated(
    hours: Vec<&'static str>,
) -> impl Strategy<Value = BTreeMap<NaiveDate, Vec<crate::definition::document::Hours>>> {
    let parsed: Vec<_> = hours.into_iter().map(|hours| hours.parse().unwrap()).collect();
    prop::collection::btree_map(date(), Just(parsed), 0..3)
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let of = (
        subsequence(BRANCHES.to_vec(), 0..=1),
        subsequence(vec!["technical", "billing", "support"], 0..=2),
        prop::option::weighted(0.3, date()),
        prop::option::weighted(0.3, date()),
        zone(),
        word(CalendarName::ALL),
    );
    let when = (
        hours(),
        subsequence(Weekday::ALL.to_vec(), 2..=7),
        prop::collection::vec(holiday(), 0..4),
        dated(vec!["11:00-12:00", "23:00-01:00"]),
        dated(vec!["10:00-12:00", "13:30-14:00"]),
    );
    (of, when).prop_map(|((branches, departments, from, until, time_zone, calendar), when)| {
        let (hours, days, mut holidays, breaks, special) = when;
        let hours: Vec<_> = hours.into_iter().map(|hours| hours.parse().unwrap()).collect();
        holidays.sort_unstable();
        holidays.dedup();
        Schedule {
            name: String::new(),
            time_zone,
            calendar,
            branches: owned(branches),
            departments: owned(departments),
            from,
            until: until.filter(|until| from.is_none_or(|from| from <= *until)),
            weekly: days.into_iter().map(|day| (day, hours.clone())).collect(),
            holidays,
            breaks,
            special,
        }
    })
}

fn schedules() -> impl Strategy<Value = Vec<Schedule>> {
    prop::collection::vec(schedule(), 0..=3).prop_map(|mut schedules| {
        schedules.iter_mut().zip(1..).for_each(|(schedule, n)| schedule.name = format!("s{n}"));
        schedules
    })
}

/// Targets in units of time, and in business days.
fn target() -> impl Strategy<Value = Target> {
    let within = select(vec!["30m", "2h", "8h", "1d", "3d", "20d", "1bd", "3bd"])
        .prop_map(|within| within.parse::<Within>().unwrap());
    let for_whom = (
        subsequence(PriorityName::ALL.to_vec(), 0..=2),
        subsequence(vec!["technical", "billing"], 0..=1),
        subsequence(BRANCHES.to_vec(), 0..=1),
        prop::bool::weighted(0.2),
    );
    (select(TargetMetric::ALL), within, for_whom).prop_map(
        |(metric, within, (priorities, departments, branches, gold))| Target {
            metric,
            within,
            priorities,
            departments: owned(departments),
            branches: owned(branches),
            tiers: if gold { vec!["gold".to_owned()] } else { vec![] },
        },
    )
}

fn leaderboard() -> impl Strategy<Value = LeaderboardRules> {
    let ranked_by = prop_oneof![Just("csat.low95"), select(RANKED_BY.to_vec())];
    (ranked_by, 0..3u64).prop_map(|(by, minimum_answers)| LeaderboardRules { rank_by: by.to_owned(), minimum_answers })
}

/// A valid definition; whatever it is named, nobody reads that.
pub(crate) fn any_definition() -> impl Strategy<Value = Definition> {
    let top = (zone(), word(CalendarName::ALL), word(WeekStart::ALL), word(Clock::ALL), pauses(), word(DatedBy::ALL));
    let sections = (first_response(), next_response(), resolution(), word(ScheduleChosen::ALL), csat());
    let asked = (
        word(Attribution::ALL),
        word(CesBetter::ALL),
        word(OneTouchCounts::ALL),
        word(Voided::ALL),
        leaderboard(),
        schedules(),
        prop::collection::vec(target(), 0..5),
    );
    (top, sections, asked).prop_map(|(top, sections, asked)| {
        let (time_zone, calendar, week_start, clock, pauses, dated_by) = top;
        let (first_response, next_response, resolution, chosen, csat) = sections;
        let (attribution, better, counts, voided, leaderboard, schedules, mut targets) = asked;
        // Which hours move a due moment when they change in the middle is worked out by hand alone.
        let in_days = |target: &&mut Target| target.within.business_days().is_some();
        if chosen == ScheduleChosen::AtEachMoment {
            targets.iter_mut().filter(in_days).for_each(|target| target.within = Within::days(1));
        }
        Definition {
            time_zone,
            calendar,
            week_start,
            clock,
            pauses,
            dated_by,
            attribution,
            first_response,
            next_response,
            resolution,
            schedule: ScheduleRules { chosen },
            csat,
            ces: CesRules { better },
            one_touch: OneTouchRules { counts },
            voided,
            leaderboard,
            schedules,
            targets,
            ..Definition::default()
        }
    })
}

/// One step of a random history: on which ticket, what kind of event, two numbers to vary it, seconds since its last.
type Step = (usize, u8, u8, u8, i64);

pub(crate) fn any_history() -> impl Strategy<Value = Vec<Entry>> {
    // Whole hours and days fall on openings, on the ends of periods and on the bounds of ages.
    let hour = 3600;
    let gap = prop_oneof![
        2 => Just(0),
        3 => 1..8 * hour,
        2 => (1..48i64).prop_map(move |hours| hours * hour),
        1 => Just(24 * hour),
        1 => (3..25i64).prop_map(move |days| days * 24 * hour),
    ];
    let step = (0..TICKETS, 0..32u8, any::<u8>(), any::<u8>(), gap);
    prop::collection::vec(step, 0..70).prop_map(|steps| {
        let mut tickets: [Sketch; TICKETS] = std::array::from_fn(|_| Sketch::default());
        steps.into_iter().map(|step| entry(&mut tickets[step.0], step)).collect()
    })
}

/// What the next event of a ticket may refer to.
#[derive(Default)]
struct Sketch {
    seconds: i64,
    exists: bool,
    closed: bool,
    replies: u32,
    closings: u32,
}

fn entry(ticket: &mut Sketch, (number, kind, a, b, gap): Step) -> Entry {
    ticket.seconds += gap;
    let story = if ticket.exists { story(ticket, kind, a, b) } else { opening(a, b) };
    ticket.exists = true;
    match story {
        Story::Closed { .. } => (ticket.closed, ticket.closings) = (true, ticket.closings + 1),
        Story::Reopened(_) => ticket.closed = false,
        Story::Replied(_) | Story::Noted(_) => ticket.replies += 1,
        _ => {}
    }
    Entry { ticket: u32::try_from(number).unwrap(), at: minutes(0) + ticket.seconds * 1_000_000, story }
}

fn opening(a: u8, b: u8) -> Story {
    let tags = TAGS.into_iter().enumerate().filter(|(n, _)| b >> n & 1 == 1).map(|(_, tag)| tag).collect();
    Story::Opened { by: who(a), department: DEPARTMENTS[usize::from(b) % 4], tags }
}

fn story(ticket: &Sketch, kind: u8, a: u8, b: u8) -> Story {
    let agent = AGENTS[usize::from(b) % 3];
    match kind {
        0 | 1 => Story::Assigned((!a.is_multiple_of(4)).then_some(agent)),
        2 | 3 => Story::Transferred(DEPARTMENTS[usize::from(a) % 4]),
        4 => Story::Moved(BRANCHES[usize::from(a) % 2]),
        5 => Story::Priority(a % 4),
        6 => Story::Tags { added: vec![TAGS[usize::from(a) % 3]], removed: vec![TAGS[usize::from(b) % 3]] },
        7..=13 => Story::Replied(who(a)),
        14 => Story::Noted(agent),
        15 | 16 if ticket.replies > 0 => {
            Story::Rated { reply: 1 + u32::from(a) % ticket.replies, satisfied: b.is_multiple_of(2) }
        }
        17 | 18 => Story::HeldForCustomer,
        19 => Story::HeldForThirdParty,
        20 | 21 => Story::Resumed,
        22..=27 if ticket.closed => Story::Reopened(who(a)),
        22..=26 => Story::Closed {
            by: who(a),
            offered: b.is_multiple_of(2),
            reason: [None, Some("solved"), Some("spam")][usize::from(b) % 3],
        },
        28..=30 if ticket.closings > 0 => {
            Story::Answered { closing: 1 + u32::from(a) % ticket.closings, answers: answers(a, b) }
        }
        31 if a.is_multiple_of(3) => Story::Voided,
        31 => Story::Restored,
        _ => Story::Replied(who(b)),
    }
}

fn who(a: u8) -> Who {
    match a % 8 {
        0..=2 => Who::Agent(AGENTS[usize::from(a) % 3]),
        3..=5 => Who::Customer,
        _ => Who::Automation,
    }
}

fn answers(a: u8, b: u8) -> Answers {
    let scores = [(0, b % 2), (1, 1 + b % 4), (2, 1 + b % 5)];
    let questions = [("quality", (1 + b % 5).into()), ("speed", (1 + a % 5).into())];
    let ticked = if b.is_multiple_of(2) { vec!["ad", "friend"] } else { vec![] };
    Answers {
        overall: (!a.is_multiple_of(3)).then_some(scores[usize::from(b) % 3]),
        questions: if a.is_multiple_of(3) { questions.to_vec() } else { vec![] },
        choices: if a.is_multiple_of(5) { vec![("heard_from", ticked)] } else { vec![] },
        nps: b.is_multiple_of(3).then_some(a % 11),
        ces: b.is_multiple_of(4).then_some(1 + a % 7),
    }
}

/// What reports are asked, but which one and by what.
pub(in crate::report) fn any_asked() -> impl Strategy<Value = Asked> {
    let day = || prop::option::of((0..150i64, prop_oneof![Just(0), 0..1440i64]));
    let instant = |(day, minute)| minutes(day * 1440 + minute);
    let interval = prop_oneof![3 => Just(None), 4 => select(Interval::ALL[1..].to_vec()).prop_map(Some)];
    let filter = select(vec![
        ("department", vec![Some("billing")]),
        ("department", vec![None, Some("technical")]),
        ("agent", vec![Some("sara")]),
        ("agent", vec![Some("mina"), None]),
        ("branch", vec![Some("tehran")]),
        ("tag", vec![Some("vip")]),
        ("closing_reason", vec![None]),
        ("customer_tier", vec![Some("gold")]),
    ]);
    let within = prop::option::weighted(0.2, select(vec![3_600_000_000, 86_400_000_000]));
    (day(), day(), day(), interval, prop::option::weighted(0.4, filter), within).prop_map(
        move |(from, to, at, interval, filter, within)| {
            let (from, to) = (from.map(instant), to.map(instant));
            let to = to.filter(|to| from.is_none_or(|from| from < *to));
            let filters = filter.into_iter().collect();
            Asked { from, to, at: at.map(instant), within, interval, filters, ..Asked::default() }
        },
    )
}
