//! From the JSON body of a command to the command: the fields of its event, without what only a fact has.

use super::fault::{At, Faults, LineError, Seen};
use super::fields::Fields;
use super::read::{self, SHAPES, Shape};
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::{Action, Command};
use daftar_domain::{Actor, EventKind};

/// What a command wishes, as far as the address says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To open a ticket.
    Open,
    /// To give it to an agent.
    Assign,
    /// To pass it on.
    Transfer,
    /// To change how urgent it is.
    ChangePriority,
    /// To change its tags.
    ChangeTags,
    /// To write a reply or a note.
    Reply,
    /// To rate the reply of that number.
    RateReply(u32),
    /// To let it wait for somebody.
    Hold,
    /// To end the wait.
    Resume,
    /// To close it.
    Close,
    /// To answer a survey.
    SubmitSurvey,
    /// To open it again.
    Reopen,
    /// To take it out of the figures.
    Void,
    /// To bring it back.
    Restore,
    /// To record a follow-up.
    RecordFollowUp,
}

/// A command as its body says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandBody {
    /// The id an opening gives its ticket.
    pub ticket: Option<TicketId>,
    /// The command.
    pub command: Command,
}

impl Wish {
    /// The type of event it leads to.
    const fn event(self) -> &'static str {
        match self {
            Self::Open => "ticket_opened",
            Self::Assign => "ticket_assigned",
            Self::Transfer => "ticket_transferred",
            Self::ChangePriority => "priority_changed",
            Self::ChangeTags => "tags_changed",
            Self::Reply => "reply_posted",
            Self::RateReply(_) => "reply_rated",
            Self::Hold => "ticket_held",
            Self::Resume => "ticket_resumed",
            Self::Close => "ticket_closed",
            Self::SubmitSurvey => "survey_submitted",
            Self::Reopen => "ticket_reopened",
            Self::Void => "ticket_voided",
            Self::Restore => "ticket_restored",
            Self::RecordFollowUp => "follow_up_recorded",
        }
    }

    fn shape(self) -> Option<&'static Shape> {
        SHAPES.iter().find(|shape| shape.name == self.event())
    }

    /// The fields of its body besides those of its event, and those of its event that it leaves out.
    const fn own_fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Open => (&["ticket"], &[]),
            Self::Reply => (&["author", "reopen"], &[]),
            Self::RateReply(_) => (&[], &["reply"]),
            _ => (&[], &[]),
        }
    }

    fn known_fields(self) -> String {
        let (added, left_out) = self.own_fields();
        let own = self.shape().map(|shape| shape.own).unwrap_or_default();
        let own = own.iter().filter(|name| !left_out.contains(name));
        added.iter().chain(own).chain([&"by"]).copied().collect::<Vec<_>>().join(", ")
    }
}

/// Reads the body of a command; no body is an object without fields.
///
/// # Errors
///
/// [`LineError`] with everything that is wrong with it.
pub fn parse_command(body: &[u8], wish: Wish) -> Result<CommandBody, LineError> {
    let text = std::str::from_utf8(body).map_err(|e| {
        LineError::unread(format!("the body is not UTF-8: the byte at offset {} is not text", e.valid_up_to()))
    })?;
    if text.trim_ascii().is_empty() {
        return command(Vec::new(), wish);
    }
    match super::json::parse_object("the body", text) {
        (fields, Ok(())) => command(fields, wish),
        (_, Err(why)) => Err(LineError::unread(why)),
    }
}

fn command(given: Vec<super::json::Field<'_>>, wish: Wish) -> Result<CommandBody, LineError> {
    let seen = Seen::of(&given);
    let mut faults = Faults::default();
    let mut fields = Fields::new(At::Line, given, &mut faults);
    let ticket = if wish == Wish::Open { fields.optional("ticket", |v| v.parsed(TicketId::parse)) } else { None };
    let by = who(&mut fields, wish);
    let action = action(&mut fields, wish);
    fields.end("this command", || wish.known_fields());
    match (action, faults.into_list()) {
        (Some(action), faults) if faults.is_empty() => {
            Ok(CommandBody { ticket, command: Command { by, cause: None, action } })
        }
        (_, faults) => Err(seen.error(faults)),
    }
}

/// Who wishes it; of a reply its author, whatever field says so.
fn who(fields: &mut Fields<'_, '_>, wish: Wish) -> Option<Actor> {
    match wish {
        Wish::Reply => {
            let by = fields.optional("by", read::actor);
            let author =
                if by.is_some() && !fields.has("author") { by.clone() } else { fields.required("author", read::actor) };
            if by.is_some() && by != author {
                return fields.note("by", "must be the author of the reply: leave it out");
            }
            author
        }
        Wish::Close | Wish::Reopen | Wish::RecordFollowUp => fields.required("by", read::actor),
        _ => fields.optional("by", read::actor),
    }
}

