//! A published report asked again: at its own position and at today's, each difference named.

use super::super::Desk;
use super::super::problem::Problem;
use super::super::reports::refused;
use super::super::resolve::{Resolved, resolve_at};
use super::told;
use daftar_domain::Invalid;
use daftar_eventlog::Position;
use daftar_eventlog::ndjson::write::Object;
use daftar_projections::definition::catalog::Published;
use daftar_projections::definition::document::Definition;
use daftar_projections::labels::Pseudonyms;
use daftar_projections::report::difference::{Difference, differences};
use daftar_projections::report::query::Query;
use daftar_projections::report::report;
use daftar_projections::snapshots::{Listed, Snapshot};
use std::sync::Arc;
use tokio::time::Instant;

/// A report made again.
struct Again {
    position: Position,
    report: String,
    differences: Vec<Difference>,
}

/// What is told of a published report, its bytes, and beside them the same query as computed now. What can't be computed
/// says why in words: the kept bytes are answered all the same.
pub(super) async fn beside(desk: &Desk, listed: &Listed, kept: String, deadline: Instant) -> Result<Vec<u8>, Problem> {
    let kept: Arc<str> = kept.into();
    let own = listed.snapshot.position;
    let newest = own.max(*desk.live().published().borrow());
    let same = again(desk, &listed.snapshot, &kept, own, deadline).await;
    let now = again(desk, &listed.snapshot, &kept, newest, deadline).await;
    let definition = desk.definitions().at(&listed.snapshot.definition, Position(u64::MAX)).await?;
    let newest_definition = definition.filter(|_| listed.snapshot.document.is_none()).map(|newest| newest.version);
    let mut text = Vec::with_capacity(1024 + 3 * kept.len());
    Object::write(&mut text, |object| {
        told(object, listed, true);
        object.value("newest_definition", &newest_definition);
        object.name("kept").extend_from_slice(kept.as_bytes());
        object.object("same_position", |object| written(object, &same));
        object.object("now", |object| written(object, &now));
    });
    Ok(text)
}

fn written(object: &mut Object<'_>, again: &Result<Again, String>) {
    match again {
        Ok(Again { position, report, differences }) => {
            object.value("position", &position.0);
            object.list("differences", differences, |out, difference| difference.write(out));
            object.name("report").extend_from_slice(report.as_bytes());
        }
        Err(why) => object.value("not_computed", why),
    }
}

/// Makes a published report again, under the definition it was made under, at a position.
///
/// # Errors
///
/// In words, why it can't be made.
async fn again(
    desk: &Desk,
    snapshot: &Snapshot,
    kept: &Arc<str>,
    position: Position,
    deadline: Instant,
) -> Result<Again, String> {
    let in_words = |problem: Problem| problem.detail().to_owned();
    let asked = Query::parse(&snapshot.report, snapshot.query.clone()).map_err(|wrong| no_such_query(&wrong))?;
    // Elsewhere than it was asked for, it is asked for as of no position.
    let query = Query { as_of: asked.as_of.filter(|_| position == snapshot.position), ..asked };
    let definition = definition_of(desk, snapshot).await?;
    let resolved = {
        let _waiting = desk.begin_waiting().map_err(in_words)?;
        resolve_at(desk, &query, definition, position, deadline).await.map_err(in_words)?
    };
    let running = desk.begin_query().map_err(in_words)?;
    let kept = Arc::clone(kept);
    let made = desk.compute(move |_| {
        let _running = running;
        let Resolved { definition, position, state } = resolved;
        let made = report(&state, &query, &definition, position, &Pseudonyms);
        let report = made.map_err(|error| refused(&error).detail().to_owned())?.to_json();
        let differences =
            differences(&kept, &report).map_err(|why| format!("the kept bytes can't be compared: {why}"))?;
        Ok(Again { position, report, differences })
    });
    made.await.map_err(in_words)?
}

fn no_such_query(wrong: &[Invalid]) -> String {
    let wrong: Vec<_> = wrong.iter().map(ToString::to_string).collect();
    format!("this version of Daftar does not know what the report was asked with: {}", wrong.join("; "))
}

/// The definition it was made under: the document that came with the request, or the version that is named.
async fn definition_of(desk: &Desk, snapshot: &Snapshot) -> Result<Arc<Published>, String> {
    let Snapshot { definition: name, definition_version: version, .. } = snapshot;
    if let Some(document) = &snapshot.document {
        let document = Definition::from_json(document).map_err(|wrong| {
            let wrong: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            format!("this version of Daftar does not take the definition it was made under: {}", wrong.join("; "))
        })?;
        return Ok(Arc::new(Published { document, version: *version }));
    }
    let known = desk.definitions().at(&format!("{name}@{version}"), Position(u64::MAX)).await;
    let known = known.map_err(|failure| Problem::from(failure).detail().to_owned())?;
    known.ok_or_else(|| format!("the definition it was made under, {name}@{version}, is not there any more"))
}
