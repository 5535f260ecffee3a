//! The story in English.

use super::deed::{Deed, Field, Given, Moved, Who};
use super::segments::Why;
use super::words::{Closed, Moment, Name, Nth, Parts, Verdict, Words, seconds};
use crate::definition::document::{Unit, Within};
use crate::ticket_facts::{Doing, Micros};

/// English.
pub(super) struct English;

impl Words for English {
    fn moment(&self, moment: &Moment<'_>) -> String {
        let date = moment.date.as_ref().map(|(weekday, date)| format!("{weekday} {date} ")).unwrap_or_default();
        let zone = moment.zone.map(|zone| format!(" ({zone})")).unwrap_or_default();
        format!("{date}{}{zone}", moment.time)
    }

    fn joined(&self, clauses: &[String]) -> String {
        clauses.join(", ")
    }

    fn concluded(&self, clauses: &str, conclusion: &str) -> String {
        format!("{clauses}: {conclusion}")
    }

    fn listed(&self, sentences: &[String]) -> String {
        sentences.join("; ")
    }

    fn happened(&self, what: &str, when: &str) -> String {
        format!("{what} {when}")
    }

    fn deed(&self, deed: &Deed) -> String {
        match deed {
            Deed::Opened { by: Who::Customer } => "opened".to_owned(),
            Deed::Opened { by } => format!("opened by {}", who(by)),
            Deed::Assigned { agent: Some(agent) } => format!("assigned to {agent}"),
            Deed::Assigned { agent: None } => "assigned to nobody".to_owned(),
            Deed::Transferred { branch, department } => format!("transferred {}", places(branch, department)),
            Deed::PriorityChanged { from, to } => {
                format!("priority changed from {} to {}", priority(*from), priority(*to))
            }
            Deed::TagsChanged { added, removed } => tags(added, removed),
            Deed::Replied { by: Who::Customer, public: true } => "public message by the customer".to_owned(),
            Deed::Replied { by, public: true } => format!("public reply by {}", who(by)),
            Deed::Replied { by, public: false } => format!("internal note by {}", who(by)),
            Deed::Rated { reply, given } => format!("reply {reply} rated {}", value(given)),
            Deed::Held { third_party: true } => "put on hold for a third party".to_owned(),
            Deed::Held { third_party: false } => "put on hold for the customer".to_owned(),
            Deed::Resumed => "resumed".to_owned(),
            Deed::Closed { by, reason, .. } => format!("closed by {}{}", who(by), reason_of(reason.as_deref())),
            Deed::Answered { closing, given } => {
                format!("{} answered with {}", self.survey_of(*closing), self.answers(given))
            }
            Deed::Reopened { by } => format!("reopened by {}", who(by)),
            Deed::Voided { reason } => format!("voided as {reason}"),
            Deed::Restored => "restored".to_owned(),
            Deed::FollowedUp { by, means } => format!("followed up by {} {}", who(by), by_means(*means)),
        }
    }

    fn event(&self, deed: &Deed, when: &str) -> String {
        let Deed::Answered { closing, given } = deed else { return self.happened(&self.deed(deed), when) };
        format!("{} answered {when} with {}", self.survey_of(*closing), self.answers(given))
    }

    fn reply(&self, nth: Nth, by: &Who) -> String {
        match nth {
            Nth::First => format!("first public reply by {}", who(by)),
            Nth::Next => format!("next public reply by {}", who(by)),
        }
    }

    fn unanswered(&self, nth: Nth, until: &str) -> String {
        match nth {
            Nth::First => format!("no first public reply until {until}"),
            Nth::Next => format!("no next public reply until {until}"),
        }
    }

    fn not_closed(&self, until: &str) -> String {
        format!("not closed until {until}")
    }

    fn office(&self, closed: &Closed) -> String {
        match closed {
            Closed::Until(to) => format!("office opens {to}"),
            Closed::Since(from) => format!("office closes {from}"),
            Closed::Between(from, to) => format!("office closes {from} and opens {to}"),
            Closed::Throughout(from, to) => format!("office closed from {from} to {to}"),
        }
    }

    fn office_days(&self, days: usize) -> String {
        format!("over {}", plural(days, "office day"))
    }

