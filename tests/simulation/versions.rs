//! Protocols of other times at the real ingest: what an older or a newer agent says is read as the safe thing.

use crate::centre::Centre;
use prost::Message;
use skerry_agent::uplink::{Deliver, Delivery};
use skerry_protocol::wire::{
    Batch, Folded, HardState, Inventory, Observation, Outcome, Record, State, encode, record::Kind,
};

const NOW: i64 = 1_790_000_000_000;

/// What the first agents sent: no process, no report of the spool.
fn batch() -> Batch {
    Batch {
        protocol: 1,
        agent: "probe".to_owned(),
        epoch: vec![7; 16],
        boot_id: "boot".to_owned(),
        boot_now_ms: 1_000_000,
        wall_now_ms: NOW,
        checks: vec!["web".to_owned()],
        boots: vec!["boot".to_owned()],
        ..Batch::default()
    }
}

fn observation(sequence: u64, observation: Observation) -> Record {
    let boot_ms = 900_000 + sequence * 1_000;
    Record { sequence, kind: Some(Kind::Observation(Observation { boot_ms, ..observation })) }
}

fn up() -> Observation {
    let (outcome, hard) = (Outcome::Up as i32, State::Up as i32);
    Observation { outcome, hard, total_us: 1_000, ..Observation::default() }
}

async fn centre() -> Centre {
    let mut centre = Centre::new(NOW);
    centre.start(&[("probe", "there")], &["web".to_owned()]).await;
    centre
}

async fn taken(centre: &Centre, batch: &Batch) -> u64 {
    match centre.door("probe").deliver(encode(batch).expect("encodes").into()).await {
        Delivery::Accepted(reply) => reply.acknowledged_through,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_older_agent_is_understood() {
    let mut centre = centre().await;
    let state =
        HardState { check: 0, state: State::Up as i32, evidence_ms_ago: Some(0), ..HardState::default() };
    let records = vec![observation(1, up()), observation(2, up())];
    // Its snapshot is whole with every batch.
    let old = Batch { records, snapshot: vec![state], ..batch() };
    assert_eq!(taken(&centre, &old).await, 2);
    // A folded record without `through` stands for its own place.
    let first = Observation { boot_ms: 910_000, ..up() };
    let folded = Folded { first: Some(first), count: 3, last_boot_ms: 930_000, through: 0 };
    let records = vec![Record { sequence: 3, kind: Some(Kind::Folded(folded)) }];
    assert_eq!(taken(&centre, &Batch { records, ..batch() }).await, 3);
    assert_eq!(centre.shown()["web"], "operational");
    centre.stop();
    let stored: i64 =
        centre.open().query_row("SELECT count(*) FROM observation", [], |row| row.get(0)).expect("a number");
    assert_eq!(stored, 5);
}

#[tokio::test]
async fn what_only_a_newer_agent_says_is_read_as_the_safe_thing() {
    let mut centre = centre().await;
    let strange = Observation { outcome: 99, reason: 99, hard: 99, ..Observation::default() };
    let records = vec![
        observation(1, up()),
        observation(2, strange),
        // A kind of record of the future: counted, and skipped.
        Record { sequence: 3, kind: None },
        observation(4, up()),
    ];
    let inventory = Some(Inventory::default());
    let state =
        HardState { check: 0, state: 99, reason: 99, evidence_ms_ago: Some(0), ..HardState::default() };
    let newer = Batch { records, inventory, snapshot: vec![state], ..batch() };
    // Fields 99 of the batch: a varint, and a nested message.
    let mut plain = newer.encode_to_vec();
    plain.extend_from_slice(&[0x98, 0x06, 0x01, 0xA2, 0x06, 0x02, 0x08, 0x01]);
    let body = zstd::bulk::compress(&plain, 3).expect("compresses");
    let delivery = centre.door("probe").deliver(body.into()).await;
    assert!(matches!(delivery, Delivery::Accepted(reply) if reply.acknowledged_through == 4));
    centre.stop();
    let database = centre.open();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(count("SELECT count(*) FROM observation"), 3);
    assert_eq!(count("SELECT count(*) FROM hard_transition WHERE to_state = 'down'"), 0, "no false alarm");
    assert_eq!(count("SELECT count(*) FROM loss"), 0, "what is skipped is no gap");
}

#[tokio::test]
async fn a_protocol_out_of_range_is_refused_in_words() {
    let mut centre = centre().await;
    for protocol in [0, 2, u32::MAX] {
        let body = encode(&Batch { protocol, ..batch() }).expect("encodes");
        let Delivery::Malformed(why) = centre.door("probe").deliver(body.into()).await else {
            panic!("protocol {protocol} was taken")
        };
        assert!(why.contains(&format!("protocol {protocol}")) && why.contains("1 to 1"), "{why}");
        assert!(why.contains("upgrade the older"), "{why}");
    }
    assert_eq!(taken(&centre, &batch()).await, 0);
    centre.stop();
}
