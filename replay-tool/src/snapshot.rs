//! `daftar-replay snapshot`: a published report as it was kept, beside what it would be now.

mod beside;

use crate::Failure;
use crate::cli::{SnapshotArguments, SnapshotOutput};
use crate::out::print;
use crate::publish::PATH;
use crate::server::{JSON, Refused, Server, WAIT, in_path};
use comfy_table::Table;
use serde_json::Value;

pub(crate) fn run(arguments: &SnapshotArguments) -> Result<(), Failure> {
    let server = Server::at("--url", &arguments.url, arguments.key.as_deref())?;
    let Some(name) = &arguments.name else { return list(&server, arguments) };
    let path = format!("{PATH}/{}?{WAIT}", in_path(name));
    print(&match arguments.output {
        SnapshotOutput::Kept => get(&server, &format!("{path}&kept=true"))?,
        SnapshotOutput::Json => get(&server, &path)?,
        SnapshotOutput::Table => beside::of(&get(&server, &path)?, arguments.changed)?,
    })
}

fn get(server: &Server, path: &str) -> Result<String, Failure> {
    server.text(path, JSON).map_err(Refused::of_flags)
}

fn list(server: &Server, arguments: &SnapshotArguments) -> Result<(), Failure> {
    if arguments.output == SnapshotOutput::Kept || arguments.changed {
        return Err(Failure::usage("--output kept and --changed show one published report: name it"));
    }
    let answer = get(server, &format!("{PATH}?{WAIT}"))?;
    if arguments.output == SnapshotOutput::Json {
        return print(&answer);
    }
    let told: Value = serde_json::from_str(&answer).map_err(Failure::run)?;
    let items = told["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return print("no report is published\n");
    }
    let mut table: Table = crate::table::empty_table();
    table.set_header(["name", "version", "report", "query", "definition", "position", "published"]);
    for item in items {
        table.add_row(line_of(item));
    }
    print(&format!("{table}\n"))
}

/// A published report in the list of all.
fn line_of(item: &Value) -> [String; 7] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let definition = format!("{}@{}", text(&item["definition"]["name"]), item["definition"]["version"]);
    [
        text(&item["name"]),
        item["version"].to_string(),
        text(&item["report"]),
        query_of(&item["query"]),
        definition,
        item["position"].to_string(),
        text(&item["published_at"]),
    ]
}

/// Parameters as one text: `from=2026-01-01 group_by=agent`.
fn query_of(query: &Value) -> String {
    let parameters = query.as_object().into_iter().flatten();
    let written = parameters.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    written.collect::<Vec<_>>().join(" ")
}