    fn not_counted(&self, why: Why, from: &str, to: &str) -> String {
        let what = match why {
            Why::Runs => "running".to_owned(),
            Why::OutsideHours => "outside office hours".to_owned(),
            Why::Doing(doing) => self.state(doing),
        };
        format!("{what} from {from} to {to} (not counted)")
    }

    fn other_hours(&self, department: Option<&str>, from: &str) -> String {
        match department {
            Some(department) => format!("hours of {department} from {from}"),
            None => format!("other office hours from {from}"),
        }
    }

    fn more(&self, clauses: usize) -> String {
        format!("and {clauses} more")
    }

    fn counted(&self, total: &str, parts: &[String]) -> String {
        if parts.is_empty() { format!("{total} counted") } else { format!("{total} counted ({})", parts.join(" + ")) }
    }

    fn duration(&self, micros: Micros, days: bool) -> String {
        let parts = Parts::of(micros, days);
        let whole = [(parts.days, "d"), (parts.hours, "h"), (parts.minutes, "min")];
        let mut words: Vec<_> =
            whole.into_iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n} {unit}")).collect();
        if parts.rest != 0 {
            words.push(format!("{} s", seconds(parts.rest)));
        }
        if words.is_empty() { "0 min".to_owned() } else { words.join(" ") }
    }

    fn before_any_start(&self) -> String {
        "before the clock had started".to_owned()
    }

    fn target(&self, within: Within, verdict: &Verdict) -> String {
        let target = length(within);
        match verdict {
            Verdict::Met(left) => format!("target of {target} met with {} to spare", self.duration(*left, false)),
            Verdict::Breached(over) => format!("target of {target} breached by {}", self.duration(*over, false)),
            Verdict::Judged(Some(true)) => format!("target of {target} met"),
            Verdict::Judged(Some(false)) => format!("target of {target} breached"),
            Verdict::Judged(None) => format!("target of {target}"),
            Verdict::Running(left) => format!("target of {target}, {} left", self.duration(*left, false)),
        }
    }

    fn name(&self, name: Name) -> String {
        let name = match name {
            Name::FirstResponse => "first response",
            Name::NextResponse => "next response",
            Name::FirstResolution => "first resolution",
            Name::FullResolution => "full resolution",
            Name::OpenTime => "open time",
            Name::RequesterWait => "requester wait",
            Name::CustomerWait => "customer wait",
            Name::AgentWork => "agent work",
            Name::OnHold => "time on hold",
            Name::OnHoldCustomer => "time on hold for the customer",
            Name::OnHoldThirdParty => "time on hold for a third party",
            Name::Stay => "stay in the department",
        };
        name.to_owned()
    }

    fn named(&self, name: Name, value: &str) -> String {
        format!("{}: {value}", self.name(name))
    }

    fn answer(&self, field: &Field, given: &Given) -> String {
        match field {
            Field::Overall => value(given),
            Field::Nps => format!("NPS {}", value(given)),
            Field::Ces => format!("CES {}", value(given)),
            Field::Question(question) | Field::Choice(question) => format!("{question} {}", value(given)),
        }
    }

    fn survey_of(&self, closing: u32) -> String {
        format!("survey of closing {closing}")
    }

    fn in_place_of(&self, given: &str, when: &str) -> String {
        format!("in place of {given}, given {when}")
    }

    fn replaced_by(&self, given: &str, when: &str) -> String {
        format!("replaced by {given} {when}")
    }

    fn not_taken(&self) -> String {
        "not taken: it was answered before, and the ticket was reopened since".to_owned()
    }

    fn no_rating_counts(&self) -> String {
        "counts nowhere: it is no public reply by an agent".to_owned()
    }

    fn never_answered(&self) -> String {
        "survey offered and not answered".to_owned()
    }

    fn survey_not_offered(&self) -> String {
        "no survey offered".to_owned()
    }

    fn first_answered(&self, when: &str) -> String {
        format!("survey first answered {when}")
    }

    fn taken_back(&self, when: &str) -> String {
        format!("taken back by the reopening {when}")
    }

    fn undoes(&self, name: Name) -> String {
        format!("takes back the {} of the closing before", self.name(name))
    }

    fn never_reopened(&self) -> String {
        "not reopened since".to_owned()
    }

    fn public_replies(&self, replies: usize) -> String {
        match replies {
            1 => "1 public agent reply".to_owned(),
            _ => format!("{replies} public agent replies"),
        }
    }

    fn state(&self, doing: Doing) -> String {
        let state = match doing {
            Doing::WaitingForAgent => "waiting for an agent",
            Doing::WaitingForCustomer => "waiting for the customer",
            Doing::HeldForCustomer => "held for the customer",
            Doing::HeldForThirdParty => "held for a third party",
            Doing::Closed => "closed",
        };
        state.to_owned()
    }

    fn since(&self, state: &str, when: &str) -> String {
        format!("{state} since {when}")
    }

    fn own_name(&self, name: &str) -> String {
        name.to_owned()
    }

    fn assigned_to(&self, agent: Option<&str>) -> String {
        agent.map_or_else(|| "assigned to nobody".to_owned(), |agent| format!("assigned to {agent}"))
    }

    fn still_a_case(&self) -> String {
        "nobody has followed up yet".to_owned()
    }

    fn out_of_figures(&self) -> String {
        "out of every figure until restored".to_owned()
    }
}

