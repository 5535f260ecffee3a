//! The events of a case as lines of history.

use super::case::{Case, Event, Supported, Unsupported, rfc3339, unsupported};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where a ticket stands while its lines are written.
#[derive(Default)]
struct Ticket {
    open: bool,
    held: bool,
    closings: u64,
    /// The line of its last closing.
    closed_by_line: Option<usize>,
}

/// Lines being written.
#[derive(Default)]
struct Story {
    tickets: BTreeMap<String, Ticket>,
    lines: Vec<(i64, Map<String, Value>)>,
    unnamed: u64,
}

/// The ticket of events that name none.
const ONLY: &str = "T";

/// The lines of a case, in order of time.
pub(crate) fn lines(case: &Case, until: Option<i64>) -> Supported<Vec<String>> {
    let mut story = Story::default();
    let mut events: Vec<&Event> = case.events.iter().filter(|e| until.is_none_or(|until| e.at <= until)).collect();
    events.sort_by_key(|event| event.at);
    for event in events {
        for _ in 0..event.count() {
            story.tell(event)?;
        }
    }
    story.lines.sort_by_key(|(at, _)| *at);
    Ok(story.lines.into_iter().map(|(_, line)| Value::Object(line).to_string()).collect())
}

/// Two lines for a span that ends with a first response, or only its opening.
pub(crate) fn span(from: i64, to: Option<i64>) -> Vec<String> {
    let opened = json!({ "type": "ticket_opened", "ticket": ONLY, "occurred_at": rfc3339(from) });
    let author = json!({ "kind": "agent", "id": "1" });
    let replied = |to| json!({ "type": "reply_posted", "ticket": ONLY, "occurred_at": rfc3339(to), "author": author });
    [Some(opened), to.map(replied)].into_iter().flatten().map(|line| line.to_string()).collect()
}

impl Story {
    fn tell(&mut self, event: &Event) -> Supported<()> {
        let id = match event.text("ticket") {
            Some(id) => id,
            None if answers(&event.kind) || event.kind.ends_with("_sample") => self.own_ticket(event)?,
            None => ONLY.to_owned(),
        };
        match event.kind.as_str() {
            "ticket_opened" => self.opened(event, &id),
            "customer_message" => self.reply(event, &id, "customer", "public"),
            "agent_reply" => self.reply(event, &id, "agent", "public"),
            "agent_note" => self.reply(event, &id, "agent", "internal"),
            "bot_message" | "auto_reply" | "template_message" | "campaign_message" | "automation_message" => {
                self.reply(event, &id, "automation", "public")
            }
            // What the system writes down beside a conversation is no reply to anybody.
            "activity" => self.reply(event, &id, "automation", "internal"),
            "status_changed" => self.status(event, &id),
            "assigned" => {
                let agent = event.text("to").map(|to| id_of(&to).to_owned());
                self.add(event, &id, "ticket_assigned", json!({ "agent": agent }));
                Ok(())
            }
            "ticket_resolved" | "ticket_closed" => self.closed(event, &id, false),
            "ticket_reopened" => self.reopened(event, &id),
            "tagged" | "untagged" => self.tagged(event, &id),
            "calendar_changed" => {
                self.add(event, &id, "ticket_transferred", json!({ "department": event.text("to") }));
                Ok(())
            }
            "csat_sent" => self.offered(event, &id),
            "csat_submitted" | "csat_changed" => {
                let overall = json!({ "scale": "five", "score": score(event)? });
                self.answered(event, &id, json!({ "overall": overall }))
            }
            "nps_submitted" => self.answered(event, &id, json!({ "nps": event.get("score") })),
            kind if kind.ends_with("_sample") => self.sample(event, &id),
            kind => unsupported(format!("event {kind}")),
        }
    }

    fn add(&mut self, event: &Event, id: &str, kind: &str, fields: Value) -> usize {
        self.add_at(event.at, event, id, kind, fields)
    }

