//! `agent …`: who may deliver, and how they are.

use super::table;
use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use skerry_aggregator::certificate::{fingerprint, of_listener};
use skerry_aggregator::config::{Config, Listener, Loaded, Role};
use skerry_domain::step::{LOCATION, VOICE};
use skerry_domain::time::MINUTE;
use skerry_host::random;
use skerry_protocol::strict::is_loopback;
use skerry_protocol::wire::JoinToken;
use skerry_protocol::words::is_plain_name;
use skerry_store::{Standing, Store, StoreError};
use std::path::Path;
use url::Url;

/// A token of one use lives so long, ms.
const TOKEN_LIFE: i64 = 15 * MINUTE;

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

/// Does it, and returns what to say.
pub(crate) fn agents(loaded: &Loaded, asked: &Agents, json: bool) -> anyhow::Result<String> {
    let process = loaded.configs.first().context("no configuration")?;
    let config = of_workspace(loaded, asked.workspace.as_deref())?;
    let path = &process.store.path;
    let mut store = store_at(path)?;
    let workspace = &config.workspace;
    match &asked.what {
        AgentDo::List => list(&store, asked.workspace.as_deref(), json),
        AgentDo::Add { name, location, checks, how } => {
            refuse_built_in(config, name)?;
            refuse_name("agent", name)?;
            refuse_name("location", location)?;
            checks.iter().try_for_each(|pattern| refuse_pattern(pattern))?;
            refuse_known(&store, workspace, name)?;
            let token = offer(&mut store, process, workspace, name, location, how)?;
            if !checks.is_empty() {
                store.limit_agent(workspace, name, checks)?;
            }
            Ok(token)
        }
        AgentDo::Allow { name, check } => {
            ensure!(is_plain_name(check), "{check:?} is not the name of a check");
            ensure!(store.allow_agent(workspace, name, check)?, no_agent(workspace, name));
            Ok(format!("{name} may report {check}; a running aggregator follows within 10 s."))
        }
        AgentDo::Rotate { name, how } => {
            refuse_built_in(config, name)?;
            let found = store.agent_named(workspace, name)?;
            let (location, standing) = found.with_context(|| no_agent(workspace, name))?;
            ensure!(standing != Standing::Disabled, "agent {name:?} is disabled: enable it first");
            offer(&mut store, process, workspace, name, &location, how)
        }
        AgentDo::Limit { name, checks } => limit(&mut store, config, name, checks),
        AgentDo::Move { name, location } => move_to(&mut store, config, name, location),
        AgentDo::Remove { name } => {
            refuse_built_in(config, name)?;
            ensure!(store.remove_agent(workspace, name)?, no_agent(workspace, name));
            Ok(format!(
                "{name} is removed; its token is rejected within 10 s, its reports no longer count, and its history is kept."
            ))
        }
        AgentDo::Rename { name, to } => rename(&mut store, config, name, to),
        AgentDo::Disable { name } => {
            stand(&mut store, config, name, Standing::Disabled)?;
            Ok(format!("{name} is disabled; a running aggregator follows within 10 s."))
        }
        AgentDo::Enable { name } => {
            stand(&mut store, config, name, Standing::Active)?;
            Ok(format!("{name} is enabled; it tries again within 5 minutes, or at once when restarted."))
        }
        AgentDo::Revoke { name } => {
            stand(&mut store, config, name, Standing::Revoked)?;
            Ok(format!("{name} is revoked; its token is rejected within 10 s."))
        }
    }
}

/// What whoever passes the answer on should know besides.
pub(crate) fn note(loaded: &Loaded, asked: &Agents) -> Option<String> {
    let (AgentDo::Add { how, .. } | AgentDo::Rotate { how, .. }) = &asked.what else { return None };
    if how.token || !how.url.is_empty() {
        return None;
    }
    let (addresses, _) = reached(loaded.configs.first()?, &[]).ok()?;
    let own = addresses.iter().find(|address| Url::parse(address).is_ok_and(|url| is_loopback(&url)))?;
    Some(format!(
        "note: only agents on this host can reach {own}. For other hosts give agents a [[listen]] address that they \
         can reach, and name it with [public] base_url or --url"
    ))
}

