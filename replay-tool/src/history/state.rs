//! A ticket's state as its reader sees it after each event.

use daftar_domain::Ticket;
use daftar_domain::ids::{AgentId, BranchId, ChannelId, CustomerId, DepartmentId, TierId};
use daftar_domain::ticket::WaitingFor;
use daftar_projections::report::figure::Figure;

/// The state under the names that `GET /v1/tickets/{ticket}` has for its fields, without what never changes and without
/// texts.
pub(super) fn of(ticket: &Ticket) -> Figure {
    let id = |id: Option<&str>| Figure::from(id);
    let tags = ticket.tags.iter().map(|tag| tag.as_str().into()).collect::<Vec<Figure>>();
    let count = |items: usize| Figure::Count(items as u64);
    let answered = ticket.closings.iter().filter(|closing| closing.survey.is_some()).count();
    Figure::object([
        ("state", ticket.state.name().into()),
        ("waiting_for", id(ticket.waiting_for.map(WaitingFor::name))),
        ("waiting_since", Figure::from(ticket.waiting_since.map(|since| since.to_string()))),
        ("customer", id(ticket.customer.as_ref().map(CustomerId::as_str))),
        ("channel", id(ticket.channel.as_ref().map(ChannelId::as_str))),
        ("branch", id(ticket.branch.as_ref().map(BranchId::as_str))),
        ("department", id(ticket.department.as_ref().map(DepartmentId::as_str))),
        ("agent", id(ticket.agent.as_ref().map(AgentId::as_str))),
        ("priority", ticket.priority.name().into()),
        ("customer_tier", id(ticket.customer_tier.as_ref().map(TierId::as_str))),
        ("tags", tags.into()),
        ("cycle", u64::from(ticket.cycle).into()),
        ("voided", Figure::Truth(ticket.voided)),
        ("replies", count(ticket.replies.len())),
        ("closings", count(ticket.closings.len())),
        ("answered", count(answered)),
        ("follow_ups", u64::from(ticket.follow_ups).into()),
    ])
}
