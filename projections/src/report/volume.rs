//! The report `volume`: how many tickets are opened and replies written in each hour of the week.

use super::adding::adds;
use super::counting::{Counting, Whose};
use super::explain::part::{Lookup, PartOf, count};
use super::figure::Figure;
use super::needs::Asked;
use super::periods::Calendar;
use super::{Fields, RowFigures, Terms};
use crate::measurements::Measurements;
use crate::measurements::needs::Needs;
use crate::ticket_facts::Micros;
use std::collections::BTreeMap;

/// Days in a week, hours in a day.
const DAYS: u32 = 7;
const HOURS: u32 = 24;

/// A row being counted.
#[derive(Default)]
pub(super) struct Volume {
    /// By day of the week and hour.
    cells: BTreeMap<(u32, u32), Cell>,
}

/// An hour of the week.
#[derive(Clone, Copy, Default)]
struct Cell {
    opened: u64,
    replies: u64,
}

adds!(Volume { cells });
adds!(Cell { opened, replies });

impl RowFigures for Volume {
    const FIGURES: u64 = 1;
    const CELLS: u64 = 168;
    const APART: bool = true;

    fn reads(_: &Asked<'_>) -> Needs {
        Needs::Openings | Needs::PublicReplies
    }

    /// Openings count in the hour of the opening, public agent replies in that of the reply, for its author.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let calendar = &counting.terms.calendar;
        counting.each(&state.openings, |_| Whose::Agent, |row, c| row.cell(calendar, c.at()).opened += 1);
        counting.each(&state.public_replies, |_| Whose::Agent, |row, c| row.cell(calendar, c.at()).replies += 1);
    }

    const EXPLAINED: &'static [&'static str] = &["cells.NUMBER.opened", "cells.NUMBER.replies"];

    fn parts<'a>(figure: &str, _: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        let (number, what) = figure.strip_prefix("cells.")?.split_once('.')?;
        let number: u32 = number.parse().ok().filter(|number| *number < DAYS * HOURS)?;
        let hour = (number / HOURS + 1, number % HOURS);
        let cell = move |row: &Self| row.cells.get(&hour).copied().unwrap_or_default();
        Some(match what {
            "opened" => count(move |row| cell(row).opened),
            "replies" => count(move |row| cell(row).replies),
            _ => return None,
        })
    }

    fn figures(self, _: &Measurements, _: &Terms) -> Fields {
        let hours = (1..=DAYS).flat_map(|weekday| (0..HOURS).map(move |hour| (weekday, hour)));
        let cell = |(weekday, hour)| {
            let Cell { opened, replies } = self.cells.get(&(weekday, hour)).copied().unwrap_or_default();
            Figure::object([
                ("weekday", u64::from(weekday).into()),
                ("hour", u64::from(hour).into()),
                ("opened", opened.into()),
                ("replies", Figure::from(replies)),
            ])
        };
        vec![("cells".into(), Figure::List(hours.map(cell).collect()))]
    }
}

impl Volume {
    fn cell(&mut self, calendar: &Calendar, at: Micros) -> &mut Cell {
        self.cells.entry(calendar.hour_of_week(at)).or_default()
    }
}
