//! `probe`: runs the checks of the files once, as `skerry-agent probe` does for an agent.

use anyhow::ensure;
use skerry_agent::probe_command;
use skerry_agent::run::MAX_IN_FLIGHT;
use skerry_aggregator::config::Loaded;
use skerry_protocol::check::{Check, Kind};
use std::collections::HashSet;

/// Returns whether all checks are up.
pub(crate) fn probe(loaded: &Loaded, names: &[String], json: bool) -> anyhow::Result<bool> {
    let declared = loaded.configs.iter().flat_map(|config| &config.checks).map(|entry| &entry.check);
    let (mut known, mut heartbeats): (Vec<Check>, HashSet<&str>) = (Vec::new(), HashSet::new());
    for check in declared {
        match check.kind {
            Kind::Heartbeat(_) => {
                heartbeats.insert(&check.name);
            }
            _ => known.push(check.clone()),
        }
    }
    let run = |name: &&String| known.iter().any(|check| check.name == **name);
    let heartbeat = names.iter().find(|name| !run(name) && heartbeats.contains(name.as_str()));
    if let Some(name) = heartbeat {
        return Err(anyhow::anyhow!("{name:?} is a heartbeat: it waits for a call, and cannot be run"));
    }
    ensure!(!known.is_empty() || !names.is_empty(), "the configuration declares no check that can be run");
    probe_command::probe(known, names, MAX_IN_FLIGHT, json)
}
