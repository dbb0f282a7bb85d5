//! A hand-made agent: its batches are sent as they are.

use crate::world::now;
use skerry_protocol::wire::{
    Batch, Declared, HardState, Inventory, Observation, Outcome, Record, State, record::Kind,
};

/// Its boot clock, ms: 400 days of uptime.
pub(crate) const UP_FOR: u64 = 400 * 86_400_000;

/// A batch without records; `epoch` identifies the spool and the process.
pub(crate) fn batch(agent: &str, epoch: u8, checks: &[&str]) -> Batch {
    Batch {
        protocol: 1,
        agent: agent.to_owned(),
        epoch: vec![epoch; 16],
        process: vec![epoch; 16],
        boot_id: "boot".into(),
        boot_now_ms: UP_FOR,
        wall_now_ms: now(),
        checks: checks.iter().map(|&name| name.to_owned()).collect(),
        boots: vec!["boot".into(), "earlier".into()],
        ..Batch::default()
    }
}

/// One run of a check `ago` ms ago, with this hard state after it.
pub(crate) fn observation(check: u32, ago: u64, hard: State) -> Observation {
    let outcome = if hard == State::Down { Outcome::Down } else { Outcome::Up };
    Observation {
        check,
        boot_ms: UP_FOR - ago,
        wall_ms: now() - i64::try_from(ago).expect("within 400 days"),
        outcome: outcome as i32,
        hard: hard as i32,
        total_us: 1_000 + ago,
        ..Observation::default()
    }
}

/// Records with these contents, starting at a sequence.
pub(crate) fn records(first: u64, kinds: impl IntoIterator<Item = Kind>) -> Vec<Record> {
    (first..).zip(kinds).map(|(sequence, kind)| Record { sequence, kind: Some(kind) }).collect()
}

pub(crate) fn state(check: u32, state: State) -> HardState {
    HardState { check, state: state as i32, evidence_ms_ago: Some(0), ..HardState::default() }
}

/// The inventory: checks with an interval of one second and these definition hashes, without the hash of
/// their assertions.
pub(crate) fn inventory(checks: &[(&str, Vec<u8>)]) -> Option<Inventory> {
    let declared = |(name, definition): &(&str, Vec<u8>)| Declared {
        name: (*name).to_owned(),
        kind: "http".into(),
        definition: definition.clone(),
        interval_ms: 1_000,
        timeout_ms: 500,
        severity: "high".into(),
        asserts: Vec::new(),
        depends_on: Vec::new(),
        labels: Default::default(),
    };
    Some(Inventory { checks: checks.iter().map(declared).collect() })
}
