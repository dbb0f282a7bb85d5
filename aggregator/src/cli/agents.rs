//! `agent …`: manages and lists agents.

use super::table;
use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use skerry_aggregator::certificate::{fingerprint, of_listener};
use skerry_aggregator::config::{Config, Listener, Loaded, Role};
use skerry_aggregator::control::{Admission, AgentChange, Request, carry_out};
use skerry_domain::credentials::token_hash;
use skerry_domain::step::{HEARTBEAT_AGENT, LOCATION};
use skerry_host::random;
use skerry_protocol::strict::is_loopback;
use skerry_protocol::wire::JoinToken;
use skerry_protocol::words::is_plain_name;
use skerry_store::{Store, StoreError};
use std::path::Path;
use url::Url;

#[derive(Args)]
pub(crate) struct Agents {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: AgentDo,
}

#[derive(Subcommand)]
pub(crate) enum AgentDo {
    /// Let an agent enrol: prints the line to run on its host, valid once and for 15 minutes
    Add {
        /// Its name, unique in the workspace
        name: String,
        /// Its location: the site or region it runs in
        #[arg(long)]
        location: String,
        /// The checks it may report, such as 'shop-*'; give it again for each further one. By default every check
        #[arg(long, value_name = "PATTERN")]
        checks: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Show every agent: last seen, skew, spool, losses, version, and the checks that it conflicts about, is silent
    /// of or does not count for
    List,
    /// Let an agent count for a check that others report, where `[agents] new_reporters = "ask"` makes it wait
    Allow {
        /// Its name
        name: String,
        /// The check's name, or a pattern such as 'shop-*'
        check: String,
    },
    /// Limit an agent to these checks from now on; without any it may report every check
    Limit {
        /// Its name
        name: String,
        /// The checks it may report, such as 'shop-*'; give it again for each further one
        #[arg(long, value_name = "PATTERN")]
        checks: Vec<String>,
    },
    /// Move an agent to another location; what it reported until now counts for the former one
    Move {
        /// Its name
        name: String,
        /// Its location: the site or region it runs in from now on
        location: String,
    },
    /// Give an agent another name; it may go on calling itself by the old one
    Rename {
        /// Its name
        name: String,
        /// Its name from now on
        to: String,
    },
    /// Reject what an agent delivers until it is enabled; its checks no longer count
    Disable {
        /// Its name
        name: String,
    },
    /// Accept what a disabled agent delivers again
    Enable {
        /// Its name
        name: String,
    },
    /// Take an agent's credential away for good; `agent rotate` lets it enrol again
    Revoke {
        /// Its name
        name: String,
    },
    /// Remove an agent: its token is rejected, its reports no longer count and its name is free. Its history is kept
    Remove {
        /// Its name
        name: String,
    },
    /// Let an agent enrol again for a new credential; the present one holds until then
    Rotate {
        /// Its name
        name: String,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Args)]
pub(crate) struct How {
    /// Print a permanent token for the agent's `token_file` instead; the former one is rejected
    #[arg(long)]
    token: bool,
    /// Address at which the agent reaches the aggregator; repeat for further ones. By default the listener's
    #[arg(long, value_name = "URL", conflicts_with = "token")]
    url: Vec<Url>,
}

/// Carries out the command and returns its output.
pub(crate) fn agents(loaded: &Loaded, arguments: &Agents, json: bool) -> anyhow::Result<String> {
    let process = loaded.configs.first().context("no configuration")?;
    let config = of_workspace(loaded, arguments.workspace.as_deref())?;
    let (path, workspace) = (&process.store.path, &config.workspace);
    let change = |name: &str, change: AgentChange| {
        let (workspace, agent) = (workspace.clone(), name.to_owned());
        carry_out(path, Request::ChangeAgent { workspace, agent, change })
    };
    match &arguments.what {
        AgentDo::List => {
            let workspace = arguments.workspace.as_deref();
            let store = store_at(path)?;
            if !store.agents()?.iter().any(|one| workspace.is_none_or(|named| one.workspace == named)) {
                of_workspace(loaded, workspace)?;
            }
            list(&store, workspace, json)
        }
        AgentDo::Add { name, location, checks, how } => {
            reject_built_in(config, name)?;
            check_name("agent", name)?;
            check_name("location", location)?;
            checks.iter().try_for_each(|pattern| check_pattern(pattern))?;
            let new_token = NewToken::of(process, how)?;
            let (location, checks) = (location.clone(), checks.clone());
            let token = new_token.token(name, &location);
            change(name, AgentChange::Add { location, checks, admission: new_token.admission() })?;
            Ok(token)
        }
        AgentDo::Allow { name, check } => {
            ensure!(is_plain_name(check), "{check:?} is not the name of a check");
            change(name, AgentChange::Allow(check.clone()))?;
            Ok(format!("{name} may report {check}."))
        }
        AgentDo::Rotate { name, how } => {
            reject_built_in(config, name)?;
            let found = store_at(path)?.agent_named(workspace, name)?;
            let (location, _) = found.with_context(|| no_agent(workspace, name))?;
            let new_token = NewToken::of(process, how)?;
            change(name, AgentChange::Rotate(new_token.admission()))?;
            Ok(new_token.token(name, &location))
        }
        AgentDo::Limit { name, checks } => {
            reject_built_in(config, name)?;
            checks.iter().try_for_each(|pattern| check_pattern(pattern))?;
            change(name, AgentChange::Limit(checks.clone()))?;
            let what = if checks.is_empty() { "every check".to_owned() } else { checks.join(", ") };
            Ok(format!("{name} may report {what}."))
        }
        AgentDo::Move { name, location } => {
            reject_built_in(config, name)?;
            check_name("location", location)?;
            change(name, AgentChange::Move(location.clone()))?;
            Ok(format!(
                "{name} is in {location} now. Set location = {location:?} in its agent.toml too, where that names one."
            ))
        }
        AgentDo::Remove { name } => {
            reject_built_in(config, name)?;
            change(name, AgentChange::Remove)?;
            Ok(format!(
                "{name} is removed; its token is rejected, its reports no longer count, and its history is kept."
            ))
        }
        AgentDo::Rename { name, to } => {
            reject_built_in(config, name)?;
            reject_built_in(config, to)?;
            check_name("agent", to)?;
            change(name, AgentChange::Rename(to.clone()))?;
            Ok(format!("{name} is {to} now; set name = {to:?} in its agent.toml when convenient."))
        }
        AgentDo::Disable { name } => {
            reject_built_in(config, name)?;
            change(name, AgentChange::Disable)?;
            Ok(format!("{name} is disabled; what it delivers is rejected."))
        }
        AgentDo::Enable { name } => {
            reject_built_in(config, name)?;
            change(name, AgentChange::Enable)?;
            Ok(format!("{name} is enabled; it tries again within 5 minutes, or at once when restarted."))
        }
        AgentDo::Revoke { name } => {
            reject_built_in(config, name)?;
            change(name, AgentChange::Revoke)?;
            Ok(format!("{name} is revoked; its token is rejected."))
        }
    }
}

/// A note to the operator besides the output.
pub(crate) fn note(loaded: &Loaded, arguments: &Agents) -> Option<String> {
    let (AgentDo::Add { how, .. } | AgentDo::Rotate { how, .. }) = &arguments.what else { return None };
    if how.token || !how.url.is_empty() {
        return None;
    }
    let (addresses, _) = agent_addresses(loaded.configs.first()?, &[]).ok()?;
    let own = addresses.iter().find(|address| Url::parse(address).is_ok_and(|url| is_loopback(&url)))?;
    Some(format!(
        "note: only agents on this host can reach {own}. For other hosts give agents a [[listen]] address that they \
         can reach, and name it with [public] base_url or --url"
    ))
}

/// Opens the existing database, whether or not an aggregator serves from it. A damaged database is opened, too, so that
/// the rows of agents can be read.
pub(super) fn store_at(path: &Path) -> Result<Store, StoreError> {
    match Store::open_existing(path) {
        Err(StoreError::InUse { .. }) => Store::open_unlocked(path),
        Err(damaged @ StoreError::Damaged { .. }) => Store::open_unlocked(path).map_err(|_| damaged),
        opened => opened,
    }
}

pub(super) fn of_workspace<'a>(loaded: &'a Loaded, workspace: Option<&str>) -> anyhow::Result<&'a Config> {
    let named = |config: &&Config| workspace.is_none_or(|workspace| config.workspace == workspace);
    loaded.configs.iter().find(named).with_context(|| {
        let known: Vec<&str> = loaded.configs.iter().map(|config| config.workspace.as_str()).collect();
        format!("no file declares workspace {:?}; there are: {}", workspace.unwrap_or(""), known.join(", "))
    })
}

