//! When tickets are opened, and how busy the desk is then.

use super::chance::Chance;
use super::hours::{DAY, HOUR, eagerness, hour_of_week, in_seconds, local_day, local_hour, start_of_hour};
use chrono::Datelike;
use daftar_domain::Timestamp;
use std::collections::HashMap;

/// The stream of chance that arrivals are drawn from.
const STREAM: u64 = 1;
/// How many times as many tickets a day come at the end as at the beginning.
const GROWTH: f64 = 1.8;
/// A little more than the tickets of a day without load: with fewer, a day is neither busy nor idle.
const FEW: f64 = 4.0;

/// A ticket that is opened.
pub(super) struct Arrival {
    /// When.
    pub(super) at: Timestamp,
    /// How busy that day is against an ordinary one, 0.6 to 2.2.
    pub(super) load: f64,
}

/// An hour, or the part of one that is in the window, and how likely tickets come in it and all before.
struct Slot {
    from: i64,
    until: i64,
    weight_so_far: f64,
}

/// `tickets` arrivals from `from` to before `until`, in order.
pub(super) fn arrivals(seed: u64, tickets: usize, from: Timestamp, until: Timestamp) -> Vec<Arrival> {
    let mut chance = Chance::new(seed, STREAM, 0);
    let slots = slots(from.micros(), until.micros(), &mut chance);
    let mut drawn: Vec<i64> =
        if slots.is_empty() { vec![] } else { (0..tickets).map(|_| draw(&slots, &mut chance)).collect() };
    drawn.sort_unstable();
    let loads = loads(&drawn, from.micros(), until.micros());
    drawn.into_iter().map(|at| Arrival { at: Timestamp::clamped(at), load: loads[&local_day(at)] }).collect()
}

fn slots(from: i64, until: i64, chance: &mut Chance) -> Vec<Slot> {
    let mut slots: Vec<Slot> = vec![];
    let mut total = 0.0;
    let mut day = (i64::MIN, 1.0);
    for hour in local_hour(from)..=local_hour(until) {
        let (start, end) = (start_of_hour(hour).max(from), start_of_hour(hour + 1).min(until));
        if start >= end {
            continue;
        }
        if local_day(start) != day.0 {
            day = (local_day(start), whim(chance));
        }
        let trend = grown(start, from, until) * season(start) * day.1;
        total += trend * eagerness(hour_of_week(hour)) * in_seconds(end - start);
        slots.push(Slot { from: start, until: end, weight_so_far: total });
    }
    slots
}

fn draw(slots: &[Slot], chance: &mut Chance) -> i64 {
    let total = slots.last().map_or(0.0, |slot| slot.weight_so_far);
    let drawn = chance.share() * total;
    let slot = &slots[slots.partition_point(|slot| slot.weight_so_far <= drawn).min(slots.len() - 1)];
    let within = in_seconds(slot.until - slot.from) * chance.share();
    (slot.from + super::hours::micros(within) - 1).min(slot.until - 1)
}

/// What one day has over others: mostly little, sometimes an outage that everybody writes about.
fn whim(chance: &mut Chance) -> f64 {
    let outage = if chance.likely(0.015) { 2.2 } else { 1.0 };
    chance.spread(0.16) * outage
}

/// How far the desk has grown at `at`, from 1 at the beginning.
fn grown(at: i64, from: i64, until: i64) -> f64 {
    1.0 + (GROWTH - 1.0) * in_seconds(at - from) / in_seconds((until - from).max(HOUR))
}

/// The time of the year: busy before Nowruz, quiet in its holidays.
fn season(at: i64) -> f64 {
    const MONTHS: [f64; 12] = [1.0, 1.08, 1.2, 0.95, 1.0, 0.98, 0.93, 0.92, 1.0, 1.04, 1.12, 1.06];
    let date = Timestamp::clamped(at).to_utc();
    let month = date.month0();
    match (month + 1, date.day()) {
        (3, 20..) => 0.45,
        (4, ..=2) => 0.5,
        _ => usize::try_from(month).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or(1.0),
    }
}

/// How busy each day is: its tickets against what is ordinary at that stage of growth.
fn loads(arrivals: &[i64], from: i64, until: i64) -> HashMap<i64, f64> {
    let mut counts: HashMap<i64, u32> = HashMap::new();
    for at in arrivals {
        *counts.entry(local_day(*at)).or_default() += 1;
    }
    let days = in_seconds(until - from).max(1.0) / in_seconds(DAY);
    let mean = f64::from(u32::try_from(arrivals.len()).unwrap_or(u32::MAX)) / days.max(1.0);
    counts
        .into_iter()
        .map(|(day, count)| {
            let stage = grown((day * DAY).clamp(from, until), from, until) / f64::midpoint(1.0, GROWTH);
            (day, ((f64::from(count) + FEW) / (mean * stage + FEW)).clamp(0.6, 2.2))
        })
        .collect()
}
