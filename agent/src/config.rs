//! `agent.toml`. (The interface alone; its reader stands beside.)

use skerry_protocol::check::Check;
use std::fmt;
use std::path::{Path, PathBuf};
use url::Url;

/// Everything in the file and in `checks.d`.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// `[agent]`
    pub agent: AgentSection,
    /// `[uplink]`
    pub uplink: UplinkSection,
    /// `[[check]]`
    pub checks: Vec<Check>,
}

/// `[agent]`
#[derive(Clone, Debug)]
pub struct AgentSection {
    /// `name`
    pub name: String,
    /// `location`
    pub location: String,
    /// `spool`
    pub spool: PathBuf,
    /// `max_in_flight`
    pub max_in_flight: usize,
}

/// `[uplink]`
#[derive(Clone, Debug)]
pub struct UplinkSection {
    /// `url`
    pub url: Url,
    /// `token_file`
    pub token_file: Option<PathBuf>,
    /// `ca_file`
    pub ca_file: Option<PathBuf>,
    /// `allow_plaintext`
    pub allow_plaintext: bool,
}

/// A configuration that was read, with what is odd about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: AgentConfig,
    /// One line each.
    pub warnings: Vec<String>,
}

/// What is wrong with a configuration.
#[derive(Debug)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    /// One line per problem.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Reads the configuration.
///
/// # Errors
/// Every problem at once.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    Err(Problems(vec![format!("{}: this build reads no configuration", path.display())]))
}
