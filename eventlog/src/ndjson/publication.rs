//! The body that publishes a report, and what is told of a published one.

use super::fault::{At, Faults, LineError, Seen};
use super::fields::Fields;
use super::json::{Field, parse_object};
use super::read;
use super::write::{Object, actor};
use crate::facts::{self, ReportPublished};
use daftar_domain::ids::{AgentId, AutomationId, SnapshotName};
use daftar_domain::{Actor, Invalid};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationBody {
    /// Under which name.
    pub name: SnapshotName,
    /// Which report; whether there is such a one is for others to say.
    pub report: String,
    /// Its parameters, by name.
    pub query: BTreeMap<String, String>,
    /// The document of the definition it is made under, as it was written; none: the query names one, or none.
    pub document: Option<String>,
    /// Who publishes: an agent or an automation.
    pub by: Option<Actor>,
}

/// The document as it stands in the body.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    document: Option<&'a RawValue>,
}

/// Reads the body of a publication.
///
/// # Errors
///
/// [`LineError`] with everything that is wrong with it.
pub fn parse_publication(body: &[u8]) -> Result<PublicationBody, LineError> {
    let text = std::str::from_utf8(body).map_err(|e| {
        LineError::unread(format!("the body is not UTF-8: the byte at offset {} is not text", e.valid_up_to()))
    })?;
    match parse_object("the body", text) {
        (fields, Ok(())) => publication(fields, text),
        (_, Err(why)) => Err(LineError::unread(why)),
    }
}

fn publication(given: Vec<Field<'_>>, text: &str) -> Result<PublicationBody, LineError> {
    let seen = Seen::of(&given);
    let mut faults = Faults::default();
    let mut fields = Fields::new(At::Line, given, &mut faults);
    let name = fields.required("name", |v| v.parsed(SnapshotName::parse));
    let report = fields.required("report", |v| v.string());
    let query = fields.optional("query", |v| v.map(parameter, |v| v.string())).unwrap_or_default();
    let has_document = fields.optional("document", |v| v.object(|_| Some(()))).is_some();
    if has_document && query.contains_key("definition") {
        fields.note::<()>("document", "stands beside a definition in query: give one of them");
    }
    let by = fields.optional("by", read::actor);
    if matches!(by, Some(Actor::Customer(_))) {
        fields.note::<()>("by", "is a customer: reports are published by agents and automations");
    }
    fields.end("a publication", || "name, report, query, document, by".to_owned());
    match (name, report, faults.into_list()) {
        (Some(name), Some(report), faults) if faults.is_empty() => {
            let document = if has_document { as_written(text) } else { None };
            Ok(PublicationBody { name, report, query, document, by })
        }
        (_, _, faults) => Err(seen.error(faults)),
    }
}

/// A parameter's name; whether there is such a one is for others to say.
fn parameter(_: &str, name: &str) -> Result<String, Invalid> {
    Ok(name.to_owned())
}

fn as_written(text: &str) -> Option<String> {
    let Document { document } = serde_json::from_str(text).ok()?;
    document.map(|document| document.get().to_owned())
}

/// What a publication says of its report, but for the name, the position and the bytes.
pub fn write_publication(object: &mut Object<'_>, published: &ReportPublished<'_>) {
    object.value("report", published.report);
    object.object("query", |object| published.query.iter().for_each(|(name, value)| object.value(name, *value)));
    object.object("definition", |object| {
        object.value("name", published.definition);
        object.value("version", &published.definition_version);
    });
    if let Some(document) = published.document {
        object.name("document").extend_from_slice(document.as_bytes());
    }
    object.value("product", published.product);
    object.value("digest", &*blake3::Hash::from_bytes(published.digest).to_hex());
    object.value("bytes", &published.length);
    if let Some(by) = published.by.as_ref().and_then(publisher) {
        object.object("by", |object| actor(object, &by));
    }
}

/// Who published; a customer never does.
fn publisher(by: &facts::Actor<'_>) -> Option<Actor> {
    match by {
        facts::Actor::Agent(id) => Some(Actor::Agent(AgentId::known_good(id))),
        facts::Actor::Automation(id) => Some(Actor::Automation(id.map(AutomationId::known_good))),
        facts::Actor::Customer(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: &str) -> Vec<String> {
        parse_publication(body.as_bytes()).unwrap_err().faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn everything_it_may_have_is_read() {
        let body = r#"{"name":"q1.csat","report":"satisfaction","query":{"to":"2026-04-01","from":"2026-01-01","limit":null},
            "document":{"name":"strict", "csat":{"positive_from":{"five":5}}},"by":{"kind":"agent","id":"sara"}}"#;
        let read = parse_publication(body.as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), read.report.as_str()), ("q1.csat", "satisfaction"));
        let query: Vec<_> = read.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(query, [("from", "2026-01-01"), ("to", "2026-04-01")]);
        let document = r#"{"name":"strict", "csat":{"positive_from":{"five":5}}}"#;
        assert_eq!(read.document.as_deref(), Some(document), "as it was written");
        assert_eq!(read.by.unwrap().agent().unwrap().as_str(), "sara");
        let short = parse_publication(br#"{"name":"a","report":"flow"}"#).unwrap();
        assert!(short.query.is_empty() && short.document.is_none() && short.by.is_none());
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        assert_eq!(pointers("{}"), ["/name", "/report"]);
        let wrong = r#"{"name":"a b","report":7,"query":{"from":1},"document":"x","by":{"kind":"customer"},"type":1}"#;
        let mut named = pointers(wrong);
        named.sort_unstable();
        assert_eq!(named, ["/by", "/document", "/name", "/query/from", "/report", "/type"]);
        let both = r#"{"name":"a","report":"flow","query":{"definition":"iran"},"document":{}}"#;
        assert_eq!(pointers(both), ["/document"]);
        assert_eq!(pointers("[]"), [""]);
        assert_eq!(pointers(r#"{"name":"a@1","report":"flow"}"#), ["/name"], "a version is none of its own");
    }
}
