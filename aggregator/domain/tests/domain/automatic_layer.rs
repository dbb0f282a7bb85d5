//! What no longer changes in an automatic layer is packed, and reads as before.

use proptest::prelude::*;
use skerry_domain::automatic_layer::{AutomaticLayer, CHUNK, Chunk};
use skerry_domain::component::Automatic;
use skerry_domain::interval::Interval;
use skerry_domain::status::Status;
use skerry_domain::time::Timestamp;

fn at(number: i64) -> Timestamp {
    Timestamp(1_790_000_000_000 + number)
}

fn values() -> impl Iterator<Item = Automatic> {
    let known = Status::ALL.into_iter().flat_map(|one| [Automatic::Known(one), Automatic::Partly(one)]);
    known.chain([Automatic::NoData])
}

#[test]
fn the_stored_form_never_changes() {
    let intervals: Vec<_> = (0..)
        .zip(values())
        .map(|(n, value)| Interval { from: at(n * 2), to: at(n * 2 + 1), value })
        .collect();
    let chunk = Chunk::of(&intervals).expect("there are some");
    let codes = [0, 5, 1, 6, 2, 7, 3, 8, 4, 9, 10].map(|code| 16 + code);
    assert_eq!(chunk.bytes(), codes.map(|one| vec![one]).join(&(16 + 11)), "one ms each, with gaps of one");
    let day = Interval { from: at(0), to: at(86_400_000), value: Automatic::NoData };
    assert_eq!(Chunk::of(&[day]).expect("one").bytes(), [0x8a, 0x80, 0x97, 0x93, 0x05]);
}

#[test]
fn what_is_no_chunk_is_not_read() {
    for bytes in [&[0x8c][..], &[0x0c], &[0x10, 0x1f], &[0xff; 12]] {
        assert_eq!(Chunk::stored(at(0), at(9), bytes), None, "{bytes:?}");
    }
    assert_eq!(Chunk::of(&[]), None);
}

#[test]
fn a_chunk_that_the_clock_moved_ends_where_its_row_says() {
    let day = Interval { from: at(0), to: at(100), value: Automatic::NoData };
    let (chunk, next) = (Chunk::of(&[day]).expect("one"), Interval { from: at(100), to: at(200), ..day });
    let moved = Chunk::stored(at(50), at(100), chunk.bytes()).expect("it is sound");
    assert_eq!(moved.iter().collect::<Vec<_>>(), [Interval { from: at(50), ..day }]);
    let long = Chunk::of(&[day, next]).expect("two");
    let cut = Chunk::stored(at(0), at(90), long.bytes()).expect("it is sound");
    assert_eq!(cut.iter().collect::<Vec<_>>(), [Interval { to: at(90), ..day }]);
}

fn intervals() -> impl Strategy<Value = Vec<Interval<Automatic>>> {
    let one = (0_i64..3, 1_i64..100_000_000, 0_usize..11);
    prop::collection::vec(one, 0..300).prop_map(|all| {
        let mut end = 0;
        let mut next = |(gap, length, number): (i64, i64, usize)| {
            let from = end + gap;
            end = from + length;
            let value = values().nth(number).expect("a value");
            Interval { from: at(from), to: at(end), value }
        };
        all.into_iter().map(&mut next).collect()
    })
}

proptest! {
    #[test]
    fn a_packed_layer_reads_like_a_list(list in intervals(), cut in 0_usize..300, ends in (0_usize..300, 0_usize..300)) {
        let edge = |index: usize| list.get(index).map_or(at(0), |one| one.from + 1);
        let mut layer = AutomaticLayer::from(list.clone());
        layer.pack(edge(cut));
        prop_assert_eq!(layer.iter().collect::<Vec<_>>(), list.clone());
        prop_assert_eq!((layer.first(), layer.can_pack(edge(cut))), (list.first().copied(), false));
        let mut stored = AutomaticLayer::from(layer.recent().to_vec());
        for chunk in layer.chunks() {
            prop_assert_eq!(chunk.iter().count(), CHUNK);
            stored.push_chunk(Chunk::stored(chunk.from, chunk.to, chunk.bytes()).expect("it is sound"));
        }
        prop_assert_eq!(&stored, &layer);
        let (from, to) = (edge(ends.0.min(ends.1)), edge(ends.0.max(ends.1)));
        let within = |all: &[Interval<Automatic>]| -> Vec<_> {
            all.iter().copied().filter(|one| one.overlap(from, to) > 0).collect()
        };
        prop_assert_eq!(within(&layer.around(from, to)), within(&list));
    }
}
