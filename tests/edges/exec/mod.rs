//! The `exec` check against real plugins and hostile programs.

mod hostile;
mod plugins;

use std::collections::BTreeMap;
use std::time::Duration;

use skerry_agent::probe::{Findings, Observed, PluginResult, Prober};
use skerry_protocol::check::{Check, Exec, Kind};
use skerry_protocol::wire::{Outcome, Reason};
use skerry_tests::parts::{checks, until};
use tokio::time::Instant;

use crate::observing::{assert_seen, run};

const TIMEOUT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(600);
/// Longer than anything but a hang takes.
const BOUND: Duration = Duration::from_secs(60);

fn exec(command: &[&str]) -> Exec {
    let command = command.iter().map(|one| (*one).to_owned()).collect();
    Exec { command, environment: BTreeMap::new(), latency_from: None, runner: None }
}

/// A short shell script.
fn shell(words: &str) -> Exec {
    exec(&["/bin/sh", "-c", words])
}

fn named(exec: Exec, timeout: Duration) -> Check {
    checks::of(Kind::Exec(Box::new(exec)), timeout)
}

async fn observe_within(exec: Exec, timeout: Duration) -> Observed {
    let (prober, check) = (Prober::new().expect("a prober"), named(exec, timeout));
    tokio::time::timeout(BOUND, run(&prober, &check)).await.expect("the run ends")
}

async fn observe(exec: Exec) -> Observed {
    observe_within(exec, TIMEOUT).await
}

fn plugin(seen: &Observed) -> &PluginResult {
    let Findings::Plugin(plugin) = &seen.findings else { panic!("no plugin was seen: {seen:?}") };
    plugin
}

/// Number of processes with `mark` in their arguments; zombies have none.
fn running(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("a list of processes");
    let holds = |entry: &std::fs::DirEntry| {
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(mark)
    };
    processes.flatten().filter(holds).count()
}

async fn until_nothing_runs(mark: &str) {
    until("all of the plugin's processes are gone", BOUND, async || running(mark) == 0).await;
}

/// Runs plugins through the socket, as a process of another user would.
#[tokio::test]
async fn a_runner_gives_the_same_result_as_a_child_and_its_absence_is_inconclusive() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("plugins.socket");
    let over = |exec: Exec| Exec { runner: Some(socket.clone()), ..exec };
    let nobody = observe_within(over(shell("exit 2")), Duration::from_secs(1)).await;
    assert_seen(&nobody, Outcome::Inconclusive, Reason::OwnResources, "does not answer");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("binds");
    let serving = tokio::spawn(skerry_agent::probe::serve_plugins(listener));
    for words in [
        "echo fine '|time=0.25s'",
        "echo slow; exit 1",
        "echo full >&2; exit 2",
        "exit 3",
        "exit 77",
        "kill -9 $$",
        "head -c 70000 /dev/zero",
        "echo begun; sleep 60",
    ] {
        let (own, other) = tokio::join!(
            observe_within(shell(words), Duration::from_secs(1)),
            observe_within(over(shell(words)), Duration::from_secs(1))
        );
        assert_eq!(
            (own.outcome, own.reason, &own.detail),
            (other.outcome, other.reason, &other.detail),
            "{words}"
        );
        // Whether a plugin that is killed still exits successfully does not matter.
        assert!(words.starts_with("head") || own.findings == other.findings, "{words}");
    }
    let missing = Exec { command: vec!["/no/such/plugin".into()], ..shell("") };
    let (own, other) = tokio::join!(
        observe_within(missing.clone(), Duration::from_secs(1)),
        observe_within(over(missing), Duration::from_secs(1))
    );
    assert_eq!((own.outcome, own.reason, own.detail), (other.outcome, other.reason, other.detail));
    serving.abort();
}
