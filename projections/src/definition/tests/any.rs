//! Definitions of every kind, each valid.

use crate::definition::document::*;
use crate::definition::figures::{LEADERBOARD, OVERVIEW, paths};
use chrono::{Days, NaiveDate};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeMap;

/// Any valid definition.
pub(crate) fn any_definition() -> impl Strategy<Value = Definition> {
    (any_frame(), any_times(), any_opinion(), any_rest()).prop_map(|(frame, times, opinion, rest)| {
        let (name, time_zone, calendar, week_start, dated_by, attribution, voided) = frame;
        let (clock, pauses, first_response, next_response, resolution, schedule) = times;
        let (csat, ces, one_touch, leaderboard, review) = opinion;
        let (goals, schedules, targets) = rest;
        Definition {
            name,
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
            schedule,
            csat,
            ces,
            one_touch,
            voided,
            leaderboard,
            review,
            goals,
            schedules,
            targets,
        }
    })
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "office", "HD-1", "support.2", "تهران", "می\u{200C}خواهم", "۱۴۰۴:۱"]).prop_map(ToOwned::to_owned)
}

fn names() -> impl Strategy<Value = Vec<String>> {
    btree_set(name(), 0..3).prop_map(|names| names.into_iter().collect())
}

fn zone() -> impl Strategy<Value = Zone> {
    select(vec!["UTC", "Asia/Tehran", "Europe/Berlin", "America/New_York", "Pacific/Apia"])
        .prop_map(|zone| zone.parse().unwrap())
}

fn pauses() -> impl Strategy<Value = Vec<Pause>> {
    subsequence(Pause::ALL.to_vec(), 0..=Pause::ALL.len())
}

fn within() -> impl Strategy<Value = Within> {
    let unit = select(vec![Unit::Seconds, Unit::Minutes, Unit::Hours, Unit::Days, Unit::BusinessDays]);
    (1..=1_000_u32, unit).prop_map(|(amount, unit)| Within { amount, unit })
}

prop_compose! {
    fn any_frame()(
        name in name(), zone in zone(), calendar in word(CalendarName::ALL), week_start in word(WeekStart::ALL),
        dated_by in word(DatedBy::ALL), attribution in word(Attribution::ALL), voided in word(Voided::ALL),
    ) -> (String, Zone, CalendarName, WeekStart, DatedBy, Attribution, Voided) {
        (name, zone, calendar, week_start, dated_by, attribution, voided)
    }
}

prop_compose! {
    fn any_first_response()(
        counts in word(Repliers::ALL), starts in word(ResponseStarts::ALL), opened_by_agent in word(OpenedByAgent::ALL),
        per in word(Per::ALL), credited_to in word(CreditedTo::ALL), clock in option::of(word(Clock::ALL)),
        pauses in option::of(pauses()),
    ) -> FirstResponseRules {
        FirstResponseRules { counts, starts, opened_by_agent, per, credited_to, clock, pauses }
    }
}

prop_compose! {
    fn any_resolution()(
        ends in word(ResolutionEnds::ALL), excludes in subsequence(Excluded::ALL.to_vec(), 0..=1), per in word(Per::ALL),
        clock in option::of(word(Clock::ALL)), pauses in option::of(pauses()),
    ) -> ResolutionRules {
        ResolutionRules { ends, excludes, per, clock, pauses }
    }
}

type Times = (Clock, Vec<Pause>, FirstResponseRules, NextResponseRules, ResolutionRules, ScheduleRules);

prop_compose! {
    fn any_times()(
        clock in word(Clock::ALL), pauses in pauses(), first in any_first_response(), ended_by in word(Repliers::ALL),
        next in (option::of(word(Clock::ALL)), option::of(pauses())), resolution in any_resolution(),
        chosen in word(ScheduleChosen::ALL),
    ) -> Times {
        let next = NextResponseRules { ended_by, clock: next.0, pauses: next.1 };
        (clock, pauses, first, next, resolution, ScheduleRules { chosen })
    }
}

type Opinion = (CsatRules, CesRules, OneTouchRules, LeaderboardRules, ReviewRules);

