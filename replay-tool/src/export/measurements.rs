//! The columns of measurements.

use super::columns::{Column, text, texts};
use daftar_eventlog::Position;
use daftar_projections::export::measured::MeasurementRow;

/// The columns, in their order; those that only some kinds have come last.
pub(super) fn columns<'a>() -> Vec<Column<MeasurementRow<'a>>> {
    let mut columns = vec![
        Column::text("kind", |row: &MeasurementRow<'_>| text(Some(row.kind))),
        Column::text("ticket", |row| text(Some(row.ticket))),
        Column::instant("occurred_at", |row| Some(row.at)),
        Column::integer("position", |row| number(row.position)),
        Column::integer("taken_back", |row| number(row.taken_back?)),
        Column::truth("voided", |row| Some(row.voided)),
        Column::text("agent", |row| text(row.agent)),
        Column::texts("agents", |row| Some(texts(&row.agents))),
    ];
    columns.extend(of_dimensions());
    columns.extend(of_durations());
    columns.extend(of_closings());
    columns.extend(of_opinions());
    columns
}

fn of_dimensions<'a>() -> Vec<Column<MeasurementRow<'a>>> {
    vec![
        Column::text("customer", |row: &MeasurementRow<'_>| text(row.values.customer.as_deref())),
        Column::text("channel", |row| text(row.values.channel)),
        Column::text("branch", |row| text(row.values.branch)),
        Column::text("department", |row| text(row.values.department)),
        Column::text("priority", |row| text(row.values.priority)),
        Column::text("customer_tier", |row| text(row.values.customer_tier)),
        Column::texts("tags", |row| Some(texts(&row.values.tags))),
        Column::text("language", |row| text(row.values.language)),
        Column::pairs("attributes", |row| Some(row.values.attributes.clone())),
        Column::text("closing_reason", |row| text(row.values.closing_reason)),
        Column::text("form", |row| text(row.values.form)),
    ]
}

fn of_durations<'a>() -> Vec<Column<MeasurementRow<'a>>> {
    vec![
        Column::instant("started_at", |row: &MeasurementRow<'_>| row.own.started),
        Column::seconds("took_s", |row| row.own.took),
        Column::text("assignee", |row| text(row.own.assignee)),
        Column::instant("previous_at", |row| row.own.previous),
        Column::text("to_department", |row| text(row.own.to_department)),
    ]
}

fn of_closings<'a>() -> Vec<Column<MeasurementRow<'a>>> {
    vec![
        Column::integer("closing", |row: &MeasurementRow<'_>| row.own.closing.map(i64::from)),
        Column::text("closed_by", |row| text(row.own.closed_by)),
        Column::truth("survey_offered", |row| row.own.survey_offered),
        Column::integer("answered", |row| number(row.own.answered?)),
        Column::integer("agent_replies", |row| row.own.agent_replies.map(i64::from)),
        Column::seconds("open_s", |row| Some(row.own.spent?.open)),
        Column::seconds("agent_work_s", |row| Some(row.own.spent?.agent_work)),
        Column::seconds("waiting_for_customer_s", |row| Some(row.own.spent?.waiting_for_customer)),
        Column::seconds("held_for_customer_s", |row| Some(row.own.spent?.held_for_customer)),
        Column::seconds("held_for_third_party_s", |row| Some(row.own.spent?.held_for_third_party)),
    ]
}

fn of_opinions<'a>() -> Vec<Column<MeasurementRow<'a>>> {
    vec![
        Column::text("field", |row: &MeasurementRow<'_>| text(row.own.field)),
        Column::text("question", |row| text(row.own.question)),
        Column::truth("first", |row| row.own.first),
        Column::text("scale", |row| text(row.own.score.and_then(|score| score.scale))),
        Column::integer("score", |row| Some(row.own.score?.score.into())),
        Column::truth("positive", |row| row.own.score?.positive),
        Column::texts("choices", |row| row.own.choices.as_deref().map(texts)),
    ]
}

/// Positions stay below 2^63 for longer than anything lasts.
fn number(position: Position) -> Option<i64> {
    i64::try_from(position.0).ok()
}
