//! The `exec` check against real plugins, and against programs that mean no good.

mod hostile;
mod plugins;

use std::collections::BTreeMap;
use std::time::Duration;

use skerry_agent::probe::{Findings, Observed, PluginSeen, Prober};
use skerry_protocol::check::{Check, Exec, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::{checks, until};
use tokio::time::Instant;

use crate::observing::{assert_seen, run};

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);
/// What ending a plugin may take beyond its timeout: half a second, and a busy machine.
const ENDING: Duration = Duration::from_secs(3);

fn exec(command: &[&str]) -> Exec {
    let command = command.iter().map(|one| (*one).to_owned()).collect();
    Exec { command, environment: BTreeMap::new() }
}

/// A program of a few words.
fn shell(words: &str) -> Exec {
    exec(&["/bin/sh", "-c", words])
}

fn named(exec: Exec, timeout: Duration) -> Check {
    checks::of(Kind::Exec(Box::new(exec)), timeout)
}

async fn observe_within(exec: Exec, timeout: Duration) -> Observed {
    run(&Prober::new().expect("a prober"), &named(exec, timeout)).await
}

async fn observe(exec: Exec) -> Observed {
    observe_within(exec, TIMEOUT).await
}

fn plugin(seen: &Observed) -> &PluginSeen {
    let Findings::Plugin(plugin) = &seen.findings else { panic!("no plugin was seen: {seen:?}") };
    plugin
}

/// How many processes run whose arguments hold `mark`; those that are dead and not yet buried have none.
fn running(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("a list of processes");
    let holds = |entry: &std::fs::DirEntry| {
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(mark)
    };
    processes.flatten().filter(holds).count()
}

async fn until_nothing_runs(mark: &str) {
    until("all of the plugin's processes are gone", ENDING, async || running(mark) == 0).await;
}