impl English {
    fn answers(&self, given: &[(Field, Given)]) -> String {
        let given: Vec<_> = given.iter().map(|(field, given)| self.answer(field, given)).collect();
        if given.is_empty() { "nothing that is counted".to_owned() } else { given.join(", ") }
    }
}

fn who(who: &Who) -> String {
    match who {
        Who::Agent(agent) => agent.clone(),
        Who::Customer => "the customer".to_owned(),
        Who::Automation(None) => "an automation".to_owned(),
        Who::Automation(Some(automation)) => format!("automation {automation}"),
    }
}

fn plural(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn places(branch: &Option<Moved>, department: &Option<Moved>) -> String {
    let place = |moved: &Moved, what: &str| {
        let end = |value: &Option<String>| value.clone().unwrap_or_else(|| format!("no {what}"));
        format!("from {} to {}", end(&moved.from), end(&moved.to))
    };
    let branch = branch.as_ref().map(|moved| place(moved, "branch"));
    let department = department.as_ref().map(|moved| place(moved, "department"));
    branch.into_iter().chain(department).collect::<Vec<_>>().join(" and ")
}

fn tags(added: &[String], removed: &[String]) -> String {
    let change = |verb: &str, tags: &[String]| (!tags.is_empty()).then(|| format!("{verb} {}", tags.join(", ")));
    let changes: Vec<_> = change("added", added).into_iter().chain(change("removed", removed)).collect();
    format!("tags {}", changes.join(", "))
}

fn priority(code: u8) -> &'static str {
    ["low", "normal", "high", "urgent"].get(usize::from(code)).copied().unwrap_or("unknown")
}

fn reason_of(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" as {reason}")).unwrap_or_default()
}

fn by_means(means: u8) -> &'static str {
    ["by message", "by call", "by visit", "without contact"].get(usize::from(means)).copied().unwrap_or_default()
}

fn value(given: &Given) -> String {
    match given {
        Given::Score { scale: 0, score: 0 } => "dissatisfied".to_owned(),
        Given::Score { scale: 0, .. } => "satisfied".to_owned(),
        Given::Score { scale: 1, score } => format!("{score} of 4"),
        Given::Score { score, .. } => format!("{score} of 5"),
        Given::Number(number) => number.to_string(),
        Given::Choices(choices) if choices.is_empty() => "nothing chosen".to_owned(),
        Given::Choices(choices) => choices.join(", "),
    }
}

fn length(within: Within) -> String {
    let amount = within.amount;
    match within.unit {
        Unit::Seconds => format!("{amount} s"),
        Unit::Minutes => format!("{amount} min"),
        Unit::Hours => format!("{amount} h"),
        Unit::Days => format!("{amount} d"),
        Unit::BusinessDays if amount == 1 => "1 business day".to_owned(),
        Unit::BusinessDays => format!("{amount} business days"),
    }
}
