//! How long texts and lists may be.

use crate::Invalid;
use crate::satisfaction::SurveyAnswers;
use crate::ticket::{Attachment, EventKind};
use std::fmt;

/// The most events a ticket may have, whatever is configured.
pub const EVENTS_MAX: u32 = 100_000;
/// The most tags a ticket may have at a time, whatever is configured.
pub const TAGS_MAX: usize = 32;

const KB: usize = 1024;
const SHA256_HEX_DIGITS: usize = 64;

/// How long texts and lists may be; lengths of texts are in bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The subject of a ticket, in bytes.
    pub subject_bytes: usize,
    /// The body of a ticket or a reply, in bytes.
    pub body_bytes: usize,
    /// The comment of a survey, in bytes.
    pub comment_bytes: usize,
    /// One survey question's answer in words, in bytes.
    pub text_answer_bytes: usize,
    /// The note of a follow-up, in bytes.
    pub note_bytes: usize,
    /// Tags of one event; what a ticket has altogether never passes [`TAGS_MAX`].
    pub tags: usize,
    /// Own fields of a ticket.
    pub attributes: usize,
    /// Attachments of one message.
    pub attachments: usize,
    /// The name of an attachment, in bytes.
    pub attachment_name_bytes: usize,
    /// The media type of an attachment, in bytes.
    pub media_type_bytes: usize,
    /// Where an attachment lies, in bytes.
    pub url_bytes: usize,
    /// Questions of one survey: scored, of choices and in words together.
    pub questions: usize,
    /// Choices ticked of one question.
    pub choices: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            subject_bytes: KB,
            body_bytes: 256 * KB,
            comment_bytes: 16 * KB,
            text_answer_bytes: 16 * KB,
            note_bytes: 16 * KB,
            tags: TAGS_MAX,
            attributes: 16,
            attachments: 20,
            attachment_name_bytes: 255,
            media_type_bytes: 127,
            url_bytes: 2 * KB,
            questions: 50,
            choices: 50,
        }
    }
}

impl Limits {
    /// Checks every text and list of an event.
    ///
    /// # Errors
    ///
    /// One [`Invalid`] for every field that is too long, in the order of the fields.
    pub fn check(&self, event: &EventKind) -> Result<(), Vec<Invalid>> {
        let mut found = Found::default();
        match event {
            EventKind::TicketOpened(opening) => {
                found.text("subject", opening.subject.as_deref(), self.subject_bytes);
                found.count("tags", opening.tags.len(), self.tags, "tags");
                found.count("attributes", opening.attributes.len(), self.attributes, "attributes");
                self.message(&mut found, opening.body.as_deref(), &opening.attachments);
            }
            EventKind::TagsChanged { added, removed } => {
                found.count("added", added.len(), self.tags, "tags");
                found.count("removed", removed.len(), self.tags, "tags");
            }
            EventKind::ReplyPosted { body, attachments, .. } => self.message(&mut found, body.as_deref(), attachments),
            EventKind::SurveySubmitted { answers, .. } => self.survey(&mut found, answers),
            EventKind::FollowUpRecorded { note, .. } => found.text("note", note.as_deref(), self.note_bytes),
            EventKind::TicketAssigned { .. }
            | EventKind::TicketTransferred { .. }
            | EventKind::PriorityChanged { .. }
            | EventKind::ReplyRated { .. }
            | EventKind::TicketHeld { .. }
            | EventKind::TicketResumed
            | EventKind::TicketClosed { .. }
            | EventKind::TicketReopened { .. }
            | EventKind::TicketVoided { .. }
            | EventKind::TicketRestored => {}
        }
        found.result()
    }

    fn message(&self, found: &mut Found, body: Option<&str>, attachments: &[Attachment]) {
        found.text("body", body, self.body_bytes);
        found.count("attachments", attachments.len(), self.attachments, "attachments");
        // What lies past the limit is not looked at: the answer stays as short as the list should have been.
        for (index, attachment) in attachments.iter().take(self.attachments).enumerate() {
            self.attachment(found, index, attachment);
        }
    }

    fn attachment(&self, found: &mut Found, index: usize, attachment: &Attachment) {
        let field = |name: &str| format!("attachments[{index}].{name}");
        found.text(&field("name"), Some(&attachment.name), self.attachment_name_bytes);
        found.text(&field("media_type"), attachment.media_type.as_deref(), self.media_type_bytes);
        if let Some(digest) = attachment.sha256.as_deref().filter(|text| !is_sha256(text)) {
            let rule = format!("must be a SHA-256 of {SHA256_HEX_DIGITS} lower-case hexadecimal digits");
            found.add(&field("sha256"), digest, rule);
        }
        found.text(&field("url"), attachment.url.as_deref(), self.url_bytes);
    }

    fn survey(&self, found: &mut Found, answers: &SurveyAnswers) {
        let questions = answers.questions.len() + answers.choices.len() + answers.texts.len();
        found.count("questions", questions, self.questions, "questions (scored, of choices and in words together)");
        for (question, ticked) in &answers.choices {
            found.count(&format!("choices.{question}"), ticked.len(), self.choices, "choices");
        }
        for (question, text) in &answers.texts {
            found.text(&format!("texts.{question}"), Some(text), self.text_answer_bytes);
        }
        found.text("comment", answers.comment.as_deref(), self.comment_bytes);
    }
}

/// What was found too long so far.
#[derive(Default)]
struct Found(Vec<Invalid>);

impl Found {
    fn add(&mut self, field: &str, value: impl fmt::Display, rule: String) {
        self.0.push(Invalid::new(field, value, rule));
    }

    fn text(&mut self, field: &str, text: Option<&str>, most: usize) {
        if let Some(text) = text.filter(|text| text.len() > most) {
            self.add(field, text, format!("must have at most {most} bytes; it has {}", text.len()));
        }
    }

    fn count(&mut self, field: &str, count: usize, most: usize, what: &str) {
        if count > most {
            self.add(field, count, format!("must have at most {most} {what}"));
        }
    }

    fn result(self) -> Result<(), Vec<Invalid>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == SHA256_HEX_DIGITS && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests;
