//! `daftar-replay verify`: whether a history is what was written, and whether a running server tells and answers the same.

mod against;
mod difference;
mod told;
mod walk;

use crate::cli::{VerifyArguments, VerifyOutput};
use crate::out::print;
use crate::server::Server;
use crate::source::{self, Finding, Origin, Source, Unopened};
use crate::{Failure, definition, progress};
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use told::Told;

pub(crate) async fn run(arguments: VerifyArguments) -> Result<(), Failure> {
    let origin = source::origin_of(&arguments.source)?;
    let server = against(&arguments)?;
    let told = verified(&*origin, server.as_ref(), arguments.quiet).await?;
    print(&match arguments.output {
        VerifyOutput::Table => told.table(),
        VerifyOutput::Json => told.json(),
    })?;
    let Some(first) = told.first() else { return Ok(()) };
    let more = told.wrong() - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Err(Failure::No(format!("not verified: {first}{more}")))
}

/// The server to be held against, asked with its own key or the one there is.
fn against(arguments: &VerifyArguments) -> Result<Option<Server>, Failure> {
    let source = &arguments.source;
    if source.key.is_some() && source.url.is_none() && arguments.against.is_none() {
        return Err(Failure::usage("--key is for a running server; leave it out, or give --url or --against"));
    }
    let key = arguments.against_key.as_deref().or(source.key.as_deref());
    arguments.against.as_ref().map(|url| Server::at("--against", url, key)).transpose()
}

/// Looks at everything, one after the other; what is too damaged to go on with ends it.
async fn verified(origin: &dyn Origin, server: Option<&Server>, quiet: bool) -> Result<Told, Failure> {
    let mut told = Told {
        source: origin.name(),
        carries: origin.carries(),
        lacks: Vec::new(),
        has_keys: false,
        walked: None,
        folded: false,
        compared: None,
        findings: Vec::new(),
    };
    match look_at(origin, server, quiet, &mut told).await {
        Ok(()) => Ok(told),
        Err(Unopened::Damaged(finding)) => {
            told.findings.push(finding);
            Ok(told)
        }
        Err(Unopened::Failed(failure)) => Err(failure),
    }
}

async fn look_at(origin: &dyn Origin, server: Option<&Server>, quiet: bool, told: &mut Told) -> Result<(), Unopened> {
    let looked = origin.look_through(quiet)?;
    told.findings = looked.findings;
    if looked.unfit {
        return Ok(());
    }
    let source = origin.open(quiet).await?;
    told.has_keys = source.has_keys;
    told.lacks = source.lacks.clone();
    told.findings.extend(source.findings.iter().map(Finding::clone));
    let end = *source.log.durable().borrow();
    let bar = progress::up_to(end, "walking", quiet);
    told.walked = Some(walk::walk(&source, told.carries, &bar).await?);
    bar.finish_and_clear();
    let state = fold(&source, quiet).await?;
    told.folded = true;
    if let Some(server) = server {
        told.compared = Some(against::compare((&source, told.carries), server, state, quiet).await?);
    }
    Ok(())
}

/// Folds everything again, as a report does.
async fn fold(source: &Source, quiet: bool) -> Result<Measurements, Unopened> {
    let end = *source.log.durable().borrow();
    let definition = definition::named(source, None, end).await?;
    let mut state = Measurements::under(definition.document.folded());
    let bar = progress::up_to(end, "folding", quiet);
    let folded = catch_up(&*source.log, &mut state, None, |reached| bar.set_position(reached.0)).await;
    bar.finish_and_clear();
    folded.map_err(Unopened::of_fold)?;
    Ok(state)
}
