//! Business time from its rules, one instant at a time: whether a branch and department work then.

use crate::definition::document::{CalendarName, Holiday, Hours, Schedule, Zone};
use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use icu_calendar::Date;
use icu_calendar::cal::Persian;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Branch and department.
pub(super) type Class = (Option<&'static str>, Option<&'static str>);

/// From one instant to another, half-open.
pub(super) type Stretch = (i64, i64);

/// The schedules of a definition, looked at over a stretch of time.
pub(super) struct BusinessHours<'a> {
    schedules: &'a [Schedule],
    over: Stretch,
    known: RefCell<BTreeMap<Class, Rc<Vec<Stretch>>>>,
}

impl<'a> BusinessHours<'a> {
    pub(super) fn new(schedules: &'a [Schedule], over: Stretch) -> Self {
        Self { schedules, over, known: RefCell::default() }
    }

    /// When they work, in order, apart from each other; nothing is known outside the stretch looked at.
    pub(super) fn open(&self, class: Class) -> Rc<Vec<Stretch>> {
        if let Some(known) = self.known.borrow().get(&class) {
            return Rc::clone(known);
        }
        let open = Rc::new(self.found(class));
        self.known.borrow_mut().insert(class, Rc::clone(&open));
        open
    }

    /// Whether they work at an instant: the first schedule that is for them and valid on that date decides.
    pub(super) fn is_open(&self, class: Class, at: i64) -> bool {
        self.in_force(class, at).is_none_or(|schedule| works(schedule, at))
    }

    /// The schedule that applies at an instant.
    pub(super) fn in_force(&self, class: Class, at: i64) -> Option<&'a Schedule> {
        let valid = |s: &&Schedule| {
            let date = local(s.time_zone, at).date();
            s.from.is_none_or(|from| from <= date) && s.until.is_none_or(|until| date <= until)
        };
        self.schedules.iter().filter(|schedule| is_for(schedule, class)).find(valid)
    }

    /// Between two neighbouring edges nothing changes.
    fn found(&self, class: Class) -> Vec<Stretch> {
        let (from, to) = self.over;
        let all = self.schedules.iter().filter(|schedule| is_for(schedule, class));
        let mut edges: Vec<i64> = all.flat_map(|schedule| edges(schedule, self.over)).collect();
        edges.retain(|edge| from < *edge && *edge < to);
        edges.extend([from, to]);
        edges.sort_unstable();
        edges.dedup();
        let mut open: Vec<Stretch> = Vec::new();
        for pair in edges.windows(2).filter(|pair| self.is_open(class, pair[0])) {
            match open.last_mut().filter(|last| last.1 == pair[0]) {
                Some(last) => last.1 = pair[1],
                None => open.push((pair[0], pair[1])),
            }
        }
        open
    }
}

fn is_for(schedule: &Schedule, (branch, department): Class) -> bool {
    let takes = |any_of: &[String], value: Option<&str>| {
        any_of.is_empty() || value.is_some_and(|value| any_of.iter().any(|one| one == value))
    };
    takes(&schedule.branches, branch) && takes(&schedule.departments, department)
}

/// Every instant at which a schedule may open or close.
fn edges(schedule: &Schedule, (from, to): Stretch) -> Vec<i64> {
    let zone = schedule.time_zone;
    let (first, last) = (local(zone, from).date() - Days::new(2), local(zone, to).date() + Days::new(2));
    let dates = first.iter_days().take_while(|date| *date <= last);
    let of_date = |date: NaiveDate| {
        let hours = shifts(schedule, date).into_iter().chain(breaks(schedule, date));
        let ends: Vec<i64> = hours.flat_map(|(start, end)| [start, end]).collect();
        ends.into_iter().chain([start_of(zone, date)])
    };
    dates.flat_map(of_date).collect()
}

