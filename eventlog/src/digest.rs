//! One digest of a history that everybody who has it can compute alike, with its keys or without.

use crate::checksum::Digest;
use crate::ndjson::{Line, write_line};
use daftar_domain::ids::CustomerId;
use daftar_domain::{Actor, EventKind};
use std::collections::HashMap;

/// Lines without what is sealed: no texts, no attachments, no ids of the source, and each customer by a number.
///
/// Customers are numbered from 1 in the order in which they are first named: who is whom stays, who it is does not. So
/// a customer may be named by the own id or by a pseudonym, and the line comes out the same.
#[derive(Debug, Default)]
pub struct Clear {
    customers: HashMap<CustomerId, CustomerId>,
}

impl Clear {
    /// The line without what is sealed; lines must come in the order of the log.
    #[must_use]
    pub fn line(&mut self, mut line: Line) -> Line {
        line.event_id = None;
        // In the order in which a line names them.
        if let Some(Actor::Customer(Some(id))) = &mut line.event.by {
            *id = self.numbered(id);
        }
        match &mut line.event.kind {
            EventKind::TicketOpened(opening) => {
                opening.customer = opening.customer.as_ref().map(|id| self.numbered(id));
                (opening.subject, opening.body) = (None, None);
                opening.attachments.clear();
            }
            EventKind::ReplyPosted { body, attachments, .. } => {
                *body = None;
                attachments.clear();
            }
            EventKind::SurveySubmitted { answers, .. } => {
                answers.comment = None;
                answers.texts.clear();
            }
            EventKind::FollowUpRecorded { note, .. } => *note = None,
            EventKind::TicketAssigned { .. }
            | EventKind::TicketTransferred { .. }
            | EventKind::PriorityChanged { .. }
            | EventKind::TagsChanged { .. }
            | EventKind::ReplyRated { .. }
            | EventKind::TicketHeld { .. }
            | EventKind::TicketResumed
            | EventKind::TicketClosed { .. }
            | EventKind::TicketReopened { .. }
            | EventKind::TicketVoided { .. }
            | EventKind::TicketRestored => {}
        }
        line
    }

    fn numbered(&mut self, id: &CustomerId) -> CustomerId {
        if let Some(known) = self.customers.get(id) {
            return known.clone();
        }
        let number = CustomerId::known_good(&(self.customers.len() + 1).to_string());
        self.customers.insert(id.clone(), number.clone());
        number
    }
}

/// BLAKE3 over lines as they are written one after the other.
#[derive(Debug, Default)]
pub struct LinesDigest {
    hasher: blake3::Hasher,
    written: Vec<u8>,
}

impl LinesDigest {
    /// Adds a line; answers its bytes, with the line end.
    pub fn take(&mut self, line: &Line) -> &[u8] {
        self.written.clear();
        write_line(&mut self.written, line);
        self.hasher.update(&self.written);
        &self.written
    }

    /// The digest of what was added so far.
    #[must_use]
    pub fn value(&self) -> Digest {
        *self.hasher.finalize().as_bytes()
    }
}

/// A digest in hexadecimal digits.
#[must_use]
pub fn to_hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndjson::parse_line;

    fn cleared(lines: &[&str]) -> Vec<String> {
        let (mut clear, mut digest) = (Clear::default(), LinesDigest::default());
        let mut written = Vec::new();
        for line in lines {
            let line = clear.line(parse_line(line.as_bytes()).unwrap());
            written.push(String::from_utf8(digest.take(&line).to_vec()).unwrap());
        }
        assert_eq!(digest.value(), *blake3::hash(written.concat().as_bytes()).as_bytes());
        written
    }

    const OPENED: &str = r#"{"type":"ticket_opened","ticket":"A","occurred_at":"2026-01-03T08:12:00Z""#;

    #[test]
    fn what_is_sealed_is_left_out_and_customers_are_numbered_as_they_come() {
        let first = format!(
            r#"{OPENED},"by":{{"kind":"customer","id":"zahra"}},"customer":"ali","priority":"low","subject":"s","body":"b","attachments":[{{"name":"a"}}],"position":3,"event_id":"e"}}"#
        );
        let reply = r#"{"type":"reply_posted","ticket":"A","occurred_at":"2026-01-03T08:13:00Z","author":{"kind":"customer","id":"ali"},"visibility":"public","body":"b"}"#;
        let survey = r#"{"type":"survey_submitted","ticket":"A","occurred_at":"2026-01-03T08:14:00Z","by":{"kind":"agent","id":"ali"},"closing":1,"nps":9,"texts":{"q":"t"},"comment":"c"}"#;
        let note = r#"{"type":"follow_up_recorded","ticket":"A","occurred_at":"2026-01-03T08:15:00Z","by":{"kind":"customer"},"means":"call","note":"n"}"#;
        let [first, reply, survey, note] = cleared(&[&first, reply, survey, note]).try_into().unwrap();
        assert_eq!(
            first,
            format!(
                "{OPENED},\"by\":{{\"kind\":\"customer\",\"id\":\"1\"}},\"customer\":\"2\",\"priority\":\"low\",\"position\":3}}\n"
            )
        );
        assert!(reply.contains(r#""author":{"kind":"customer","id":"2"},"visibility":"public"}"#), "{reply}");
        assert!(
            survey.contains(r#""by":{"kind":"agent","id":"ali"},"closing":1,"nps":9}"#),
            "an agent stays: {survey}"
        );
        assert!(note.contains(r#""by":{"kind":"customer"},"means":"call"}"#), "{note}");
    }

    #[test]
    fn how_customers_are_called_does_not_matter_and_which_of_them_it_is_does() {
        let history = |names: [&str; 3]| {
            let line = |name: &str| format!(r#"{OPENED},"customer":"{name}"}}"#);
            let lines = names.map(line);
            cleared(&lines.each_ref().map(String::as_str))
        };
        assert_eq!(history(["ali", "zahra", "ali"]), history(["f00d", "ali", "f00d"]));
        assert_ne!(history(["ali", "zahra", "ali"]), history(["ali", "zahra", "zahra"]));
    }

    #[test]
    fn digests_are_written_in_64_digits() {
        assert_eq!(to_hex(&[0x0a; 32]), "0a".repeat(32));
    }
}