fn action(fields: &mut Fields<'_, '_>, wish: Wish) -> Option<Action> {
    match wish {
        Wish::RateReply(reply) => {
            fields.required("rating", read::score).map(|rating| Action::RateReply { reply, rating })
        }
        Wish::SubmitSurvey => {
            let closing = fields.optional("closing", |v| v.count(1, u32::MAX.into()));
            Some(Action::SubmitSurvey { closing, answers: Box::new(read::answers(fields)) })
        }
        Wish::Close => {
            let survey_offered = fields.optional("survey_offered", |v| v.bool()).unwrap_or(true);
            let (reason, duplicate_of, form) = read::closing(fields);
            Some(Action::Close { survey_offered, reason, duplicate_of, form })
        }
        Wish::Reply => {
            let reopen = fields.optional("reopen", |v| v.bool()).unwrap_or(false);
            read::reply_posted(fields).and_then(|posted| wished(posted, reopen))
        }
        _ => wish.shape().and_then(|shape| (shape.read)(fields)).and_then(|event| wished(event, false)),
    }
}

/// The action that leads to such an event.
fn wished(event: EventKind, reopen: bool) -> Option<Action> {
    Some(match event {
        EventKind::TicketOpened(opening) => Action::Open(opening),
        EventKind::TicketAssigned { agent } => Action::Assign { agent },
        EventKind::TicketTransferred { branch, department } => Action::Transfer { branch, department },
        EventKind::PriorityChanged { priority } => Action::ChangePriority { priority },
        EventKind::TagsChanged { added, removed } => Action::ChangeTags { added, removed },
        EventKind::ReplyPosted { visibility, channel, body, attachments } => {
            Action::Reply { visibility, channel, body, attachments, reopen }
        }
        EventKind::TicketHeld { waiting_for } => Action::Hold { waiting_for },
        EventKind::TicketResumed => Action::Resume,
        EventKind::TicketReopened { reason } => Action::Reopen { reason },
        EventKind::TicketVoided { reason } => Action::Void { reason },
        EventKind::TicketRestored => Action::Restore,
        EventKind::FollowUpRecorded { means, note } => Action::RecordFollowUp { means, note },
        // These have fields that a command leaves out or fills in; `action` reads them itself.
        EventKind::ReplyRated { .. } | EventKind::TicketClosed { .. } | EventKind::SurveySubmitted { .. } => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(wish: Wish, body: &str) -> Vec<(String, bool)> {
        let error = parse_command(body.as_bytes(), wish).unwrap_err();
        error.faults.into_iter().map(|fault| (fault.pointer, fault.breaks_rule)).collect()
    }

    #[test]
    fn a_body_says_what_its_event_says() {
        let read = parse_command(br#"{"ticket":"HD-1","customer":"c-1","tags":["a"]}"#, Wish::Open).unwrap();
        assert_eq!(read.ticket.unwrap().as_str(), "HD-1");
        let Action::Open(opening) = read.command.action else { panic!("it opens") };
        assert_eq!(opening.customer.unwrap().as_str(), "c-1");
        let read = parse_command(br#"{"by":{"kind":"agent","id":"sara"}}"#, Wish::Close).unwrap();
        assert!(matches!(read.command.action, Action::Close { survey_offered: true, .. }), "a live closing offers one");
        let read = parse_command(b"", Wish::Resume).unwrap();
        assert_eq!(read.command, Command { by: None, cause: None, action: Action::Resume });
        let read = parse_command(br#"{"rating":"satisfied"}"#, Wish::RateReply(3)).unwrap();
        assert!(matches!(read.command.action, Action::RateReply { reply: 3, .. }));
        let read = parse_command(br#"{"nps":9}"#, Wish::SubmitSurvey).unwrap();
        assert!(matches!(read.command.action, Action::SubmitSurvey { closing: None, .. }));
    }

    #[test]
    fn a_reply_has_one_author() {
        let author = r#""author":{"kind":"agent","id":"sara"}"#;
        for body in [author, &author.replace("author", "by"), &format!("{author},{}", author.replace("author", "by"))] {
            let read = parse_command(format!("{{{body}}}").as_bytes(), Wish::Reply).unwrap();
            assert_eq!(read.command.by.unwrap().agent().unwrap().as_str(), "sara", "{body}");
        }
        let other = r#"{"author":{"kind":"agent","id":"sara"},"by":{"kind":"agent","id":"ali"}}"#;
        assert_eq!(faults(Wish::Reply, other), [("/by".to_owned(), false)]);
        assert_eq!(faults(Wish::Reply, "{}"), [("/author".to_owned(), false)]);
    }

    #[test]
    fn every_wrong_field_is_named_with_its_place_and_whether_it_only_breaks_a_rule() {
        let body = r#"{"type":"x","occurred_at":"x","overall":{"scale":"five","score":6},"nps":"9","ces":8,"questions":{"a/b":1,"speed":[]}}"#;
        let wrong = faults(Wish::SubmitSurvey, body);
        for expected in [
            ("/overall/score", true),
            ("/nps", false),
            ("/ces", true),
            ("/questions/a~1b", true),
            ("/questions/speed", false),
            ("/type", false),
            ("/occurred_at", false),
        ] {
            assert!(wrong.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} in {wrong:?}");
        }
        assert_eq!(wrong.len(), 7);
        assert_eq!(faults(Wish::RateReply(1), r#"{"rating":1.5,"reply":1}"#).len(), 2);
    }

    #[test]
    fn what_is_no_object_is_told_as_a_body() {
        for (body, begins) in [
            (&b"[1]"[..], "the body is a list"),
            (b"{\"a\":", "the body is cut off"),
            (b"\xff\xfe", "the body is not UTF-8"),
        ] {
            let error = parse_command(body, Wish::Restore).unwrap_err();
            assert!(error.to_string().starts_with(begins), "{error}");
        }
    }
}
