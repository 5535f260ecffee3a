//! Pages of one explanation while the default changes, and many tickets told a few at a time.

use super::super::bed::{carry_out, desk, open};
use super::*;
use daftar_eventlog::ndjson::Wish;
use daftar_projections::definition::document::{Definition, Per};

const SARA: &str = r#"{"kind":"agent","id":"sara"}"#;

async fn page(desk: &Desk, parameters: &[(&str, &str)]) -> Explained {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let ask = Ask::parse("flow", parameters).unwrap();
    let asked = Asked::of(desk, ask, Waiting::default()).await.map_err(|refused| refused.slug()).unwrap();
    let running = Running::new(desk.begin_query().unwrap());
    told(desk, &asked, Language::English, &running).await.map_err(|refused| refused.slug()).unwrap()
}

#[tokio::test]
async fn every_page_is_of_the_version_of_the_first() {
    let desk = desk().await;
    open(&desk, "A").await;
    open(&desk, "B").await;
    let mut cycles = Definition::default();
    (cycles.resolution.per, cycles.first_response.per) = (Per::Cycle, Per::Cycle);
    desk.definitions().publish(cycles, None, desk.now()).await.unwrap();
    // The live state has seen the publication, and stands under the version before: nobody lets it change.
    desk.live().catch_up(|_| {}).await.unwrap();
    let first = page(&desk, &[("figure", "opened"), ("limit", "1")]).await;
    assert_eq!((first.cell.definition.version, first.cell.position), (0, Position(3)));
    let cursor = first.next.clone().unwrap();
    let second = page(&desk, &[("figure", "opened"), ("limit", "1"), ("cursor", &cursor)]).await;
    assert_eq!((&second.cell, second.items[0].ticket.as_str()), (&first.cell, "B"));
}

#[tokio::test]
async fn tickets_are_told_a_few_at_a_time_and_all_of_them() {
    let desk = desk().await;
    for ticket in ["A", "B", "C"] {
        open(&desk, ticket).await;
        for _ in 0..EVENTS_AT_A_TIME * 2 / 3 {
            carry_out(&desk, ticket, Wish::Reply, &format!(r#"{{"author":{SARA},"body":"…"}}"#)).await;
        }
    }
    desk.live().catch_up(|_| {}).await.unwrap();
    let mut tickets = ["A", "B", "C"].map(str::to_owned).into_iter();
    let few = histories(&desk, &mut tickets).await.map_err(|refused| refused.slug()).unwrap();
    assert_eq!((few.len(), tickets.len()), (2, 1));
    let explained = page(&desk, &[("figure", "opened")]).await;
    let told: Vec<_> = explained.items.iter().map(|item| (item.ticket.as_str(), item.told.is_some())).collect();
    assert_eq!(told, [("A", true), ("B", true), ("C", true)]);
}
