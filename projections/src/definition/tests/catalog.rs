//! Which definition a name means, at which position.

use crate::definition::catalog::Catalog;
use crate::definition::document::{Clock, Definition};
use daftar_domain::Timestamp;
use daftar_eventlog::Position;

fn named(name: &str, clock: Clock) -> Definition {
    Definition { name: name.to_owned(), clock, ..Definition::default() }
}

/// `mine` at 5 and 9, `default` at 7.
fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let at = |seconds: i64| Timestamp::clamped(seconds * 1_000_000);
    catalog.apply(named("mine", Clock::Calendar), 1, Position(5), at(50));
    catalog.apply(named("default", Clock::Business), 1, Position(7), at(70));
    catalog.apply(named("mine", Clock::Business), 2, Position(9), at(90));
    catalog
}

#[test]
fn a_bare_name_is_the_newest_version_at_the_position() {
    let catalog = catalog();
    let found = |name: &str, position: u64| {
        catalog.at(name, Position(position)).map(|found| (found.version, found.document.clock))
    };
    assert_eq!(found("mine", 4), None, "not yet");
    assert_eq!(found("mine", 5), Some((1, Clock::Calendar)));
    assert_eq!(found("mine", 9), Some((2, Clock::Business)));
    assert_eq!(found("mine@1", 9), Some((1, Clock::Calendar)));
    assert_eq!(found("mine@2", 8), None);
    assert_eq!(found("mine@0", 9), None, "no preset has that name");
    assert_eq!(found("default", 6), Some((0, Clock::Calendar)));
    assert_eq!(found("default", 7), Some((1, Clock::Business)));
    assert_eq!(found("default@0", 9), Some((0, Clock::Calendar)), "the preset stays");
    for name in ["mine@", "mine@01", "mine@+1", "mine@x", "mine@3", "other", "", "@1"] {
        assert_eq!(found(name, 9), None, "{name}");
    }
}

#[test]
fn lists_have_presets_and_what_was_published() {
    let listed = |position: u64| {
        let listed = catalog().list(Position(position));
        let shown = |one: &crate::definition::catalog::Listed| {
            (one.published.document.name.clone(), one.published.version, one.preset, one.published_at.is_some())
        };
        listed.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(listed(0).len(), 6);
    assert!(listed(0).iter().all(|(_, version, preset, published)| *version == 0 && *preset && !published));
    assert!(listed(9).contains(&("default".to_owned(), 1, true, true)));
    assert!(listed(9).contains(&("mine".to_owned(), 2, false, true)));
    assert_eq!(listed(9).len(), 7);
}

#[test]
fn a_publication_read_twice_counts_once() {
    let mut twice = catalog();
    twice.apply(named("mine", Clock::Calendar), 2, Position(9), Timestamp::clamped(0));
    assert_eq!(twice.list(Position(9)), catalog().list(Position(9)));
}
