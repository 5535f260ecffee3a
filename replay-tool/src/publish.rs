//! `daftar-replay report … --publish NAME`: have a running server make the report and keep it.

use crate::Failure;
use crate::cli::{ReportArguments, ReportOutput};
use crate::definition;
use crate::out::print;
use crate::server::{Refused, Server, WAIT, in_path};
use daftar_projections::definition::document::Definition;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where published reports are.
pub(crate) const PATH: &str = "/v1/snapshots";
/// The parameter that names a definition.
const DEFINITION: &str = "definition";

/// Publishes what the flags ask for under a name, and prints what the server kept.
pub(crate) fn run(arguments: &ReportArguments, name: &str) -> Result<(), Failure> {
    let source = &arguments.source;
    let url = source.url.as_deref().ok_or_else(|| {
        Failure::usage("--publish needs --url: a running server makes the report of its own log and keeps it there")
    })?;
    let told: fn(&str, &Server) -> Result<String, Failure> = match arguments.output {
        ReportOutput::Json => |answer, _| Ok(answer.to_owned()),
        ReportOutput::Table => in_words,
        ReportOutput::Csv | ReportOutput::Html => {
            return Err(Failure::usage(
                "--publish answers with what was kept, as --output table or json; read the rows with daftar-replay snapshot",
            ));
        }
    };
    let parameters = arguments.parameters.parameters().map_err(Failure::Usage)?;
    let file = arguments.parameters.definition.as_deref().map(definition::from_file).transpose()?.flatten();
    let what_if = &arguments.parameters.what_if;
    let file = match file {
        Some(document) => Some(definition::what_if(document, what_if)?),
        None if what_if.is_empty() => None,
        None => {
            return Err(Failure::usage(
                "--what-if changes no definition that a server has, so that nobody could say later what was counted: \
                 publish with --definition FILE, which is kept with the report",
            ));
        }
    };
    let server = Server::at("--url", url, source.key.as_deref())?;
    let document = file.as_ref().map(|published| &published.document);
    let answer = publish(&server, name, &arguments.name, parameters, document)?;
    print(&told(&answer, &server)?)
}

/// Publishes a report that a server makes under a document, or under the definition that the parameters name; answers
/// what it said.
///
/// # Errors
///
/// Why it published nothing, in its own words.
pub(crate) fn publish(
    server: &Server,
    name: &str,
    report: &str,
    parameters: Vec<(String, String)>,
    document: Option<&Definition>,
) -> Result<String, Failure> {
    // A document that is sent stands in place of its name.
    let sent = parameters.into_iter().filter(|(name, _)| document.is_none() || name != DEFINITION);
    let query: BTreeMap<String, String> = sent.collect();
    let mut body = json!({"name": name, "report": report, "query": query});
    if let Some(document) = document {
        body["document"] = serde_json::from_str(&document.to_json()).map_err(Failure::run)?;
    }
    server.publish(&format!("{PATH}?{WAIT}"), &body).map_err(Refused::of_flags)
}

/// What was published, in words.
fn in_words(answer: &str, server: &Server) -> Result<String, Failure> {
    let told: Value = serde_json::from_str(answer).map_err(Failure::run)?;
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let name = format!("{}@{}", text("name"), told["version"]);
    let definition = &told["definition"];
    Ok(format!(
        "published {name}: {}, definition {} (version {}), at position {}\ndigest {}, of {} bytes\nread it again with \
         daftar-replay snapshot {name} --url {}, or at {}{PATH}/{}\n",
        text("report"),
        definition["name"].as_str().unwrap_or_default(),
        definition["version"],
        told["position"],
        text("digest"),
        told["bytes"],
        server.base(),
        server.base(),
        in_path(&name),
    ))
}