prop_compose! {
    fn any_opinion()(
        source in word(CsatSource::ALL), answer in word(CsatAnswer::ALL), four in 2..=4_u8, five in 2..=5_u8,
        better in word(CesBetter::ALL), counts in word(OneTouchCounts::ALL), rank_by in select(paths(LEADERBOARD)),
        minimum_answers in 0..1_000_000_u64,
        stale_after in within().prop_filter("a duration", |within| within.unit != Unit::BusinessDays),
    ) -> Opinion {
        let csat = CsatRules { source, answer, positive_from: PositiveFrom { binary: 1, four, five } };
        let leaderboard = LeaderboardRules { rank_by, minimum_answers };
        (csat, CesRules { better }, OneTouchRules { counts }, leaderboard, ReviewRules { stale_after })
    }
}

type Rest = (Vec<Goal>, Vec<Schedule>, Vec<Target>);

prop_compose! {
    fn any_rest()(
        goals in btree_map(select(paths(OVERVIEW)), any_bound(), 0..4), schedules in vec(any_schedule(), 0..3),
        targets in vec(any_target(), 0..4),
    ) -> Rest {
        let goal = |(value, (at_least, at_most))| Goal { value, at_least, at_most };
        let mut schedules = schedules;
        for (n, schedule) in schedules.iter_mut().enumerate() {
            schedule.name = format!("{}-{n}", schedule.name);
        }
        (goals.into_iter().map(goal).collect(), schedules, targets)
    }
}

fn any_bound() -> impl Strategy<Value = (Option<Bound>, Option<Bound>)> {
    (any::<bool>(), -1_000_000_000_000_000..=1_000_000_000_000_000_i64).prop_map(|(least, millionths)| {
        let bound = Some(Bound { millionths });
        if least { (bound, None) } else { (None, bound) }
    })
}

prop_compose! {
    fn any_target()(
        metric in word(TargetMetric::ALL), within in within(), departments in names(), branches in names(),
        tiers in names(), priorities in subsequence(PriorityName::ALL.to_vec(), 0..=4),
    ) -> Target {
        Target { metric, within, priorities, departments, branches, tiers }
    }
}

/// Hours of one day that touch at most; none beyond its midnight but a last night shift until 01:00 at the latest.
fn day_hours() -> impl Strategy<Value = Vec<Hours>> {
    // Of a rising list of minutes each two are an interval; all begin after one in the morning.
    btree_set(61..=1440_u16, 2..6).prop_map(|edges| {
        let edges: Vec<_> = edges.into_iter().collect();
        edges.chunks_exact(2).map(|pair| Hours { from: pair[0], to: pair[1] }).collect()
    })
}

fn night() -> impl Strategy<Value = Option<Hours>> {
    option::of((1_u16..=60).prop_map(|until| Hours { from: 1439, to: 1440 + until }))
}

fn any_day() -> impl Strategy<Value = Vec<Hours>> {
    (day_hours(), night()).prop_map(|(mut hours, night)| {
        hours.extend(night.filter(|night| hours.iter().all(|day| day.to <= night.from)));
        hours
    })
}

fn dates() -> impl Strategy<Value = BTreeMap<NaiveDate, Vec<Hours>>> {
    btree_map(date(), any_day(), 0..3)
}

fn date() -> impl Strategy<Value = NaiveDate> {
    (0..5000_u64).prop_map(|days| NaiveDate::from_ymd_opt(2019, 1, 1).unwrap() + Days::new(days))
}

fn holidays() -> impl Strategy<Value = Vec<Holiday>> {
    let dated = date().prop_map(Holiday::Date);
    let yearly = (1..=12_u8, 1..=29_u8).prop_map(|(month, day)| Holiday::Yearly { month, day });
    btree_set(prop_oneof![dated, yearly], 0..5).prop_map(|holidays| holidays.into_iter().collect())
}

prop_compose! {
    fn any_schedule()(
        name in name(), time_zone in zone(), calendar in word(CalendarName::ALL), branches in names(),
        departments in names(), validity in btree_set(date(), 0..3),
        weekly in btree_map(word(Weekday::ALL), any_day(), 1..8), holidays in holidays(),
        breaks in dates(), special in dates(),
    ) -> Schedule {
        let mut validity = validity.into_iter();
        let (from, until) = (validity.next(), validity.next());
        Schedule { name, time_zone, calendar, branches, departments, from, until, weekly, holidays, breaks, special }
    }
}
