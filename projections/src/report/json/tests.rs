//! The bytes of reports against those that serde makes of the same fields.

use super::*;
use crate::definition::catalog::Published;
use crate::exact::{Decimal, Distribution, Share};
use crate::report::periods::{Interval, Period};
use crate::report::query::ReportName;
use crate::report::tests::properties::{entries, entries_of_many, steps};
use crate::report::{Fields, report, rows_json};
use crate::test_support::{Labels, folded, query};
use daftar_domain::Timestamp;
use daftar_eventlog::Position;
use proptest::prelude::*;
use serde::ser::{SerializeMap, Serializer};
use std::sync::Arc;

/// How reports were written before they wrote themselves.
struct BySerde<'a, T>(&'a T);

impl Serialize for BySerde<'_, Report> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = &self.0.definition.document;
        let name = Figure::from(document.name.as_str());
        let definition = Figure::object([("name", name), ("version", self.0.definition.version.into())]);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("report", self.0.name.name())?;
        map.serialize_entry("definition", &definition)?;
        map.serialize_entry("position", &self.0.position.0)?;
        map.serialize_entry("as_of", &self.0.as_of.map_or(Figure::Null, as_asked))?;
        map.serialize_entry("happened_by", &self.0.happened_by.map(rfc3339))?;
        map.serialize_entry("at", &self.0.at.map(rfc3339))?;
        map.serialize_entry("from", &self.0.from.map(rfc3339))?;
        map.serialize_entry("to", &self.0.to.map(rfc3339))?;
        map.serialize_entry("dated_by", &document.dated_by)?;
        map.serialize_entry("time_zone", &document.time_zone)?;
        map.serialize_entry("calendar", &document.calendar)?;
        map.serialize_entry("notes", &self.0.notes)?;
        map.serialize_entry("rows", &self.0.rows.iter().map(BySerde).collect::<Vec<_>>())?;
        map.end()
    }
}

impl Serialize for BySerde<'_, Row> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("period", &self.0.period.as_ref().map(|period| &period.label))?;
        if let Some(period) = &self.0.period {
            map.serialize_entry("start", &rfc3339(period.period.start))?;
            map.serialize_entry("end", &rfc3339(period.period.end))?;
            if period.partial {
                map.serialize_entry("partial", &true)?;
            }
        }
        let group = self.0.group.iter().map(|(name, value)| (name.clone(), value.as_deref().into()));
        map.serialize_entry("group", &Figure::object(group))?;
        for (name, figure) in &self.0.figures {
            map.serialize_entry(name, figure)?;
        }
        map.end()
    }
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![any::<i64>().prop_map(i128::from), any::<i128>(), -2_000_000..2_000_000_i128]
        .prop_map(Decimal::from_micros)
}

fn any_figure() -> impl Strategy<Value = Figure> {
    let leaf = prop_oneof![
        Just(Figure::Null),
        any::<u64>().prop_map(Figure::Count),
        any_decimal().prop_map(Figure::Number),
        any::<bool>().prop_map(Figure::Truth),
        ".{0,8}".prop_map(Figure::Text),
        prop::collection::vec(any::<i64>(), 0..9).prop_map(|values| Distribution::of(values).into()),
        (0..9_u64, 9..99_u64).prop_map(|(count, of)| Share { count, of }.into()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Figure::List),
            prop::collection::vec((".{0,4}", inner), 0..4).prop_map(Figure::object),
        ]
    })
}

fn any_row() -> impl Strategy<Value = Row> {
    let figures = prop::collection::vec((".{0,6}", any_figure()), 0..4)
        .prop_map(|figures| figures.into_iter().map(|(name, figure)| (name.into(), figure)).collect::<Fields>());
    let group = prop::collection::vec((".{0,6}", prop::option::of(".{0,6}")), 0..3).prop_map(|group| {
        group.into_iter().map(|(name, value)| (name.into(), value.map(Into::into))).collect::<Vec<_>>()
    });
    // Few periods, so that rows that follow one another share them.
    let period = prop::option::of((0..3_i64, any::<bool>())).prop_map(|period| {
        let (day, partial) = period?;
        let (start, end) = (day * 86_400_000_000, (day + 1) * 86_400_000_000 + day);
        Some(RowPeriod { interval: Interval::Day, label: format!("{day}"), period: Period { start, end }, partial })
    });
    (period, group, figures).prop_map(|(period, group, figures)| Row { period, group, figures })
}

proptest! {
    #[test]
    fn figures_are_the_bytes_of_serde(figure in any_figure()) {
        let mut written = Vec::new();
        figure.write(&mut written);
        prop_assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&figure).unwrap());
    }

    #[test]
    fn any_rows_are_the_bytes_of_serde(
        rows in prop::collection::vec(any_row(), 0..6),
        as_of in prop::option::of(any::<u64>()),
        at in prop::option::of(-9_000_000_000_000_000..9_000_000_000_000_000_i64),
        notes in prop::collection::vec(".{0,9}", 0..3),
        by_instant in any::<bool>(),
    ) {
        let as_of = as_of.map(|position| match at {
            Some(at) if by_instant => AsOf::Instant(Timestamp::clamped(at)),
            _ => AsOf::Position(position),
        });
        let (name, definition, position) = (ReportName::Flow, Arc::new(Published::default()), Position(7));
        let happened_by = at;
        let report = Report { name, definition, position, as_of, happened_by, at, from: at, to: None, notes, rows };
        prop_assert_eq!(report.to_json(), serde_json::to_string(&BySerde(&report)).unwrap());
    }

    #[test]
    fn reports_are_the_bytes_of_serde(steps in steps()) {
        let state = folded(&entries(&steps), None);
        for name in ReportName::ALL {
            let grouped = [("interval", "week"), ("group_by", "tag,agent")];
            let parameters = if name.lists_tickets() { &[] } else { &grouped[..] };
            let made = report(&state, &query(name, parameters), &Arc::default(), state.position(), &Labels).unwrap();
            prop_assert_eq!(made.to_json(), serde_json::to_string(&BySerde(&made)).unwrap());
        }
    }

    #[test]
    fn rows_written_at_once_are_the_bytes_of_rows_made_first(
        histories in prop::collection::vec(steps(), 1..5),
        asked in any_asked(),
    ) {
        let state = folded(&entries_of_many(&histories), None);
        for name in ReportName::ALL {
            let listed = asked.iter().filter(|(parameter, _)| !name.lists_tickets() || *parameter == "limit");
            let query = query(name, &listed.copied().collect::<Vec<_>>());
            let (definition, position) = (Arc::default(), state.position());
            let made = report(&state, &query, &definition, position, &Labels).map(|made| made.rows_json());
            prop_assert_eq!(rows_json(&state, &query, &definition, position, &Labels), made);
        }
    }
}

/// Parameters that say which rows there are.
fn any_asked() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let one = |name: &'static str, values: &'static [&'static str]| {
        prop::option::of(prop::sample::select(values).prop_map(move |value| (name, value)))
    };
    let asked = (
        one("interval", &["hour", "day", "month"]),
        one("group_by", &["agent", "department,tag", "tag,agent", "channel,priority"]),
        one("limit", &["1", "3"]),
        one("within", &["4h", "2d"]),
    );
    asked.prop_map(|(interval, group_by, limit, within)| {
        [interval, group_by, limit, within].into_iter().flatten().collect()
    })
}
