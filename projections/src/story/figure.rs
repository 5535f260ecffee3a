//! Which part of the story a figure of a report asks for.

use super::deed::Field;
use super::words::Name;

/// What is told of a measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topic {
    /// A duration.
    Time(Name),
    /// A duration (none: whichever the event measured) against its target, in a cell that holds a part of them.
    Target(Option<Name>, Part),
    /// A ticket whose first response is due or was given.
    Answering,
    /// An answer to a field, or a rating where none was asked for.
    Answer(Field),
    Rating,
    /// Whether a closing's survey was answered.
    SurveyOffered,
    /// What came after a first closing, with the replies before it where they matter.
    AfterFirstClosing {
        replies: bool,
    },
    Replies,
    /// What stands open.
    Standing,
    /// What became of a dissatisfied customer, and whether a better answer came.
    Case {
        recovered: bool,
    },
    /// The event itself.
    Event,
}

/// Which of the durations that have a target a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Met,
    Breached,
    /// Those that can still meet it.
    Running,
    /// Those that met it, and those that did not.
    All,
}

impl Topic {
    /// What a figure's JSON path leads to; any path there is none of tells the event.
    pub(super) fn of(figure: &str) -> Self {
        let mut path = figure.split('.');
        let (name, part) = (path.next().unwrap_or_default(), path.next());
        let targeted = matches!(part, Some("met" | "breached" | "running" | "share" | "running_tickets"));
        match (duration(name), name, part) {
            (Some(name), ..) if targeted => Self::Target(Some(name), Part::of(part)),
            (Some(name), ..) => Self::Time(name),
            (_, "within" | "targets_met", _) => Self::Target(None, Part::All),
            (_, "unanswered", None) if !figure.contains('.') => Self::Answering,
            (_, "answer_rate", _) => Self::Answering,
            (_, "csat", _) => Self::Answer(Field::Overall),
            (_, "nps", _) => Self::Answer(Field::Nps),
            (_, "ces", _) => Self::Answer(Field::Ces),
            (_, "questions", Some(_)) => Self::Answer(Field::Question(rest(figure))),
            (_, "choices", Some(_)) => Self::Answer(Field::Choice(rest(figure))),
            (_, "reply_rating", _) => Self::Rating,
            (_, "response_rate", _) => Self::SurveyOffered,
            (_, "reopen_rate", _) => Self::AfterFirstClosing { replies: false },
            (_, "one_touch_rate", _) => Self::AfterFirstClosing { replies: true },
            (_, "replies_per_closed", _) => Self::Replies,
            (_, "backlog" | "open" | "unassigned" | "held" | "ages", _) => Self::Standing,
            (_, "cases" | "followed_up" | "time_to_follow_up" | "recovered", _) => {
                Self::Case { recovered: figure.ends_with("recovered") }
            }
            _ => Self::Event,
        }
    }
}

impl Part {
    fn of(part: Option<&str>) -> Self {
        match part {
            Some("met") => Self::Met,
            Some("breached") => Self::Breached,
            Some("running" | "running_tickets") => Self::Running,
            _ => Self::All,
        }
    }
}

/// What stands behind the first dot: a question, whose own id may have dots, and perhaps one of its choices.
fn rest(figure: &str) -> String {
    figure.split_once('.').map_or("", |(_, rest)| rest).to_owned()
}

fn duration(name: &str) -> Option<Name> {
    Some(match name {
        "first_response" => Name::FirstResponse,
        "next_response" => Name::NextResponse,
        "first_resolution" => Name::FirstResolution,
        "full_resolution" => Name::FullResolution,
        "open_time" => Name::OpenTime,
        "requester_wait" => Name::RequesterWait,
        "customer_wait" => Name::CustomerWait,
        "agent_work" => Name::AgentWork,
        "on_hold" => Name::OnHold,
        "on_hold_customer" => Name::OnHoldCustomer,
        "on_hold_third_party" => Name::OnHoldThirdParty,
        "stay" => Name::Stay,
        _ => return None,
    })
}