fn list(store: &Store, workspace: Option<&str>, json: bool) -> anyhow::Result<String> {
    let all = store.agents()?.into_iter();
    let agents: Vec<_> =
        all.filter(|one| workspace.is_none_or(|workspace| one.workspace == workspace)).collect();
    let now = store.time()?;
    Ok(if json { table::json(&agents, now) } else { table::table(&agents, now) })
}

fn check_pattern(pattern: &str) -> anyhow::Result<()> {
    let is_valid = is_plain_name(pattern);
    ensure!(is_valid, "{pattern:?} is not a pattern of check names: write it like --checks 'shop-*'");
    Ok(())
}

fn check_name(what: &str, name: &str) -> anyhow::Result<()> {
    ensure!(
        is_plain_name(name),
        "{name:?} is not a valid {what}: use 1 to 100 visible characters, no blank at either end"
    );
    let reserved = [LOCATION, HEARTBEAT_AGENT].iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    ensure!(!reserved, "{name:?} is reserved for heartbeats: choose another {what}");
    Ok(())
}

fn no_agent(workspace: &str, name: &str) -> String {
    format!("workspace {workspace:?} has no agent {name:?}: skerry-aggregator agent list shows them")
}

fn reject_built_in(config: &Config, name: &str) -> anyhow::Result<()> {
    let built_in = config.local_agent.as_ref().is_some_and(|local| local.name == name);
    ensure!(!built_in, "{name:?} is the built-in agent: [local_agent] in the configuration decides about it");
    Ok(())
}

