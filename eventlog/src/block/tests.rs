//! Blocks built and read back, and damaged ones.

use super::*;
use crate::codec::{decode_facts, encode};
use crate::facts::TicketAssigned;

const ORIGIN: BlockOrigin = BlockOrigin { log_id: [7; 16], epoch: 1, chain_before: [1; 32], chain_after: [2; 32] };

fn row(position: u64, facts: &[u8]) -> StoredRow<'_> {
    StoredRow {
        position: Position(position),
        version: Version(1),
        stream: StreamNumber(u32::try_from(position).unwrap()),
        back: u32::try_from(position % 2).unwrap(),
        occurred_at: Timestamp::clamped(-5),
        recorded_at: Timestamp::clamped(i64::try_from(position / 3).unwrap()),
        event_type: EventType::TICKET_ASSIGNED,
        schema: 1,
        facts,
    }
}

/// The facts of an assignment; every third is to the same agent.
fn assigned(position: u64) -> Vec<u8> {
    let agent = if position.is_multiple_of(3) { "رضا".to_owned() } else { format!("agent-{position}") };
    encode("facts", &TicketAssigned { agent: Some(&agent) }).unwrap()
}

fn block_of(positions: &[u64], facts: impl Fn(u64) -> Vec<u8>) -> Vec<u8> {
    let mut builder = BlockBuilder::default();
    for p in positions {
        builder.push(&row(*p, &facts(*p)), None);
    }
    builder.push_name(StreamNumber(0), &StreamName::ticket("تهران-1"));
    builder.finish(&ORIGIN)
}

fn parse(bytes: Vec<u8>) -> Result<FactBlock, BlockDamaged> {
    let len = bytes.len();
    FactBlock::parse(Arc::new(bytes), 0, len)
}

#[test]
fn rows_come_back_as_they_were_pushed() {
    for positions in [vec![5, 6, 7, 8], vec![5, 9, 10, 40]] {
        let block = parse(block_of(&positions, assigned)).unwrap();
        for ((n, position), read) in positions.iter().enumerate().zip(block.iter()) {
            let stored = assigned(*position);
            let pushed = row(*position, &stored);
            let expected = FactRow {
                position: pushed.position,
                version: pushed.version,
                stream: pushed.stream,
                back: pushed.back,
                occurred_at: pushed.occurred_at,
                recorded_at: pushed.recorded_at,
                event_type: pushed.event_type,
                schema: pushed.schema,
                facts: read.facts,
            };
            assert_eq!(read, expected);
            assert_eq!(read.decode(), decode_facts(EventType::TICKET_ASSIGNED, 1, &stored));
            assert_eq!(block.facts().fact(n), Fact::from(&read));
            assert_eq!((block.back(n), block.facts().run_end(n)), (read.back, n + 1));
        }
        assert_eq!(block.rows(), positions.len());
        assert_eq!(block.iter_after(Position(positions[1])).next().unwrap().position.0, positions[2]);
        assert_eq!(block.row(2), block.iter().nth(2).unwrap());
        assert_eq!(block.new_streams().next().unwrap().1.unwrap(), StreamName::ticket("تهران-1"));
        assert_eq!(block.origin(), ORIGIN);
    }
}

#[test]
fn a_block_with_facts_that_do_not_decode_has_all_as_they_are_stored() {
    let facts = |position: u64| if position == 2 { vec![7] } else { assigned(position) };
    let block = parse(block_of(&[1, 2, 3], facts)).unwrap();
    for row in block.iter() {
        let stored = facts(row.position.0);
        assert_eq!(row.facts, EncodedFacts::stored(&stored));
        assert_eq!(row.decode(), decode_facts(EventType::TICKET_ASSIGNED, 1, &stored));
    }
}

