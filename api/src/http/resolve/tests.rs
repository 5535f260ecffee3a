//! Names of definitions around their publication, on a desk that nobody feeds unless it is told to.

use super::super::bed::{desk, open};
use super::super::reports::{Form, made};
use super::super::{QUERIES_MAX, WAITING_MAX};
use super::*;
use daftar_projections::definition::document::Definition;
use daftar_projections::report::query::ReportName;
use futures_util::future::join_all;
use std::task::{Context, Waker};

const AT_ONCE: Waiting = Waiting { position: None, timeout: Duration::ZERO };

fn named(name: &str) -> Query {
    Query { definition: Some(name.to_owned()), ..Query::over(ReportName::Flow) }
}

async fn refused(desk: &Desk, name: &str) -> Slug {
    resolve(desk, &named(name), AT_ONCE).await.map(drop).unwrap_err().slug()
}

#[tokio::test]
async fn a_definition_that_was_published_just_now_is_waited_for_and_one_there_is_not_is_refused() {
    let desk = desk().await;
    open(&desk, "A").await;
    let ours = Definition { name: "ours".to_owned(), ..Definition::default() };
    let published = desk.definitions().publish(ours, None, desk.now()).await.unwrap();
    // The log has it, and nothing was folded yet.
    assert_eq!(refused(&desk, "ours").await, Slug::NotYetSeen);
    assert_eq!(refused(&desk, "ours@1").await, Slug::NotYetSeen);
    assert_eq!(refused(&desk, "ours@2").await, Slug::Invalid);
    assert_eq!(refused(&desk, "theirs").await, Slug::Invalid);
    let query = named("ours");
    let waiting = Waiting { position: None, timeout: Duration::from_secs(60) };
    let (resolved, folded) = tokio::join!(resolve(&desk, &query, waiting), desk.live().catch_up(|_| {}));
    folded.unwrap();
    let resolved = resolved.map_err(|refused| refused.slug()).unwrap();
    assert_eq!((resolved.definition.version, resolved.position), (1, published.position));
}

#[tokio::test]
async fn queries_that_wait_keep_no_other_from_being_answered() {
    let desk = desk().await;
    let waiting = Waiting { position: Some(Position(1)), timeout: Duration::from_secs(60) };
    let ask = |waiting| made(&desk, Query::over(ReportName::Flow), Form::Json, waiting, |made| made.head.position);
    let mut waiters = Box::pin(join_all((0..2 * QUERIES_MAX).map(|_| ask(waiting))));
    // All of them wait now.
    assert!(waiters.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(ask(AT_ONCE).await.map_err(|refused| refused.slug()), Ok(Position::ZERO));
    let _others = join_all((2 * QUERIES_MAX..WAITING_MAX).map(|_| async { desk.begin_waiting().unwrap() })).await;
    assert!(ask(AT_ONCE).await.is_err_and(|refused| refused.slug() == Slug::Overloaded), "they are bounded too");
}
