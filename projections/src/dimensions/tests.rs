//! Names, sets and their numbers, from many sides.

use super::recent::RECENT_PLACES;
use super::*;

#[test]
fn numbers_rise_in_order_of_first_appearance_and_0_is_none() {
    let mut names = Names::new("branches");
    assert_eq!((names.small("b"), names.small("a"), names.small("b")), (Ok(1), Ok(2), Ok(1)));
    assert_eq!((names.name(0), names.name(1), names.name(3)), (None, Some("b"), None));
    assert_eq!(names.small_or_none(None), Ok(0));
}

#[test]
fn names_that_share_a_place_are_told_apart() {
    let mut names = Names::new("agents");
    // Many more names than places, and every one asked for again after all others.
    let all: Vec<_> = (0..4 * RECENT_PLACES).map(|n| format!("agent-{n}")).collect();
    for _ in 0..2 {
        for (name, number) in all.iter().zip(1..) {
            assert_eq!((names.wide(name.as_str()), names.wide(name.as_str())), (Ok(number), Ok(number)));
        }
    }
    assert_eq!(names.clone().wide("agent-7"), Ok(8));
}

#[test]
fn the_65_536th_branch_is_refused() {
    let mut names = Names::new("branches");
    for n in 0..u32::from(u16::MAX) {
        names.small(n.to_string().as_str()).unwrap();
    }
    let refused = names.small("one more").unwrap_err();
    assert!(refused.to_string().contains("65535 branches"), "{refused}");
}

#[test]
fn names_with_the_same_ends_are_told_apart() {
    let all = [
        "departments-of-1st-branch",
        "departments-or-2nd-branch",
        "department-01234-1",
        "exactly-16-bytes",
        "exactly-16+1-byte",
        "",
        "\0",
        "\0\0",
        "\0\0\0\0",
        "\0\0\0\0\0\0\0\0\0",
        "a",
        "a\0",
        "a\0\0\0",
        "abcdabcd",
        "abcdabcdabcd",
        "abcdabcdabcdabcd",
        "پشتیبانی",
        "پشتیبانی فروش تهران",
        "پشتیبانی خرید تهران",
        "تهران",
        "ت",
        "تهران\0",
    ];
    let mut names = Names::new("branches");
    for _ in 0..3 {
        for (name, number) in all.iter().zip(1..) {
            assert_eq!((names.wide(*name), names.wide(*name)), (Ok(number), Ok(number)), "{name:?}");
        }
    }
    assert_eq!(all.map(|name| names.get(name)), std::array::from_fn(|n| u32::try_from(n + 1).ok()));
}

#[test]
fn a_name_at_the_place_of_another_is_asked_for_in_turns() {
    let mut names = Names::new("tags");
    // The same ends, and so the same place; two of them have the same key.
    let (long, longer) = ("12345678-one-12345678", "12345678-two-12345678");
    for _ in 0..3 {
        assert_eq!((names.wide(long), names.wide(longer), names.wide("1234567812345678")), (Ok(1), Ok(2), Ok(3)));
    }
}

#[test]
fn sets_of_one_are_numbered_as_others_are() {
    let mut d = Dimensions::default();
    let [a, ab, b] = [&["a"][..], &["a", "b"], &["b"]].map(|tags| tag_set(&mut d, 0, tags, &[]));
    assert_eq!([a, ab, b], [1, 2, 3]);
    assert_eq!((tag_set(&mut d, 0, &["b"], &[]), tag_set(&mut d, ab, &[], &["a"])), (b, b));
    // A copy does not remember which were asked for.
    let mut copy = d.clone();
    assert_eq!((tag_set(&mut copy, 0, &["a"], &[]), tag_set(&mut copy, 0, &["c"], &[])), (a, 4));
}

fn tag_set(d: &mut Dimensions, set: u32, added: &[&str], removed: &[&str]) -> u32 {
    let (added, removed) = (added.iter().copied().map(Text::from), removed.iter().copied().map(Text::from));
    d.tag_set(set, added, removed).unwrap()
}

#[test]
fn sets_do_not_depend_on_the_order_of_their_members() {
    let mut d = Dimensions::default();
    let ab = tag_set(&mut d, 0, &["a", "b"], &[]);
    let b = tag_set(&mut d, 0, &["b"], &[]);
    assert_eq!(tag_set(&mut d, b, &["a", "a"], &[]), ab);
    assert_eq!(tag_set(&mut d, ab, &[], &["a", "b", "never"]), 0);
    assert!(d.tag_sets.members(0).is_empty());
}
