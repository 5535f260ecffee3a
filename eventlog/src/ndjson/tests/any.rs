//! Any line there can be: all fifteen types, Persian ids and texts among them.

use super::super::Line;
use daftar_domain::ids::{AttributeName, AttributeValue, AutomationId, FormName, FormRef, Language, QuestionId};
use daftar_domain::satisfaction::{Ces, Nps, QuestionScore, Scale, Score, SurveyAnswers};
use daftar_domain::ticket::{Attachment, Change, HeldFor, Means, Opening, Priority, Visibility};
use daftar_domain::{Actor, Cause, Event, EventKind, Invalid, Timestamp};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::fmt::Debug;

/// A line with an event that is whole: whoever must be named is.
pub(super) fn line() -> impl Strategy<Value = Line> {
    let added = (option::of(".{1,12}"), option::of(1..=u64::MAX), option::of(1..=u32::MAX), option::of(instant()));
    (id(daftar_domain::ids::TicketId::parse), event(), added).prop_map(
        |(ticket, event, (event_id, position, version, recorded_at))| Line {
            ticket,
            event,
            event_id,
            position,
            version,
            recorded_at,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    (instant(), actor(), any::<bool>(), option::of(cause()), kind()).prop_map(
        |(occurred_at, by, named, cause, kind)| {
            let must = matches!(
                kind,
                EventKind::ReplyPosted { .. }
                    | EventKind::TicketClosed { .. }
                    | EventKind::TicketReopened { .. }
                    | EventKind::FollowUpRecorded { .. }
            );
            Event { occurred_at, by: (must || named).then_some(by), cause, kind }
        },
    )
}

fn kind() -> impl Strategy<Value = EventKind> {
    use daftar_domain::ids::{AgentId, BranchId, ChannelId, DepartmentId, ReasonId, Tag, TicketId};
    prop_oneof![
        opening().prop_map(|opening| EventKind::TicketOpened(Box::new(opening))),
        option::of(id(AgentId::parse)).prop_map(|agent| EventKind::TicketAssigned { agent }),
        (change(BranchId::parse), change(DepartmentId::parse))
            .prop_filter("one must be given", |(b, d)| *b != Change::Keep || *d != Change::Keep)
            .prop_map(|(branch, department)| EventKind::TicketTransferred { branch, department }),
        priority().prop_map(|priority| EventKind::PriorityChanged { priority }),
        (btree_set(id(Tag::parse), 0..4), btree_set(id(Tag::parse), 0..4))
            .prop_map(|(added, removed)| EventKind::TagsChanged { added, removed }),
        (
            prop_oneof![Just(Visibility::Public), Just(Visibility::Internal)],
            option::of(id(ChannelId::parse)),
            option::of(text()),
            vec(attachment(), 0..3)
        )
            .prop_map(|(visibility, channel, body, attachments)| {
                EventKind::ReplyPosted { visibility, channel, body, attachments }
            }),
        (1..=u32::MAX, score()).prop_map(|(reply, rating)| EventKind::ReplyRated { reply, rating }),
        prop_oneof![Just(HeldFor::Customer), Just(HeldFor::ThirdParty)]
            .prop_map(|waiting_for| EventKind::TicketHeld { waiting_for }),
        Just(EventKind::TicketResumed),
        (any::<bool>(), option::of(id(ReasonId::parse)), option::of(id(TicketId::parse)), option::of(form())).prop_map(
            |(survey_offered, reason, duplicate_of, form)| EventKind::TicketClosed {
                survey_offered,
                reason,
                duplicate_of,
                form
            }
        ),
        (1..=u32::MAX, answers())
            .prop_map(|(closing, answers)| EventKind::SurveySubmitted { closing, answers: Box::new(answers) }),
        option::of(id(ReasonId::parse)).prop_map(|reason| EventKind::TicketReopened { reason }),
        id(ReasonId::parse).prop_map(|reason| EventKind::TicketVoided { reason }),
        Just(EventKind::TicketRestored),
        (means(), option::of(text())).prop_map(|(means, note)| EventKind::FollowUpRecorded { means, note }),
    ]
}

fn opening() -> impl Strategy<Value = Opening> {
    use daftar_domain::ids::{BranchId, ChannelId, CustomerId, DepartmentId, Tag, TierId};
    let places = (
        option::of(id(CustomerId::parse)),
        option::of(id(ChannelId::parse)),
        option::of(id(BranchId::parse)),
        option::of(id(DepartmentId::parse)),
        option::of(id(TierId::parse)),
    );
    let language = option::of("[a-z]{2,3}(-[A-Z]{2})?".prop_map(|tag| Language::parse("language", &tag).unwrap()));
    let own = btree_map(id(AttributeName::parse), id(AttributeValue::parse), 0..3);
    let texts = (option::of(text()), option::of(text()), vec(attachment(), 0..3));
    (places, priority(), btree_set(id(Tag::parse), 0..4), language, own, texts).prop_map(
        |(
            (customer, channel, branch, department, customer_tier),
            priority,
            tags,
            language,
            attributes,
            (subject, body, attachments),
        )| Opening {
            customer,
            channel,
            branch,
            department,
            priority,
            customer_tier,
            tags,
            language,
            attributes,
            subject,
            body,
            attachments,
        },
    )
}

fn answers() -> impl Strategy<Value = SurveyAnswers> {
    use daftar_domain::ids::ChoiceId;
    let question = || id(QuestionId::parse);
    (
        option::of(score()),
        btree_map(question(), (1i64..=5).prop_map(|n| QuestionScore::new("", n).unwrap()), 0..4),
        btree_map(question(), btree_set(id(ChoiceId::parse), 0..3), 0..3),
        option::of((0i64..=10).prop_map(|n| Nps::new("", n).unwrap())),
        option::of((1i64..=7).prop_map(|n| Ces::new("", n).unwrap())),
        btree_map(question(), text(), 0..3),
        option::of(text()),
    )
        .prop_map(|(overall, questions, choices, nps, ces, texts, comment)| SurveyAnswers {
            overall,
            questions,
            choices,
            nps,
            ces,
            texts,
            comment,
        })
}

fn attachment() -> impl Strategy<Value = Attachment> {
    (text(), option::of(text()), option::of(any::<u64>()), option::of("[0-9a-f]{64}"), option::of(text()))
        .prop_map(|(name, media_type, size, sha256, url)| Attachment { name, media_type, size, sha256, url })
}

fn actor() -> impl Strategy<Value = Actor> {
    use daftar_domain::ids::{AgentId, AutomationId, CustomerId};
    prop_oneof![
        id(AgentId::parse).prop_map(Actor::Agent),
        option::of(id(CustomerId::parse)).prop_map(Actor::Customer),
        option::of(id(AutomationId::parse)).prop_map(Actor::Automation),
    ]
}

fn cause() -> impl Strategy<Value = Cause> {
    let rule = (id(AutomationId::parse), option::of(any::<u32>())).prop_map(|(name, version)| match version {
        Some(version) => format!("{name}@{version}"),
        None => name.to_string(),
    });
    (1..=u64::MAX, rule).prop_map(|(position, rule)| Cause { position, rule })
}

fn change<T: Debug + Clone>(parse: fn(&str, &str) -> Result<T, Invalid>) -> impl Strategy<Value = Change<T>> {
    prop_oneof![Just(Change::Keep), Just(Change::Clear), id(parse).prop_map(Change::Set)]
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High), Just(Priority::Urgent)]
}

