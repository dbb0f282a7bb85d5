//! The agent's configuration: `agent.toml` and the checks beside it in `checks.d/*.toml`.
//!
//! All files are read strictly, and all that is wrong in all of them is said at once. Files that hold
//! secrets are looked at, never read.

mod identity;
mod load;
mod sections;

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::self_test::SelfTestSettings;
use skerry_protocol::check::Check;
use skerry_protocol::strict::Problem;
use url::Url;

use crate::delivery::trust::Fingerprint;

pub use load::{EVERY_KEY, awaiting_enrolment, doubt_files, known_keys, load, load_as};
pub use sections::self_test;

/// What the files say, and what is doubtful in them.
#[derive(Debug)]
pub struct Loaded {
    /// What they say.
    pub config: AgentConfig,
    /// Doubts that do not hinder the start.
    pub warnings: Vec<Problem>,
}

/// All of an agent's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentConfig {
    /// `[agent]`
    pub agent: AgentSection,
    /// `[aggregator]`
    pub uplink: UplinkSection,
    /// `[self_test]`
    pub self_test: SelfTestSettings,
    /// `[metrics]`, where metrics are wanted.
    pub metrics: Option<MetricsSection>,
    /// The checks that this agent's location runs, in the order of the files.
    pub checks: Vec<Check>,
    /// Those that only other locations run.
    pub elsewhere: Vec<Check>,
}

/// `[agent]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSection {
    /// Its name; by default the host's.
    pub name: String,
    /// The failure domain that it stands in.
    pub location: String,
    /// The spool's SQLite file.
    pub spool: PathBuf,
    /// The same as it is written, where that is relative to the file: to the working directory it was once.
    pub spool_written: Option<PathBuf>,
    /// At most this many checks run at once.
    pub max_in_flight: usize,
}

/// `[metrics]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsSection {
    /// Where `/metrics` answers; on the loopback unless other hosts were allowed.
    pub address: SocketAddr,
}

/// `[aggregator]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UplinkSection {
    /// Where the aggregator's `agents` room answers; not empty.
    pub urls: Vec<Url>,
    /// File whose first line is the agent's token.
    pub token_file: Option<PathBuf>,
    /// Further trusted authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// The one certificate that is believed: SHA-256 of its DER.
    pub fingerprint: Option<Fingerprint>,
    /// Plain HTTP to another host is wanted.
    pub allow_plaintext: bool,
}

#[cfg(test)]
mod tests;
