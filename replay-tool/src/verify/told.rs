//! What was checked, as a table and as JSON.

use super::against::Compared;
use super::walk::Walked;
use crate::source::{Carried, Finding};
use daftar_eventlog::digest::to_hex;
use indicatif::HumanCount;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt::Write as _;

/// How many differences the table tells.
const DIFFERENCES_SHOWN: usize = 10;

/// Everything that is told.
pub(super) struct Told {
    pub(super) source: String,
    pub(super) carries: &'static [Carried],
    pub(super) lacks: Vec<Carried>,
    pub(super) has_keys: bool,
    /// None: the events could not be read to their end.
    pub(super) walked: Option<Walked>,
    pub(super) folded: bool,
    pub(super) compared: Option<Compared>,
    pub(super) findings: Vec<Finding>,
}

/// One line of the table.
struct Check {
    what: Cow<'static, str>,
    /// None: it was not looked at, or not to its end.
    good: Option<bool>,
    detail: String,
}

impl Told {
    /// How many things are wrong or differ.
    pub(super) fn wrong(&self) -> usize {
        let differing = self.compared.as_ref().map_or(0, |c| usize::from(c.event.is_some()) + c.differing.len());
        self.findings.len() + differing
    }

    /// The first thing that is wrong.
    pub(super) fn first(&self) -> Option<String> {
        self.findings.first().map(Finding::to_string).or_else(|| self.differences().next().cloned())
    }

    fn differences(&self) -> impl Iterator<Item = &String> {
        self.compared.iter().flat_map(|compared| compared.event.iter().chain(&compared.differing))
    }

    /// The table, what is wrong, and the digest last.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{}\n\n", self.source);
        for check in self.checks() {
            let result = match check.good {
                Some(true) => "good",
                Some(false) => "NO",
                None => "-",
            };
            let _ = writeln!(text, "{:<18} {result:<5} {}", check.what, check.detail);
        }
        text.push('\n');
        self.findings.iter().for_each(|finding| {
            let _ = writeln!(text, "wrong: {finding}");
        });
        self.differences().take(DIFFERENCES_SHOWN).for_each(|difference| {
            let _ = writeln!(text, "different: {difference}");
        });
        if let Some(more) = self.differences().count().checked_sub(DIFFERENCES_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "different: {more} more; --output json tells them all");
        }
        let digest = self.walked.as_ref().map(|walked| to_hex(&walked.digest));
        let _ =
            writeln!(text, "digest: {}", digest.as_deref().unwrap_or("none, because not every event could be read"));
        text
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> String {
        let check = |check: Check| json!({"check": check.what, "good": check.good, "detail": check.detail});
        let walked = self.walked.as_ref();
        let told = json!({
            "source": self.source,
            "position": walked.map(|walked| walked.last.0),
            "digest": walked.map(|walked| to_hex(&walked.digest)),
            "export_digest": walked.and_then(|walked| walked.exported.as_ref()).map(to_hex),
            "checks": self.checks().into_iter().map(check).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "differences": self.differences().collect::<Vec<_>>(),
            "server_digest": self.compared.as_ref().map(|compared| to_hex(&compared.digest)),
        });
        format!("{told}\n")
    }

    fn checks(&self) -> Vec<Check> {
        let mut checks: Vec<_> = Carried::ALL.iter().map(|carried| self.carried(*carried)).collect();
        checks.push(self.contents());
        checks.push(self.refold());
        checks.extend(self.export());
        checks.extend(self.compared.iter().flat_map(against));
        // What is wrong in nothing that has a line of its own has one here.
        for finding in &self.findings {
            if checks.iter().all(|check| check.what != finding.place) {
                let (what, detail) = (finding.place.clone().into(), "wrong, see below".to_owned());
                checks.push(Check { what, good: Some(false), detail });
            }
        }
        checks
    }

    /// What was found of something that sources may carry.
    fn carried(&self, carried: Carried) -> Check {
        let (what, detail) = match carried {
            Carried::Checksums => ("checksums", "every record or segment is what was written".to_owned()),
            Carried::Chain => ("chain", "from the first event to the last".to_owned()),
            Carried::Positions => ("positions", self.counted(|walked| format!("rising to {}", many(walked.last.0)))),
            Carried::Versions => {
                ("versions", self.counted(|walked| format!("{} tickets, from 1 without gaps", many(walked.tickets))))
            }
        };
        if !self.carries.contains(&carried) {
            return Check { what: what.into(), good: None, detail: "a file of events carries none".to_owned() };
        }
        if self.lacks.contains(&carried) {
            return Check {
                what: what.into(),
                good: None,
                detail: "the lines carry none: counted as they come".to_owned(),
            };
        }
        let wrong = self.findings.iter().any(|finding| finding.place == what);
        let (good, detail) = match &self.walked {
            _ if wrong => (Some(false), "wrong, see below".to_owned()),
            Some(_) => (Some(true), detail),
            None => (None, self.unread()),
        };
        Check { what: what.into(), good, detail }
    }

    /// How far events are good that were not read to their end.
    fn unread(&self) -> String {
        let first = self.findings.iter().filter_map(|finding| finding.position).min();
        first.map_or_else(
            || "not read to the end".to_owned(),
            |first| format!("good to position {}; not looked at beyond", many(first.0.saturating_sub(1))),
        )
    }

    fn counted(&self, words: impl Fn(&Walked) -> String) -> String {
        self.walked.as_ref().map(words).unwrap_or_default()
    }

    fn contents(&self) -> Check {
        let opened = |walked: &Walked| format!("{} sealed contents opened with their keys", many(walked.opened));
        let (good, detail) = match &self.walked {
            _ if !self.carries.contains(&Carried::Checksums) => (None, "a file of events seals nothing".to_owned()),
            Some(walked) if self.has_keys => (Some(true), opened(walked)),
            Some(_) => (None, "the keys are not here: contents stay sealed".to_owned()),
            None => (None, self.unread()),
        };
        Check { what: "contents".into(), good, detail }
    }

    fn refold(&self) -> Check {
        let events = self.counted(|walked| format!("{} events folded again", many(walked.events + walked.others)));
        let detail =
            if self.folded { events } else { "not done: the events could not be read to their end".to_owned() };
        Check { what: "fold".into(), good: self.folded.then_some(true), detail }
    }

    fn export(&self) -> Option<Check> {
        let exported = self.walked.as_ref()?.exported.as_ref()?;
        let detail = format!("BLAKE3 {} of `export events --to ndjson`, texts and all", to_hex(exported));
        Some(Check { what: "export".into(), good: Some(true), detail })
    }
}

/// What a server was held against.
fn against(compared: &Compared) -> [Check; 2] {
    let (position, end) = (many(compared.position.0), many(compared.end.0));
    let events = format!("{} the same; the server's end is position {end}", many(compared.events));
    let same = compared.reports.saturating_sub(compared.differing.len());
    let reports = format!("{same} of {} the same at position {position}", compared.reports);
    [
        Check { what: "server's events".into(), good: Some(compared.event.is_none()), detail: events },
        Check { what: "server's reports".into(), good: Some(compared.differing.is_empty()), detail: reports },
    ]
}

fn finding(finding: &Finding) -> Value {
    json!({"place": finding.place, "position": finding.position.map(|position| position.0), "what": finding.what})
}

fn many(count: u64) -> HumanCount {
    HumanCount(count)
}
