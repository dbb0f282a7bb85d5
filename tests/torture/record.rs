//! The records of a sender, each recognisable in the store.

use crate::sender::Issued;
use skerry_protocol::wire::{Declared, Observation, Outcome, Phases, Reason, Record, record::Kind};

/// A check, as its inventory declares it.
pub(crate) fn declared(name: &str) -> Declared {
    Declared {
        name: name.to_owned(),
        kind: "http".to_owned(),
        definition: vec![1; 16],
        interval_ms: 1_000,
        timeout_ms: 1_000,
        severity: "high".to_owned(),
        depends_on: Vec::new(),
        labels: Default::default(),
        ..Declared::default()
    }
}

/// Its phases encode spool and sequence: each below 256 µs, which the store keeps exactly.
pub(crate) fn record(spool: u32, sequence: u64, issued: &Issued, wall_ms: i64) -> Record {
    let eight = |value: u64, place: u32| (value >> (8 * place) & 0xFF) as u32;
    let phases = Phases {
        dns_us: Some(eight(sequence, 0)),
        connect_us: Some(eight(sequence, 1)),
        tls_us: Some(eight(spool.into(), 0)),
        first_byte_us: Some(eight(sequence, 2)),
        transfer_us: Some(eight(spool.into(), 1)),
    };
    let all = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us, phases.transfer_us];
    let outcome = if issued.well { Outcome::Up } else { Outcome::Down };
    let reason = if issued.well { Reason::None } else { Reason::StatusMismatch };
    let observation = Observation {
        check: issued.check,
        boot: 0,
        boot_ms: issued.boot_ms,
        wall_ms,
        outcome: outcome as i32,
        reason: reason as i32,
        detail: String::new(),
        total_us: all.iter().flatten().map(|phase| u64::from(*phase)).sum(),
        phases: Some(phases),
        hard: issued.hard as i32,
        since_boot_ms: issued.since,
        since_wall_ms: None,
        flapping: false,
    };
    Record { sequence, kind: Some(Kind::Observation(observation)) }
}