fn means() -> impl Strategy<Value = Means> {
    prop_oneof![Just(Means::Message), Just(Means::Call), Just(Means::Visit), Just(Means::None)]
}

fn form() -> impl Strategy<Value = FormRef> {
    (id(FormName::parse), any::<u32>()).prop_map(|(name, version)| FormRef { name, version })
}

fn score() -> impl Strategy<Value = Score> {
    prop_oneof![Just((Scale::Binary, 0)), Just((Scale::Four, 1)), Just((Scale::Five, 1))]
        .prop_flat_map(|(scale, low)| (Just(scale), low..=i64::from(scale.range().1)))
        .prop_map(|(scale, score)| Score::new("", scale, score).unwrap())
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.micros()..=Timestamp::MAX.micros()).prop_map(Timestamp::clamped)
}

fn id<T: Debug>(parse: fn(&str, &str) -> Result<T, Invalid>) -> impl Strategy<Value = T> {
    prop_oneof!["[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", "[ا-غف-ی۰-۹]{1,20}", "می\u{200C}[ا-غ]{1,8}"]
        .prop_filter_map("an id is composed (NFC)", move |text| parse("id", &text).ok())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,30}", "[ا-ی\u{200C} ]{0,30}", "[\u{0}-\u{1f}\"\\\\/\u{2028}\n\r]{0,12}", any::<String>()]
}