#[test]
fn a_header_sums_up_all_events() {
    let streams_and_instants = [(4, 30), (4, -7), (6, 90), (5, 20), (1, 90)];
    for count in 1..=streams_and_instants.len() {
        let mut builder = BlockBuilder::default();
        for (position, (stream, at)) in (1..).zip(&streams_and_instants[..count]) {
            let mut row = row(position, &[]);
            (row.stream, row.occurred_at) = (StreamNumber(*stream), Timestamp::clamped(*at));
            builder.push(&row, None);
        }
        let (lowest, greatest, is_by_stream, latest) =
            [(4, 4, true, 30), (4, 4, true, 30), (4, 6, true, 90), (4, 6, false, 90), (1, 6, false, 90)][count - 1];
        let (lowest_stream, greatest_stream) = (StreamNumber(lowest), StreamNumber(greatest));
        let expected = Summary { lowest_stream, greatest_stream, is_by_stream, latest: Timestamp::clamped(latest) };
        assert_eq!(parse(builder.finish(&ORIGIN)).unwrap().summary(), expected);
    }
}

#[test]
fn new_tickets_are_told_where_nothing_else_begins() {
    let mut builder = BlockBuilder::default();
    for number in 7..10 {
        builder.push_name(StreamNumber(number), &StreamName::ticket(&number.to_string()));
    }
    assert_eq!(parse(builder.finish(&ORIGIN)).unwrap().new_tickets(), Some(7..10));
    let mut builder = BlockBuilder::default();
    builder.push_name(StreamNumber(3), &StreamName::ticket("3"));
    builder.push_name(StreamNumber(4), &StreamName { kind: StreamKind::Log, id: "epoch".into() });
    assert_eq!(parse(builder.finish(&ORIGIN)).unwrap().new_tickets(), None);
}

#[test]
fn rows_between_two_positions_are_those_whose_positions_lie_there() {
    for positions in [vec![5, 6, 7, 8], vec![5, 9, 10, 40]] {
        let block = parse(block_of(&positions, assigned)).unwrap();
        for (after, until) in (0..45).flat_map(|after| (0..45).map(move |until| (after, until))) {
            let rows = block.facts().rows_between(Position(after), Position(until)).unwrap();
            let expected: Vec<_> = positions.iter().filter(|p| after < **p && **p <= until).copied().collect();
            assert_eq!(&positions[rows], expected, "after {after} up to {until}");
        }
    }
    let falling = parse(block_of(&[5, 9, 7, 40], assigned)).unwrap();
    assert_eq!(falling.facts().rows_between(Position(0), Position(50)), None);
    assert_eq!(falling.facts().rows_between(Position(5), Position(9)), None);
}

#[test]
fn names_are_text_whether_their_lengths_are_or_not() {
    let ids = ["a", "تهران-1", &"b".repeat(200), &"ج".repeat(300), ""];
    for count in 1..=ids.len() {
        let (mut builder, mut damaged) = (BlockBuilder::default(), BlockBuilder::default());
        for (number, id) in (0..).zip(&ids[..count]) {
            builder.push_name(StreamNumber(number), &StreamName::ticket(id));
            damaged.push_name(StreamNumber(number), &StreamName::ticket(id));
        }
        // The first half of a letter, and a kind that there is none of.
        damaged.names.extend([&[0, 1, 0, 0xd8][..], &[255, 1, 0, b'a']].concat());
        damaged.new_streams += 2;
        let names: Vec<_> = parse(builder.finish(&ORIGIN)).unwrap().new_streams().map(|(_, name)| name).collect();
        assert_eq!(names, ids[..count].iter().map(|id| Ok(StreamName::ticket(id))).collect::<Vec<_>>());
        let damaged = parse(damaged.finish(&ORIGIN)).unwrap();
        let is_name: Vec<_> = damaged.new_names().map(|(_, name)| name.is_ok()).collect();
        assert_eq!(is_name, [vec![true; count], vec![false; 2]].concat());
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let good = block_of(&[1, 2, 3], assigned);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(parse(bad).is_err(), "bit {bit}");
    }
}