    fn add_at(&mut self, at: i64, event: &Event, id: &str, kind: &str, fields: Value) -> usize {
        let mut line = Map::new();
        line.insert("type".to_owned(), json!(kind));
        line.insert("ticket".to_owned(), json!(id));
        line.insert("occurred_at".to_owned(), json!(rfc3339(at)));
        line.extend(event.get("recorded_at").map(|recorded| ("recorded_at".to_owned(), recorded.clone())));
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        self.lines.push((at, line));
        self.lines.len() - 1
    }

    fn opened(&mut self, event: &Event, id: &str) -> Supported<()> {
        let mut fields = json!({});
        if event.get("actor").is_some() {
            fields["by"] = actor(event)?;
        }
        if let Some(calendar) = event.text("calendar") {
            fields["department"] = json!(calendar);
        }
        if let Some(channel) = event.text("channel") {
            fields["channel"] = json!(channel);
        }
        self.add(event, id, "ticket_opened", fields);
        self.tickets.insert(id.to_owned(), Ticket { open: true, ..Ticket::default() });
        match event.text("status").as_deref() {
            None | Some("new" | "open") => Ok(()),
            Some(status) => self.turned(event, id, status),
        }
    }

    fn reply(&mut self, event: &Event, id: &str, kind: &str, visibility: &str) -> Supported<()> {
        let author = match kind {
            "agent" => actor(event)?,
            kind => json!({ "kind": kind }),
        };
        self.add(event, id, "reply_posted", json!({ "author": author, "visibility": visibility }));
        Ok(())
    }

    fn status(&mut self, event: &Event, id: &str) -> Supported<()> {
        let to = event.text("to").unwrap_or_default();
        self.turned(event, id, &to)
    }

    /// A status as what happened: holds for customer and third party, their end, a closing, a reopening.
    fn turned(&mut self, event: &Event, id: &str, status: &str) -> Supported<()> {
        let waiting_for = match status {
            "new" | "open" => return self.on(event, id),
            "solved" | "closed" | "resolved" => return self.closed(event, id, false),
            "pending" => "customer",
            "hold" => "third_party",
            _ => return unsupported(format!("status {status}")),
        };
        if !self.ticket(id)?.open {
            self.reopened(event, id)?;
        }
        self.ticket(id)?.held = true;
        self.add(event, id, "ticket_held", json!({ "waiting_for": waiting_for }));
        Ok(())
    }

    /// Open, and not held.
    fn on(&mut self, event: &Event, id: &str) -> Supported<()> {
        let ticket = self.ticket(id)?;
        if !ticket.open {
            return self.reopened(event, id);
        }
        if std::mem::take(&mut ticket.held) {
            self.add(event, id, "ticket_resumed", json!({}));
        }
        Ok(())
    }

    fn ticket(&mut self, id: &str) -> Supported<&mut Ticket> {
        self.tickets.get_mut(id).ok_or_else(|| Unsupported(format!("ticket {id} is not opened first")))
    }

    /// A ticket that is solved and then closed was closed when it was solved.
    fn closed(&mut self, event: &Event, id: &str, survey_offered: bool) -> Supported<()> {
        if !self.ticket(id)?.open {
            return Ok(());
        }
        let by = actor(event)?;
        let line = self.add(event, id, "ticket_closed", json!({ "by": by, "survey_offered": survey_offered }));
        let ticket = self.ticket(id)?;
        (ticket.open, ticket.held) = (false, false);
        (ticket.closings, ticket.closed_by_line) = (ticket.closings + 1, Some(line));
        Ok(())
    }

    fn reopened(&mut self, event: &Event, id: &str) -> Supported<()> {
        let by = actor(event)?;
        self.add(event, id, "ticket_reopened", json!({ "by": by }));
        self.ticket(id)?.open = true;
        Ok(())
    }

    fn tagged(&mut self, event: &Event, id: &str) -> Supported<()> {
        let tags: Vec<_> = event.text("to").into_iter().collect();
        let (added, removed) = if event.kind == "tagged" { (tags, vec![]) } else { (vec![], tags) };
        self.add(event, id, "tags_changed", json!({ "added": added, "removed": removed }));
        Ok(())
    }

