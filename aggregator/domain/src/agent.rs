//! An agent: its identity, its credential and permit, and how far it has delivered.

use super::clone_detection::Sessions;
use super::credentials::{Standing, TokenHash};
use super::former::Former;
use super::reporters::Permit;
use super::time::Timestamp;
use std::collections::BTreeMap;

/// A process that runs checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its name, unique in the workspace.
    pub name: String,
    /// Its location: the failure domain.
    pub location: String,
    /// Its former locations.
    pub former_locations: Vec<Former<String>>,
    /// The spools it sent from, and how far each is committed.
    pub epochs: BTreeMap<[u8; 16], Epoch>,
    /// When the last batch was received, on the aggregator's clock.
    pub last_seen: Option<Timestamp>,
    /// Its wall clock minus the aggregator's at the last batch, ms.
    pub skew: i64,
    /// It reported with its last batch that its own network is down.
    pub own_network_gone: bool,
    /// This process has received its inventory.
    pub inventory_known: bool,
    /// Its self report in the last batch.
    pub self_report: SelfReport,
    /// Recent sessions in its name, for clone detection.
    pub sessions: Sessions,
    /// When two simultaneous sessions were last reported to operators.
    pub cloned_at: Option<Timestamp>,
    /// What it may report.
    pub permit: Permit,
    /// Whether it may deliver.
    pub standing: Standing,
    /// Hash of its credential. The built-in agent needs none.
    pub credential: Option<TokenHash>,
    /// Its former name, if it was renamed.
    pub former_name: Option<String>,
    /// Its location before an operator moved it.
    pub moved_from: Option<String>,
}

impl Agent {
    /// An agent that has never delivered.
    #[must_use]
    pub fn new(name: &str, location: &str) -> Self {
        Self {
            name: name.to_owned(),
            location: location.to_owned(),
            former_locations: Vec::new(),
            epochs: BTreeMap::new(),
            last_seen: None,
            skew: 0,
            own_network_gone: false,
            inventory_known: false,
            self_report: SelfReport::default(),
            sessions: Sessions::default(),
            cloned_at: None,
            permit: Permit::default(),
            standing: Standing::Active,
            credential: None,
            former_name: None,
            moved_from: None,
        }
    }

    /// Whether it is part of the aggregator: the built-in agent, or the internal reporter of heartbeats. An agent of its
    /// own has a credential as soon as it delivers anything.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.credential.is_none()
    }

    /// Whether this is the internal reporter of heartbeats, which is no real agent.
    #[must_use]
    pub fn is_heartbeat_agent(&self) -> bool {
        self.name == super::step::HEARTBEAT_AGENT && self.location == super::step::LOCATION
    }
}

/// What an agent reports about itself, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SelfReport {
    /// Version of its program; empty if never reported.
    pub version: String,
    /// Records waiting in its spool.
    pub depth: u64,
    /// Age of the oldest waiting record, ms.
    pub oldest_ms: u64,
    /// Records lost in this epoch.
    pub lost: u64,
    /// Records set aside.
    pub set_aside: u64,
    /// Greatest delay of a check's start in the last minute, ms.
    pub lateness_ms: u64,
}

/// One spool of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Epoch {
    /// Every record up to here is committed.
    pub through: u64,
    /// The agent's wall clock minus the aggregator's at the last batch of this epoch; places records of earlier boots.
    pub offset: i64,
    /// When a batch of it was last accepted.
    pub seen: Timestamp,
    /// A digest of the record at `through`; 0: not known.
    pub last_record: u64,
}
