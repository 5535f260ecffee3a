//! The cache of rows: made once, bounded, oldest out first.

use super::*;
use daftar_projections::measurements::Measurements;
use daftar_projections::report::head;
use daftar_projections::report::query::{Dimension, Query, ReportName};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One of many keys.
fn key(number: usize) -> Key {
    let state = Measurements::default();
    let query = Query { limit: Some(number), ..Query::over(ReportName::Flow) };
    let head = head(&state, &query, &Arc::default(), state.position()).unwrap();
    (RowsKey::of(&state, &query, &head), Form::Json)
}

/// The key of a query for some agents.
fn key_of(agents: &[&str]) -> Key {
    let state = Measurements::default();
    let agents = agents.iter().map(|agent| Some((*agent).to_owned())).collect();
    let query = Query { filters: vec![(Dimension::Agent, agents)], ..Query::over(ReportName::Flow) };
    let head = head(&state, &query, &Arc::default(), state.position()).unwrap();
    (RowsKey::of(&state, &query, &head), Form::Json)
}

/// Asks for rows of so many bytes; whether they had to be made.
fn is_made(cache: &RowsCache, key: &Key, bytes: usize) -> bool {
    let mut made = false;
    let rows = cache.get(key, || {
        made = true;
        Ok::<_, Infallible>("x".repeat(bytes))
    });
    assert_eq!(rows.unwrap().text.len(), bytes);
    made
}

#[test]
fn rows_are_made_once_for_each_key_and_form() {
    let cache = RowsCache::default();
    let csv = (key(1).0, Form::Csv);
    assert!(is_made(&cache, &key(1), 7) && is_made(&cache, &key(2), 8) && is_made(&cache, &csv, 9));
    assert!(!is_made(&cache, &key(1), 7) && !is_made(&cache, &key(2), 8) && !is_made(&cache, &csv, 9));
    let rows = cache.get(&key(1), || Ok::<_, Infallible>(String::new())).unwrap();
    assert_eq!(rows.digest, *blake3::hash(b"xxxxxxx").as_bytes());
}

#[test]
fn what_was_used_the_longest_ago_makes_room_and_what_is_too_large_is_not_kept() {
    let cache = RowsCache::new(3 * (ENTRY_BYTES + key_bytes(&key(1)) + 100));
    for number in 1..=3 {
        assert!(is_made(&cache, &key(number), 100));
    }
    assert!(!is_made(&cache, &key(1), 100));
    assert!(is_made(&cache, &key(4), 100));
    assert!(!is_made(&cache, &key(1), 100) && !is_made(&cache, &key(3), 100), "used later than the second");
    assert!(is_made(&cache, &key(2), 100));
    let before = locked(&cache.kept).bytes;
    let eighth = cache.bytes_max / 8;
    assert!(is_made(&cache, &key(5), eighth + 1) && is_made(&cache, &key(5), eighth + 1));
    let kept = locked(&cache.kept);
    assert_eq!((kept.bytes, kept.entries.len(), kept.by_use.len()), (before, 3, 3), "the others stay");
}

#[test]
fn what_keys_take_counts_too() {
    let (few, cache) = (key_of(&["a"]), RowsCache::new(20_000));
    let many = key_of(&[&"x".repeat(15_000)]);
    assert!(is_made(&cache, &few, 10) && !is_made(&cache, &few, 10));
    assert!(is_made(&cache, &many, 10));
    assert!(locked(&cache.kept).bytes <= 20_000 && is_made(&cache, &many, 10), "its key alone is too large");
}

#[test]
fn many_who_ask_for_the_same_at_once_have_it_made_once() {
    let (cache, made, together) = (RowsCache::default(), AtomicUsize::new(0), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                together.wait();
                let make = || {
                    made.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, Infallible>("rows".to_owned())
                };
                assert_eq!(cache.get(&key(1), make).unwrap().text, "rows");
            });
        }
    });
    assert_eq!(made.into_inner(), 1);
}

#[test]
fn a_failure_and_a_panic_leave_nothing_behind() {
    let cache = RowsCache::default();
    assert_eq!(cache.get(&key(1), || Err("too large")), Err("too large"));
    assert_eq!(locked(&cache.kept).bytes, 0);
    let panicked =
        catch_unwind(AssertUnwindSafe(|| cache.get(&key(1), || -> Result<String, ()> { panic!("a fault") })));
    assert!(panicked.is_err());
    assert!(is_made(&cache, &key(1), 5) && !is_made(&cache, &key(1), 5));
}