/// A holiday is closed all day long; else a break is; else some shift must be on that began that day or the day before.
fn works(schedule: &Schedule, at: i64) -> bool {
    let date = local(schedule.time_zone, at).date();
    let near = [date - Days::new(1), date, date + Days::new(1)];
    let within = |(start, end): Stretch| start <= at && at < end;
    let on_break = near.iter().flat_map(|date| breaks(schedule, *date)).any(within);
    let on_shift = near.iter().flat_map(|date| shifts(schedule, *date)).any(within);
    !is_holiday(schedule, date) && !on_break && on_shift
}

/// The shifts that start on a date.
fn shifts(schedule: &Schedule, date: NaiveDate) -> Vec<Stretch> {
    if is_holiday(schedule, date) {
        return Vec::new();
    }
    let weekday = |day: &str| day == date.format("%A").to_string().to_lowercase();
    let weekly = schedule.weekly.iter().find(|(day, _)| weekday(&format!("{day:?}").to_lowercase()));
    let hours = schedule.special.get(&date).or(weekly.map(|(_, hours)| hours));
    hours.into_iter().flatten().map(|hours| instants(schedule.time_zone, date, *hours)).collect()
}

fn breaks(schedule: &Schedule, date: NaiveDate) -> Vec<Stretch> {
    let hours = schedule.breaks.get(&date);
    hours.into_iter().flatten().map(|hours| instants(schedule.time_zone, date, *hours)).collect()
}

fn is_holiday(schedule: &Schedule, date: NaiveDate) -> bool {
    schedule.holidays.iter().any(|holiday| match holiday {
        Holiday::Date(closed) => *closed == date,
        Holiday::Yearly { month, day } => month_and_day(schedule.calendar, date) == (*month, *day),
    })
}

fn month_and_day(calendar: CalendarName, date: NaiveDate) -> (u8, u8) {
    match calendar {
        CalendarName::Gregorian => (u8::try_from(date.month()).unwrap(), u8::try_from(date.day()).unwrap()),
        CalendarName::Jalali => {
            let (_, month, day) = jalali(date);
            (month, day)
        }
    }
}

/// Year, month and day of the Solar Hijri calendar.
pub(super) fn jalali(date: NaiveDate) -> (i32, u8, u8) {
    let (month, day) = (u8::try_from(date.month()).unwrap(), u8::try_from(date.day()).unwrap());
    let date = Date::try_new_iso(date.year(), month, day).unwrap().to_calendar(Persian::new());
    (date.year().extended_year(), date.month().ordinal, date.day_of_month().0)
}

/// Hours of a date as instants: an ambiguous opening is the first of the two, an ambiguous closing the last.
fn instants(zone: Zone, date: NaiveDate, hours: Hours) -> Stretch {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    let local = |minutes: u16| midnight + TimeDelta::minutes(minutes.into());
    (earliest(zone, local(hours.from)), latest(zone, local(hours.to)))
}

/// The first instant of a date.
pub(super) fn start_of(zone: Zone, date: NaiveDate) -> i64 {
    earliest(zone, date.and_time(chrono::NaiveTime::MIN))
}

/// The same time of day so many days later.
pub(super) fn days_later(zone: Zone, at: i64, days: u64) -> i64 {
    earliest(zone, local(zone, at) + Days::new(days))
}

/// What clocks show at an instant.
pub(super) fn local(zone: Zone, at: i64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(at).unwrap().with_timezone(&zone.0).naive_local()
}

/// The first instant at which clocks show this; where they never do, the first after the gap.
fn earliest(zone: Zone, shown: NaiveDateTime) -> i64 {
    match zone.0.from_local_datetime(&shown) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.timestamp_micros(),
        MappedLocalTime::None => earliest(zone, minute_after(shown)),
    }
}

fn latest(zone: Zone, shown: NaiveDateTime) -> i64 {
    match zone.0.from_local_datetime(&shown) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(_, at) => at.timestamp_micros(),
        MappedLocalTime::None => latest(zone, minute_after(shown)),
    }
}

/// Gaps end with a full minute.
fn minute_after(shown: NaiveDateTime) -> NaiveDateTime {
    let second = i64::from(chrono::Timelike::second(&shown));
    shown + TimeDelta::seconds(60 - second) - TimeDelta::nanoseconds(chrono::Timelike::nanosecond(&shown).into())
}
