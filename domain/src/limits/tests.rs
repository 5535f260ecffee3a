//! The bounds of every text and list: the last that is taken, the first that is not.

use super::*;
use crate::ids::{AttributeName, AttributeValue, ChoiceId};
use crate::satisfaction::QuestionScore;
use crate::ticket::event::{Means, Opening, Visibility};
use crate::ticket::samples::{named, numbered_tags, question, tags};

fn fields_wrong(event: &EventKind) -> Vec<String> {
    let found = Limits::default().check(event).err().unwrap_or_default();
    found.into_iter().map(|invalid| invalid.field).collect()
}

fn text(bytes: usize) -> Option<String> {
    Some("x".repeat(bytes))
}

fn opened(change: impl FnOnce(&mut Opening)) -> EventKind {
    let mut opening = Opening::default();
    change(&mut opening);
    EventKind::TicketOpened(Box::new(opening))
}

fn reply(body: Option<String>, attachments: Vec<Attachment>) -> EventKind {
    EventKind::ReplyPosted { visibility: Visibility::Public, channel: None, body, attachments }
}

fn attached(change: impl FnOnce(&mut Attachment)) -> EventKind {
    let mut attachment = named("a.png");
    change(&mut attachment);
    reply(None, vec![named("first.png"), attachment])
}

fn survey(change: impl FnOnce(&mut SurveyAnswers)) -> EventKind {
    let mut answers = SurveyAnswers::default();
    change(&mut answers);
    EventKind::SurveySubmitted { closing: 1, answers: Box::new(answers) }
}

fn attributes(opening: &mut Opening, count: usize) {
    let (name, value) = (|n| AttributeName::known_good(&format!("a{n}")), AttributeValue::known_good("v"));
    opening.attributes = (0..count).map(|n: usize| (name(n), value.clone())).collect();
}

fn questions(answers: &mut SurveyAnswers, scored: usize, in_words: usize) {
    let score = QuestionScore::new("questions.q", 5).unwrap();
    answers.questions = (0..scored).map(|n| (question(&format!("q{n}")), score)).collect();
    answers.texts = (0..in_words).map(|n| (question(&format!("w{n}")), "…".into())).collect();
    answers.choices = [(question("heard_from"), [ChoiceId::known_good("friend")].into())].into();
}

fn choices(answers: &mut SurveyAnswers, count: usize) {
    let ticked = (0..count).map(|n| ChoiceId::known_good(&format!("c{n}"))).collect();
    answers.choices = [(question("heard_from"), ticked)].into();
}

#[test]
fn each_takes_its_bound_and_refuses_one_more() {
    type Build = fn(usize) -> EventKind;
    let bounds: [(&str, usize, Build); 17] = [
        ("subject", 1024, |n| opened(|o| o.subject = text(n))),
        ("body", 262_144, |n| opened(|o| o.body = text(n))),
        ("tags", 32, |n| opened(|o| o.tags = numbered_tags(n))),
        ("attributes", 16, |n| opened(|o| attributes(o, n))),
        ("attachments", 20, |n| opened(|o| o.attachments = vec![named("a"); n])),
        ("added", 32, |n| EventKind::TagsChanged { added: numbered_tags(n), removed: tags(&[]) }),
        ("removed", 32, |n| EventKind::TagsChanged { added: tags(&[]), removed: numbered_tags(n) }),
        ("body", 262_144, |n| reply(text(n), vec![])),
        ("attachments", 20, |n| reply(None, vec![named("a"); n])),
        ("attachments[1].name", 255, |n| attached(|a| a.name = "x".repeat(n))),
        ("attachments[1].media_type", 127, |n| attached(|a| a.media_type = text(n))),
        ("attachments[1].url", 2048, |n| attached(|a| a.url = text(n))),
        ("questions", 50, |n| survey(|s| questions(s, 30, n - 31))),
        ("choices.heard_from", 50, |n| survey(|s| choices(s, n))),
        ("texts.suggestion", 16_384, |n| survey(|s| s.texts = [(question("suggestion"), "x".repeat(n))].into())),
        ("comment", 16_384, |n| survey(|s| s.comment = text(n))),
        ("note", 16_384, |n| EventKind::FollowUpRecorded { means: Means::Call, note: text(n) }),
    ];
    for (field, most, build) in bounds {
        assert_eq!(fields_wrong(&build(most)), [""; 0], "{field} of {most}");
        assert_eq!(fields_wrong(&build(most + 1)), [field], "{field} of {}", most + 1);
    }
}

#[test]
fn lengths_are_bytes_not_characters() {
    assert_eq!(fields_wrong(&opened(|o| o.subject = Some("س".repeat(512)))), [""; 0]);
    let refused = Limits::default().check(&opened(|o| o.subject = Some("س".repeat(513)))).unwrap_err();
    assert_eq!(refused[0].rule, "must have at most 1024 bytes; it has 1026");
}

#[test]
fn a_digest_is_64_lower_case_hexadecimal_digits() {
    let digest = |text: String| fields_wrong(&attached(|a| a.sha256 = Some(text)));
    assert_eq!(digest("0af9".repeat(16)), [""; 0]);
    for wrong in ["a".repeat(63), "a".repeat(65), "A".repeat(64), "g".repeat(64), String::new()] {
        assert_eq!(digest(wrong), ["attachments[1].sha256"]);
    }
}

#[test]
fn every_wrong_field_is_named_not_only_the_first() {
    let event = opened(|o| {
        o.subject = text(1025);
        o.tags = numbered_tags(33);
        attributes(o, 17);
        o.body = text(262_145);
        o.attachments = vec![named("ok"), named(&"x".repeat(256)), named("ok")];
        o.attachments[2].media_type = text(128);
    });
    let expected = ["subject", "tags", "attributes", "body", "attachments[1].name", "attachments[2].media_type"];
    assert_eq!(fields_wrong(&event), expected);
}

#[test]
fn bounds_can_be_configured() {
    let tight = Limits { subject_bytes: 3, ..Limits::default() };
    assert!(tight.check(&opened(|o| o.subject = text(3))).is_ok());
    assert!(tight.check(&opened(|o| o.subject = text(4))).is_err());
    assert_eq!(tight.check(&EventKind::TicketResumed), Ok(()));
}
