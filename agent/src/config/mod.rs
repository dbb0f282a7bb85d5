//! The agent's configuration: `agent.toml` and the checks beside it in `checks.d/*.toml`.
//!
//! All files are read strictly and all errors are reported at once. Files with secrets are checked but never
//! read.

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

pub use load::{EVERY_KEY, awaiting_enrolment, known_keys, load, load_as, warn_about_files};
pub use sections::self_test;

/// The configuration and its warnings.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: AgentConfig,
    /// Warnings that do not prevent the start.
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
    /// The checks of this agent's location, in the order of the files.
    pub checks: Vec<Check>,
    /// Checks that only other locations run.
    pub elsewhere: Vec<Check>,
}

/// `[agent]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSection {
    /// Name of the agent; the host name by default.
    pub name: String,
    /// Failure domain of the agent.
    pub location: String,
    /// Path of the spool's SQLite file.
    pub spool: PathBuf,
    /// The path as written, if it is relative to the file; it used to be relative to the working directory.
    pub spool_written: Option<PathBuf>,
    /// Maximum of concurrent checks.
    pub max_in_flight: usize,
}

/// `[metrics]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsSection {
    /// Listening address of `/metrics`; loopback unless other hosts are allowed.
    pub address: SocketAddr,
}

/// `[aggregator]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UplinkSection {
    /// Base URLs of the aggregator's agent listener; not empty.
    pub urls: Vec<Url>,
    /// File whose first line is the agent's token.
    pub token_file: Option<PathBuf>,
    /// Additional trusted authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// SHA-256 of the one accepted certificate (DER).
    pub fingerprint: Option<Fingerprint>,
    /// Allows plain HTTP to other hosts.
    pub allow_plaintext: bool,
}

#[cfg(test)]
mod tests;
