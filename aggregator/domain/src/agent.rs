//! An agent: who it is, by what it may deliver, and how far it has delivered.

use super::clone_detection::Sessions;
use super::credentials::{Standing, TokenHash};
use super::former::Former;
use super::keys::WorkspaceKey;
use super::reporters::Permit;
use super::time::Timestamp;
use std::collections::BTreeMap;

/// A process that runs checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// The workspace it belongs to.
    pub workspace: WorkspaceKey,
    /// Its name, unique in the workspace.
    pub name: String,
    /// The failure domain it stands in.
    pub location: String,
    /// Those it stood in before.
    pub former_locations: Vec<Former<String>>,
    /// Each spool it ever sent from, and how far that one is committed.
    pub epochs: BTreeMap<[u8; 16], Epoch>,
    /// Last batch, on our clock.
    pub last_seen: Option<Timestamp>,
    /// Its wall clock less ours at the last batch, ms.
    pub skew: i64,
    /// It said with its last batch that its network is down.
    pub own_network_gone: bool,
    /// An inventory was received by this process.
    pub inventory_known: bool,
    /// What it told of itself with its last batch.
    pub self_report: SelfReport,
    /// Who spoke in its name of late: two at once are a copy of it.
    pub sessions: Sessions,
    /// When operators were last told that two speak in its name.
    pub cloned_at: Option<Timestamp>,
    /// What it may report.
    pub permit: Permit,
    /// Whether it is taken.
    pub standing: Standing,
    /// Hash of what it delivers with. The built-in agent needs none.
    pub credential: Option<TokenHash>,
    /// Its name before it was renamed.
    pub former_name: Option<String>,
    /// Where it stood before an operator moved it.
    pub moved_from: Option<String>,
}

impl Agent {
    /// An agent that was never heard.
    #[must_use]
    pub fn new(workspace: WorkspaceKey, name: &str, location: &str) -> Self {
        Self {
            workspace,
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

    /// The aggregator's own voice, which tells of heartbeats and is no agent.
    #[must_use]
    pub fn is_heartbeat_agent(&self) -> bool {
        self.name == super::step::HEARTBEAT_AGENT && self.location == super::step::LOCATION
    }
}

/// What an agent tells of itself, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SelfReport {
    /// Version of its program; empty where it was never told.
    pub version: String,
    /// Records waiting in its spool.
    pub depth: u64,
    /// Age of the oldest one waiting, ms.
    pub oldest_ms: u64,
    /// Records lost in this epoch.
    pub lost: u64,
    /// Records set aside.
    pub set_aside: u64,
    /// Greatest lateness of a start in its last minute, ms.
    pub lateness_ms: u64,
}

/// One spool of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Epoch {
    /// Every record up to here is committed.
    pub through: u64,
    /// Wall clock of the agent less ours when last heard in this epoch, for records of earlier boots.
    pub offset: i64,
    /// When a batch of it was last taken.
    pub seen: Timestamp,
    /// A digest of the record at `through`; 0: not known.
    pub last_record: u64,
}