/// The database, which is there, whether or not an aggregator serves from it. Damage elsewhere in it keeps no operator from the rows
/// of agents.
pub(super) fn store_at(path: &Path) -> Result<Store, StoreError> {
    match Store::open_existing(path) {
        Err(StoreError::InUse { .. }) => Store::beside(path),
        Err(damaged @ StoreError::Damaged { .. }) => Store::beside(path).map_err(|_| damaged),
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

fn stand(store: &mut Store, config: &Config, name: &str, standing: Standing) -> anyhow::Result<()> {
    refuse_built_in(config, name)?;
    let found = store.agent_named(&config.workspace, name)?;
    let (_, present) = found.with_context(|| no_agent(&config.workspace, name))?;
    if standing == Standing::Active && present == Standing::Revoked {
        bail!(
            "agent {name:?} was revoked and has no credential: let it enrol again with skerry-aggregator agent rotate"
        );
    }
    store.set_standing(&config.workspace, name, standing)?;
    Ok(())
}

fn list(store: &Store, workspace: Option<&str>, json: bool) -> anyhow::Result<String> {
    let roll = store.roll()?.into_iter();
    let roll: Vec<_> =
        roll.filter(|one| workspace.is_none_or(|workspace| one.workspace == workspace)).collect();
    let now = store.time()?;
    Ok(if json { table::json(&roll, now) } else { table::table(&roll, now) })
}

fn limit(store: &mut Store, config: &Config, name: &str, checks: &[String]) -> anyhow::Result<String> {
    refuse_built_in(config, name)?;
    checks.iter().try_for_each(|pattern| refuse_pattern(pattern))?;
    let workspace = &config.workspace;
    ensure!(store.limit_agent(workspace, name, checks)?, no_agent(workspace, name));
    let what = if checks.is_empty() { "every check".to_owned() } else { checks.join(", ") };
    Ok(format!("{name} may report {what}; a running aggregator follows within 10 s."))
}

fn rename(store: &mut Store, config: &Config, name: &str, to: &str) -> anyhow::Result<String> {
    let workspace = &config.workspace;
    refuse_built_in(config, name)?;
    refuse_built_in(config, to)?;
    refuse_name("agent", to)?;
    ensure!(store.agent_named(workspace, to)?.is_none(), "there is an agent {to:?} already");
    ensure!(store.rename_agent(workspace, name, to)?, no_agent(workspace, name));
    Ok(format!("{name} is {to} now; set name = {to:?} in its agent.toml when convenient."))
}

fn move_to(store: &mut Store, config: &Config, name: &str, location: &str) -> anyhow::Result<String> {
    let workspace = &config.workspace;
    refuse_built_in(config, name)?;
    refuse_name("location", location)?;
    let found = store.agent_named(workspace, name)?;
    let (present, _) = found.with_context(|| no_agent(workspace, name))?;
    ensure!(present != location, "agent {name:?} is in {location:?} already; nothing was changed");
    store.move_agent(workspace, name, location)?;
    Ok(format!(
        "{name} is in {location} now; a running aggregator follows within 10 s. Set location = {location:?} in its \
         agent.toml too, where that names one."
    ))
}

/// Whoever has the name keeps its place and its token.
fn refuse_known(store: &Store, workspace: &str, name: &str) -> anyhow::Result<()> {
    let Some((location, standing)) = store.agent_named(workspace, name)? else { return Ok(()) };
    let is =
        if standing == Standing::Active { String::new() } else { format!(" and is {}", standing.name()) };
    bail!(
        "there is an agent {name:?} already, in {location:?}{is}; nothing was changed. skerry-aggregator agent rotate lets \
         it enrol again, agent move gives it another location, agent limit other checks, and agent remove frees the name"
    )
}

fn refuse_pattern(pattern: &str) -> anyhow::Result<()> {
    let shown = is_plain_name(pattern);
    ensure!(shown, "{pattern:?} is not a pattern of check names: write it like --checks 'shop-*'");
    Ok(())
}

fn refuse_name(what: &str, name: &str) -> anyhow::Result<()> {
    ensure!(
        is_plain_name(name),
        "{name:?} is not a valid {what}: use 1 to 100 visible characters, no blank at either end"
    );
    let kept = [LOCATION, VOICE].iter().any(|kept| kept.eq_ignore_ascii_case(name));
    ensure!(!kept, "{name:?} is reserved for heartbeats: choose another {what}");
    Ok(())
}

fn no_agent(workspace: &str, name: &str) -> String {
    format!("workspace {workspace:?} has no agent {name:?}: skerry-aggregator agent list shows them")
}

fn refuse_built_in(config: &Config, name: &str) -> anyhow::Result<()> {
    let built_in = config.local_agent.as_ref().is_some_and(|local| local.name == name);
    ensure!(!built_in, "{name:?} is the built-in agent: [local_agent] in the configuration decides about it");
    Ok(())
}

fn offer(
    store: &mut Store,
    process: &Config,
    workspace: &str,
    name: &str,
    location: &str,
    how: &How,
) -> anyhow::Result<String> {
    if how.token {
        let token = random::secret("ska");
        store.enrol_agent(workspace, name, location, &token)?;
        return Ok(token);
    }
    let (addresses, fingerprint) = reached(process, &how.url)?;
    let secret = random::secret("ske");
    let until = store.time()? + TOKEN_LIFE;
    store.offer_enrolment(workspace, name, location, &secret, until)?;
    let (name, location) = (name.to_owned(), location.to_owned());
    let token = JoinToken { secret, addresses, fingerprint, name, location };
    Ok(format!("skerry-agent enroll {}", token.to_text()))
}

/// The listener that agents and jobs reach us at. Other hosts first: a listener for this host alone is of use only where
/// there is no other.
pub(super) fn door(process: &Config) -> anyhow::Result<&Listener> {
    let serving = || process.listeners.iter().filter(|listener| listener.serves.contains(&Role::Agents));
    let open = serving().find(|listener| !listener.address.ip().is_loopback());
    open.or_else(|| serving().next()).context("no [[listen]] serves \"agents\": add it to one")
}

/// Where agents reach us, and by which certificate they know us.
pub(super) fn reached(process: &Config, urls: &[Url]) -> anyhow::Result<(Vec<String>, Vec<u8>)> {
    let database = &process.store.path;
    let listener = door(process)?;
    let files = of_listener(listener, database)?;
    let addresses = match urls {
        [] => vec![default_address(process, listener, files.is_some())?],
        urls => urls.iter().map(own_address).collect::<anyhow::Result<_>>()?,
    };
    let pinned = addresses.iter().any(|address| address.starts_with("https"));
    let print = match files.filter(|_| pinned) {
        Some(files) => print_of(&files.certificate)?,
        None => Vec::new(),
    };
    Ok((addresses, print))
}

fn print_of(certificate: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(fingerprint(certificate)?.to_vec())
}

fn own_address(url: &Url) -> anyhow::Result<String> {
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
