//! `heartbeat …`: manages the addresses that jobs call.

use super::agents::{agent_addresses, agents_listener, of_workspace, store_at};
use anyhow::ensure;
use clap::{Args, Subcommand};
use skerry_aggregator::certificate;
use skerry_aggregator::config::{Config, Loaded};
use skerry_aggregator::control::{Request, carry_out};
use skerry_domain::credentials::token_hash;
use skerry_domain::time::Timestamp;
use skerry_host::random;
use skerry_protocol::check::Kind;
use skerry_protocol::strict::nearest;
use skerry_store::HeartbeatToken;
use std::fmt::Write as _;
use url::Url;

#[derive(Args)]
pub(crate) struct Heartbeats {
    /// The workspace it belongs to; by default that of the first configuration file
    #[arg(long, global = true)]
    workspace: Option<String>,
    #[command(subcommand)]
    what: HeartbeatDo,
}

#[derive(Subcommand)]
pub(crate) enum HeartbeatDo {
    /// Make the address that a job calls; it is shown once
    Add {
        /// Name of a check of type "heartbeat" in the configuration
        name: String,
        /// Where the agents' listener is reached, such as https://status.example.com:8081
        #[arg(long)]
        url: Vec<Url>,
    },
    /// Make a new address in place of the former one
    Rotate {
        /// The check's name
        name: String,
        /// Where the agents' listener is reached
        #[arg(long)]
        url: Vec<Url>,
    },
    /// Take a check's address away; what calls it gets 404
    Remove {
        /// The check's name
        name: String,
    },
    /// Show which heartbeats have an address, and when they were last called
    List,
}

/// Carries out the command. Returns its output and a note to the operator.
pub(crate) fn heartbeats(
    loaded: &Loaded,
    arguments: &Heartbeats,
    json: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let config = of_workspace(loaded, arguments.workspace.as_deref())?;
    let process = &loaded.configs[0];
    let tokens = store_at(&process.store.path)?.heartbeat_tokens()?;
    let tokens: Vec<_> = tokens.iter().filter(|one| one.workspace_name == config.workspace).collect();
    let has_address = |name: &str| tokens.iter().any(|one| one.check == *name);
    match &arguments.what {
        HeartbeatDo::List => Ok((list(config, &tokens, json), None)),
        HeartbeatDo::Remove { name } => {
            let (workspace, check) = (config.workspace.clone(), name.clone());
            carry_out(&process.store.path, Request::SetHeartbeatToken { workspace, check, token: None })?;
            let left = if declared(config).any(|declared| declared == name) {
                " The configuration still declares the check: remove it there too, or it is down when the next call is due."
            } else {
                ""
            };
            Ok((format!("The address of {name} is removed and no longer works.{left}"), None))
        }
        HeartbeatDo::Add { name, url } => {
            let remedy = "it has an address: skerry-aggregator heartbeat rotate makes another in its place";
            ensure!(!has_address(name), "heartbeat {name:?}: {remedy}");
            create_address(process, config, name, url, json, false)
        }
        HeartbeatDo::Rotate { name, url } => {
            ensure!(has_address(name), "heartbeat {name:?} has no address: use heartbeat add");
            create_address(process, config, name, url, json, true)
        }
    }
}

/// Creates the address of a check; `replaces` allows it to replace a former one.
fn create_address(
    process: &Config,
    config: &Config,
    name: &str,
    urls: &[Url],
    json: bool,
    replaces: bool,
) -> anyhow::Result<(String, Option<String>)> {
    ensure!(declared(config).any(|declared| declared == name), not_declared(config, name));
    let (addresses, _) = agent_addresses(process, urls)?;
    // A given address may have another certificate.
    let pin = if urls.is_empty() {
        certificate::pin(agents_listener(process)?, &process.store.path)?
    } else {
        None
    };
    let token = random::secret("skh");
    let (workspace, check, hash) = (config.workspace.clone(), name.to_owned(), token_hash(&token));
    let request = if replaces {
        Request::SetHeartbeatToken { workspace, check, token: Some(hash) }
    } else {
        Request::AddHeartbeatToken { workspace, check, token: hash }
    };
    carry_out(&process.store.path, request)?;
    let address = format!("{}/heartbeat/{token}", addresses.first().map_or("", String::as_str));
    if json {
        return Ok((serde_json::json!({ "address": address, "pin": pin }).to_string(), None));
    }
    let note = pin.map(|pin| {
        format!(
            "note: the aggregator made the certificate at this address itself, so a caller has to know its key:\n  \
             curl -fsS -m 10 --retry 5 --insecure --pinnedpubkey '{pin}' {address}"
        )
    });
    Ok((address, note))
}

fn not_declared(config: &Config, name: &str) -> String {
    let near = nearest(name, declared(config).map(String::as_str));
    let remedy = match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => "add it to the configuration first".to_owned(),
    };
    format!("workspace {:?} declares no check {name:?} of type \"heartbeat\": {remedy}", config.workspace)
}

fn declared(config: &Config) -> impl Iterator<Item = &String> {
    let heartbeats = config.checks.iter().filter(|entry| matches!(entry.check.kind, Kind::Heartbeat(_)));
    heartbeats.map(|entry| &entry.check.name)
}

/// Lists the heartbeats that the file declares, then others that still have an address.
fn list(config: &Config, tokens: &[&HeartbeatToken], json: bool) -> String {
    let of = |name: &str| tokens.iter().find(|one| one.check == name);
    let last_call = |name: &str| of(name).and_then(|one| one.heard_ms).map(|at| Timestamp(at).to_string());
    let others = tokens.iter().map(|one| &one.check).filter(|name| !declared(config).any(|one| one == *name));
    let mut names = declared(config).map(|name| (name, true)).collect::<Vec<_>>();
    names.extend(others.map(|name| (name, false)));
    if json {
        let rows = names.into_iter().map(|(name, declared)| {
            let has_address = of(name).is_some();
            serde_json::json!({
                "check": name,
                "declared": declared,
                "has_address": has_address,
                "last_call": last_call(name),
            })
        });
        return serde_json::Value::from(rows.collect::<Vec<_>>()).to_string();
    }
    let mut lines = String::new();
    for (name, declared) in names {
        let words = match (of(name).is_some(), last_call(name)) {
            (false, _) => "no address yet".to_owned(),
            (true, None) => "never called".to_owned(),
            (true, Some(at)) => format!("last called {at}"),
        };
        let gone =
            if declared { "" } else { ", no longer declared: heartbeat remove takes its address away" };
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{name}  {words}{gone}");
    }
    lines.trim_end().to_owned()
}
