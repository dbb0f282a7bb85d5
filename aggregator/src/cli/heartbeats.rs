//! `heartbeat …`: the addresses that jobs call.

use super::agents::{instant, of_workspace, reached, store_at};
use anyhow::ensure;
use clap::{Args, Subcommand};
use skerry_aggregator::config::{Config, Loaded};
use skerry_aggregator::domain::time::Timestamp;
use skerry_aggregator::random;
use skerry_protocol::check::Kind;
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
    /// Show which heartbeats have an address, and when they were last called
    List,
}

/// Does what is asked; gives what to print.
pub(crate) fn heartbeats(loaded: &Loaded, asked: &Heartbeats, json: bool) -> anyhow::Result<String> {
    let config = of_workspace(loaded, asked.workspace.as_deref())?;
    let process = &loaded.configs[0];
    let mut store = store_at(&process.store.path)?;
    let tokens = store.heartbeat_tokens()?;
    let of =
        |name: &str| tokens.iter().find(|one| one.workspace_name == config.workspace && one.check == name);
    let (name, urls) = match &asked.what {
        HeartbeatDo::List => {
            let heard = |name: &str| of(name).map(|one| one.heard_ms.map(|at| instant(Timestamp(at))));
            return Ok(list(config, heard, json));
        }
        HeartbeatDo::Add { name, url } => {
            let again = "it has an address: skerry-aggregator heartbeat rotate makes another in its place";
            ensure!(of(name).is_none(), "heartbeat {name:?}: {again}");
            (name, url)
        }
        HeartbeatDo::Rotate { name, url } => {
            ensure!(of(name).is_some(), "heartbeat {name:?} has no address: use heartbeat add");
            (name, url)
        }
    };
    ensure!(
        declared(config).any(|declared| declared == name),
        "workspace {:?} declares no check {name:?} of type \"heartbeat\"",
        config.workspace
    );
    let (addresses, _) = reached(process, urls)?;
    let token = random::secret("skh");
    store.give_heartbeat(&config.workspace, name, &token)?;
    let address = addresses.first().map_or("", String::as_str);
    Ok(format!("{address}/heartbeat/{token}"))
}

fn declared(config: &Config) -> impl Iterator<Item = &String> {
    let beats = config.checks.iter().filter(|entry| matches!(entry.check.kind, Kind::Heartbeat(_)));
    beats.map(|entry| &entry.check.name)
}

/// `heard`: `None` where it has no address, then when it was last called.
fn list(config: &Config, heard: impl Fn(&str) -> Option<Option<String>>, json: bool) -> String {
    if json {
        let rows = declared(config).map(|name| {
            let heard = heard(name);
            serde_json::json!({ "check": name, "has_address": heard.is_some(), "last_call": heard.flatten() })
        });
        return serde_json::Value::from(rows.collect::<Vec<_>>()).to_string();
    }
    let mut lines = String::new();
    for name in declared(config) {
        let words = match heard(name) {
            None => "no address yet".to_owned(),
            Some(None) => "never called".to_owned(),
            Some(Some(at)) => format!("last called {at}"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{name}  {words}");
    }
    lines.trim_end().to_owned()
}