    /// A survey is sent for the last closing; a ticket that stands open is closed with it.
    fn offered(&mut self, event: &Event, id: &str) -> Supported<()> {
        if self.ticket(id)?.open {
            return self.closed(event, id, true);
        }
        if let Some((_, line)) = self.ticket(id)?.closed_by_line.and_then(|line| self.lines.get_mut(line)) {
            line.insert("survey_offered".to_owned(), json!(true));
        }
        Ok(())
    }

    fn answered(&mut self, event: &Event, id: &str, mut answer: Value) -> Supported<()> {
        if self.ticket(id)?.closings == 0 {
            self.closed(event, id, true)?;
        }
        answer["closing"] = json!(self.ticket(id)?.closings);
        self.add(event, id, "survey_submitted", answer);
        Ok(())
    }

    /// An answer or a sample without a ticket has one of its own; an answer's is closed then, with a survey offered.
    fn own_ticket(&mut self, event: &Event) -> Supported<String> {
        self.unnamed += 1;
        let id = format!("{ONLY}-{}", self.unnamed);
        if answers(&event.kind) {
            self.add(event, &id, "ticket_opened", json!({}));
            self.tickets.insert(id.clone(), Ticket { open: true, ..Ticket::default() });
            self.closed(event, &id, true)?;
        }
        Ok(id)
    }

    /// A duration that was measured already: a ticket of its own that takes just so long and ends then.
    fn sample(&mut self, event: &Event, id: &str) -> Supported<()> {
        let seconds =
            ["seconds", "value_seconds", "duration_seconds"].iter().find_map(|name| event.get(name)?.as_f64());
        let Some(seconds) = seconds else { return unsupported(format!("{} without seconds", event.kind)) };
        // Samples are whole numbers of microseconds, far below what a double holds exactly.
        let from = event.at - micros(seconds);
        let agent = json!({ "kind": "agent", "id": "1" });
        match event.kind.as_str() {
            "first_response_sample" => {
                self.add_at(from, event, id, "ticket_opened", json!({}));
                self.add(event, id, "reply_posted", json!({ "author": agent }));
            }
            "next_response_sample" | "reply_time_sample" => {
                self.add_at(from, event, id, "ticket_opened", json!({ "by": agent }));
                self.add_at(from, event, id, "reply_posted", json!({ "author": { "kind": "customer" } }));
                self.add_at(from, event, id, "reply_posted", json!({ "author": agent }));
                self.add_at(from, event, id, "reply_posted", json!({ "author": { "kind": "customer" } }));
                self.add(event, id, "reply_posted", json!({ "author": agent }));
            }
            "resolution_sample" | "first_resolution_sample" | "full_resolution_sample" => {
                self.add_at(from, event, id, "ticket_opened", json!({}));
                self.add(event, id, "ticket_closed", json!({ "by": agent }));
            }
            kind => return unsupported(format!("event {kind}")),
        }
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a case, far below what a double holds exactly")]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

fn answers(kind: &str) -> bool {
    matches!(kind, "csat_sent" | "csat_submitted" | "csat_changed" | "nps_submitted")
}

fn score(event: &Event) -> Supported<Value> {
    match event.get("score") {
        Some(Value::Number(score)) => Ok(json!(score)),
        Some(Value::String(word)) => match word.as_str() {
            "positive" => Ok(json!(5)),
            "neutral" => Ok(json!(3)),
            "negative" => Ok(json!(1)),
            _ => unsupported(format!("score {word}")),
        },
        _ => unsupported("an answer without a score"),
    }
}

/// Who did it: `customer:1`, `agent:1`, `bot:1`, `system`; nobody stands for the system.
fn actor(event: &Event) -> Supported<Value> {
    let actor = event.text("actor").unwrap_or_else(|| "system".to_owned());
    match actor.split(':').next().unwrap_or_default() {
        "customer" | "contact" | "requester" | "user" => Ok(json!({ "kind": "customer" })),
        "agent" => Ok(json!({ "kind": "agent", "id": id_of(&actor) })),
        "bot" | "system" | "automation" => Ok(json!({ "kind": "automation" })),
        _ => unsupported(format!("actor {actor}")),
    }
}

/// The id in `agent:1`; one that is not numbered is its own.
fn id_of(actor: &str) -> &str {
    actor.split_once(':').map_or(actor, |(_, id)| id)
}
