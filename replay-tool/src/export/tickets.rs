//! The columns of tickets.

use super::columns::{Column, text, texts};
use daftar_projections::export::measured::Spent;
use daftar_projections::export::tickets::{FirstResponded, LastClosing, TicketRow};
use daftar_projections::export::values::GivenScore;
use daftar_projections::ticket_list::line::TicketState;
use std::borrow::Cow;

/// The columns, in their order.
pub(super) fn columns<'a>() -> Vec<Column<TicketRow<'a>>> {
    let mut columns = vec![
        Column::text("ticket", |row: &TicketRow<'_>| text(Some(row.ticket))),
        Column::integer("version", |row| Some(row.version.into())),
        Column::text("state", |row| text(Some(state_word(row.state)))),
        Column::text("waiting_for", |row| text(row.waiting_for)),
        Column::instant("waiting_since", |row| row.waiting_since),
        Column::truth("voided", |row| Some(row.voided)),
        Column::instant("opened_at", |row| Some(row.opened_at)),
        Column::instant("last_event_at", |row| Some(row.last_event_at)),
    ];
    columns.extend(of_dimensions());
    columns.extend(of_counts());
    columns.extend(of_first_times());
    columns.extend(of_last_closing());
    columns
}

fn of_dimensions<'a>() -> Vec<Column<TicketRow<'a>>> {
    vec![
        Column::text("customer", |row: &TicketRow<'_>| text(row.values.customer.as_deref())),
        Column::text("channel", |row| text(row.values.channel)),
        Column::text("branch", |row| text(row.values.branch)),
        Column::text("department", |row| text(row.values.department)),
        Column::text("agent", |row| text(row.agent)),
        Column::text("priority", |row| text(row.values.priority)),
        Column::text("customer_tier", |row| text(row.values.customer_tier)),
        Column::texts("tags", |row| Some(texts(&row.values.tags))),
        Column::text("language", |row| text(row.values.language)),
        Column::pairs("attributes", |row| Some(row.values.attributes.clone())),
        Column::text("closing_reason", |row| text(row.values.closing_reason)),
        Column::text("form", |row| text(row.values.form)),
    ]
}

fn of_counts<'a>() -> Vec<Column<TicketRow<'a>>> {
    vec![
        Column::integer("cycle", |row: &TicketRow<'_>| Some(row.cycle.into())),
        Column::integer("reopenings", |row| Some(row.reopenings.into())),
        Column::integer("closings", |row| i64::try_from(row.closings).ok()),
        Column::integer("replies", |row| i64::try_from(row.replies).ok()),
        Column::integer("agent_replies", |row| Some(row.agent_replies.into())),
        Column::integer("transfers", |row| Some(row.transfers.into())),
    ]
}

fn of_first_times<'a>() -> Vec<Column<TicketRow<'a>>> {
    vec![
        Column::instant("first_response_at", |row: &TicketRow<'_>| Some(row.first_response.as_ref()?.at)),
        Column::seconds("first_response_s", |row| Some(row.first_response.as_ref()?.took)),
        Column::text("first_response_agent", |row| first_responder(row.first_response)),
        Column::instant("first_closed_at", |row| Some(row.first_closing?.0)),
        Column::seconds("first_resolution_s", |row| Some(row.first_closing?.1)),
        Column::seconds("full_resolution_s", |row| row.full_resolution),
    ]
}

fn of_last_closing<'a>() -> Vec<Column<TicketRow<'a>>> {
    vec![
        Column::instant("last_closed_at", |row: &TicketRow<'_>| Some(row.last_closing?.at)),
        Column::text("last_closed_by", |row| text(row.last_closing.map(|closing| closing.by))),
        Column::text("last_closing_agent", |row| closing_agent(row.last_closing)),
        Column::truth("survey_offered", |row| Some(row.last_closing?.survey_offered)),
        Column::seconds("open_s", |row| Some(spent(row)?.open)),
        Column::seconds("agent_work_s", |row| Some(spent(row)?.agent_work)),
        Column::seconds("waiting_for_customer_s", |row| Some(spent(row)?.waiting_for_customer)),
        Column::seconds("held_for_customer_s", |row| Some(spent(row)?.held_for_customer)),
        Column::seconds("held_for_third_party_s", |row| Some(spent(row)?.held_for_third_party)),
        Column::instant("csat_at", |row| Some(row.last_closing?.csat?.0)),
        Column::text("csat_scale", |row| text(csat(row).and_then(|score| score.scale))),
        Column::integer("csat_score", |row| Some(csat(row)?.score.into())),
        Column::truth("csat_positive", |row| csat(row)?.positive),
        Column::integer("nps", |row| Some(row.last_closing?.nps?.into())),
        Column::integer("ces", |row| Some(row.last_closing?.ces?.into())),
    ]
}

fn spent(row: &TicketRow<'_>) -> Option<Spent> {
    row.last_closing?.spent
}

fn csat(row: &TicketRow<'_>) -> Option<GivenScore> {
    Some(row.last_closing?.csat?.1)
}

fn first_responder<'r>(response: Option<FirstResponded<'r>>) -> Option<Cow<'r, str>> {
    text(response?.agent)
}

fn closing_agent<'r>(closing: Option<LastClosing<'r>>) -> Option<Cow<'r, str>> {
    text(closing?.agent)
}

const fn state_word(state: TicketState) -> &'static str {
    match state {
        TicketState::Open => "open",
        TicketState::Held => "held",
        TicketState::Closed => "closed",
    }
}