/// A new token for an agent; the aggregator gets its hash only.
struct NewToken {
    secret: String,
    /// Addresses and certificate fingerprint for the enrolment; `None` if the secret is a permanent credential.
    enrolment: Option<(Vec<String>, Vec<u8>)>,
}

impl NewToken {
    fn of(process: &Config, how: &How) -> anyhow::Result<Self> {
        if how.token {
            return Ok(Self { secret: random::secret("ska"), enrolment: None });
        }
        Ok(Self { secret: random::secret("ske"), enrolment: Some(agent_addresses(process, &how.url)?) })
    }

    fn admission(&self) -> Admission {
        let hash = token_hash(&self.secret);
        if self.enrolment.is_some() { Admission::Enrolment(hash) } else { Admission::Credential(hash) }
    }

    /// The token, or the command to run on the agent's host.
    fn token(&self, name: &str, location: &str) -> String {
        let Some((addresses, fingerprint)) = self.enrolment.clone() else { return self.secret.clone() };
        let (secret, name, location) = (self.secret.clone(), name.to_owned(), location.to_owned());
        let token = JoinToken { secret, addresses, fingerprint, name, location };
        format!("skerry-agent enroll {}", token.to_text())
    }
}

/// The listener for agents and jobs. One that other hosts can reach is preferred.
pub(super) fn agents_listener(process: &Config) -> anyhow::Result<&Listener> {
    let serving = || process.listeners.iter().filter(|listener| listener.serves.contains(&Role::Agents));
    let open = serving().find(|listener| !listener.address.ip().is_loopback());
    open.or_else(|| serving().next()).context("no [[listen]] serves \"agents\": add it to one")
}

/// The addresses for agents, and the fingerprint of the certificate there.
pub(super) fn agent_addresses(process: &Config, urls: &[Url]) -> anyhow::Result<(Vec<String>, Vec<u8>)> {
    let database = &process.store.path;
    let listener = agents_listener(process)?;
    let files = of_listener(listener, database)?;
    let addresses = match urls {
        [] => vec![default_address(process, listener, files.is_some())?],
        urls => urls.iter().map(given_address).collect::<anyhow::Result<_>>()?,
    };
    let pinned = addresses.iter().any(|address| address.starts_with("https"));
    let fingerprint = match files.filter(|_| pinned) {
        Some(files) => fingerprint(&files.certificate)?.to_vec(),
        None => Vec::new(),
    };
    Ok((addresses, fingerprint))
}

fn given_address(url: &Url) -> anyhow::Result<String> {
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    ensure!(
        matches!(url.scheme(), "https" | "http") && url.has_host() && plain,
        "--url {url}: write scheme, host and port, such as https://status.example.com:8081"
    );
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn default_address(process: &Config, listener: &Listener, tls: bool) -> anyhow::Result<String> {
    let address = listener.address;
    ensure!(address.port() != 0, "the agents' listener has any free port: name the address with --url");
    let scheme = if tls { "https" } else { "http" };
    if !address.ip().is_unspecified() {
        return Ok(format!("{scheme}://{address}"));
    }
    let host = process.public.base_url.host_str().context("[public] base_url has no host: use --url")?;
    Ok(format!("{scheme}://{host}:{}", address.port()))
}
