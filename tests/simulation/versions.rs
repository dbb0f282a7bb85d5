//! Other protocol versions at the real ingest: unknown content of an older or newer agent is read as the safe
//! value.

use crate::aggregator::Aggregator;
use prost::Message;
use skerry_agent::uplink::{Deliver, Delivery};
use skerry_protocol::wire::{
    Batch, Folded, HardState, Inventory, Observation, Outcome, Record, State, encode, record::Kind,
};

const NOW: i64 = 1_790_000_000_000;

/// A batch of the first agents: no process, no spool report.
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

async fn aggregator() -> Aggregator {
    let mut aggregator = Aggregator::new(NOW);
    aggregator.start(&[("probe", "there")], &["web".to_owned()]).await;
    aggregator
}

async fn taken(aggregator: &Aggregator, batch: &Batch) -> u64 {
    match aggregator.intake("probe").deliver(encode(batch).expect("encodes").into()).await {
        Delivery::Accepted(reply) => reply.acknowledged_through,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_older_agent_is_understood() {
    let mut aggregator = aggregator().await;
    let state =
        HardState { check: 0, state: State::Up as i32, evidence_ms_ago: Some(0), ..HardState::default() };
    let records = vec![observation(1, up()), observation(2, up())];
    // Its snapshot is complete in every batch.
    let old = Batch { records, snapshot: vec![state], ..batch() };
    assert_eq!(taken(&aggregator, &old).await, 2);
    // A folded record without `through` covers its own sequence only.
    let first = Observation { boot_ms: 910_000, ..up() };
    let folded = Folded { first: Some(first), count: 3, last_boot_ms: 930_000, through: 0 };
    let records = vec![Record { sequence: 3, kind: Some(Kind::Folded(folded)) }];
    assert_eq!(taken(&aggregator, &Batch { records, ..batch() }).await, 3);
    assert_eq!(aggregator.shown()["web"], "operational");
    aggregator.stop();
    let stored: i64 = aggregator
        .open()
        .query_row("SELECT count(*) FROM observation", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(stored, 5);
}

#[tokio::test]
async fn unknown_values_of_a_newer_agent_are_read_as_the_safe_ones() {
    let mut aggregator = aggregator().await;
    let strange = Observation { outcome: 99, reason: 99, hard: 99, ..Observation::default() };
    let records = vec![
        observation(1, up()),
        observation(2, strange),
        // A future kind of record: counted and ignored.
        Record { sequence: 3, kind: None },
        observation(4, up()),
    ];
    let inventory = Some(Inventory::default());
    let state =
        HardState { check: 0, state: 99, reason: 99, evidence_ms_ago: Some(0), ..HardState::default() };
    let newer = Batch { records, inventory, snapshot: vec![state], ..batch() };
    // Field 99 of the batch: a varint, and a nested message.
    let mut plain = newer.encode_to_vec();
    plain.extend_from_slice(&[0x98, 0x06, 0x01, 0xA2, 0x06, 0x02, 0x08, 0x01]);
    let body = zstd::bulk::compress(&plain, 3).expect("compresses");
    let delivery = aggregator.intake("probe").deliver(body.into()).await;
    assert!(matches!(delivery, Delivery::Accepted(reply) if reply.acknowledged_through == 4));
    aggregator.stop();
    let database = aggregator.open();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(count("SELECT count(*) FROM observation"), 3);
    assert_eq!(count("SELECT count(*) FROM hard_transition WHERE to_state = 'down'"), 0, "no false alarm");
    assert_eq!(count("SELECT count(*) FROM loss"), 0, "what is skipped is no gap");
}

#[tokio::test]
async fn an_unsupported_protocol_version_is_rejected_with_a_message() {
    let mut aggregator = aggregator().await;
    for protocol in [0, 2, u32::MAX] {
        let body = encode(&Batch { protocol, ..batch() }).expect("encodes");
        let Delivery::Malformed(why) = aggregator.intake("probe").deliver(body.into()).await else {
            panic!("protocol {protocol} was taken")
        };
        assert!(why.contains(&format!("protocol {protocol}")) && why.contains("1 to 1"), "{why}");
        assert!(why.contains("upgrade the older"), "{why}");
    }
    assert_eq!(taken(&aggregator, &batch()).await, 0);
    aggregator.stop();
}
