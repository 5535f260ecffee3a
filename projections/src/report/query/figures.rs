//! The figures that each report's rows have, by name, and which of them a query asks for.

use super::{Query, Reading, ReportName};
use daftar_domain::Invalid;

impl ReportName {
    /// The figures of its rows, in their order; none of a report whose rows are tickets.
    #[must_use]
    pub const fn figures(self) -> &'static [&'static str] {
        match self {
            Self::Overview => &[
                "opened",
                "closed",
                "backlog",
                "csat",
                "reply_rating",
                "first_response",
                "full_resolution",
                "reopen_rate",
                "response_rate",
                "nps",
                "goals",
            ],
            Self::Satisfaction => &["csat", "reply_rating", "response_rate", "questions", "choices", "nps", "ces"],
            Self::ResponseTimes => &["first_response", "within", "unanswered", "answer_rate", "next_response"],
            Self::ResolutionTimes => &[
                "first_resolution",
                "full_resolution",
                "open_time",
                "requester_wait",
                "customer_wait",
                "agent_work",
                "on_hold",
                "on_hold_customer",
                "on_hold_third_party",
                "within",
            ],
            Self::Flow => &[
                "opened",
                "closed",
                "closed_tickets",
                "reopenings",
                "reopened_tickets",
                "reopen_rate",
                "one_touch_rate",
                "replies_per_closed",
                "closed_by",
                "reasons",
                "transfers",
                "transferred_tickets",
                "between",
                "stay",
                "priority_changed",
            ],
            Self::Leaderboard => &[
                "rank",
                "agent",
                "closed",
                "public_replies",
                "reply_rating",
                "csat",
                "first_response",
                "full_resolution",
                "reopen_rate",
                "one_touch_rate",
                "targets_met",
            ],
            Self::Targets => &["first_response", "next_response", "full_resolution"],
            Self::Volume => &["cells"],
            Self::Backlog => &["open", "unassigned", "unanswered", "held", "ages"],
            Self::Cases => &["opened", "open", "followed_up", "time_to_follow_up", "recovered"],
            Self::ReviewQueue => &[],
        }
    }
}

impl Query {
    /// Whether the rows have the figure of that name.
    #[must_use]
    pub fn asks(&self, figure: &str) -> bool {
        self.figures.as_ref().is_none_or(|asked| asked.contains(&figure))
    }

    /// Whether the rows have any of these figures.
    #[must_use]
    pub fn asks_any(&self, figures: &[&str]) -> bool {
        figures.iter().any(|figure| self.asks(figure))
    }
}

impl Reading {
    /// Reads a list of figures; where the report is not known, neither are its figures.
    pub(super) fn figures(&mut self, value: &str) {
        let Some(report) = self.report else { return };
        let known = report.figures();
        let mut asked = Vec::new();
        for text in value.split(',') {
            match known.iter().find(|name| **name == text) {
                Some(name) if asked.contains(name) => {
                    self.wrong.push(Invalid::new("figures", text, "must name a figure only once"));
                }
                Some(name) => asked.push(*name),
                None => {
                    let rule = format!("must be one of {}, the figures of {}", known.join(", "), report.name());
                    self.wrong.push(Invalid::new("figures", text, rule));
                }
            }
        }
        self.query.figures = Some(asked);
    }
}
