//! Plugins that hang, fork, flood their output, lie or disappear. None delays the agent or outlives its run,
//! and none without a verdict turns a page red.

use super::*;
use skerry_protocol::words::is_unfit_to_show;

/// A sleep duration that no other test uses, to recognise its processes.
fn mark(number: u32) -> String {
    format!("3{}{number}", std::process::id())
}

#[tokio::test]
async fn a_plugin_that_ignores_sigterm_is_killed() {
    let mark = mark(1);
    let seen =
        observe_within(shell(&format!("trap '' TERM; echo stuck; while :; do sleep {mark}; done")), SHORT)
            .await;
    assert_seen(&seen, Outcome::Down, Reason::Timeout, "the plugin did not end within the timeout");
    assert_eq!((plugin(&seen).exit, plugin(&seen).text.as_slice()), (None, ["stuck".to_owned()].as_slice()));
    until_nothing_runs(&mark).await;
}

#[tokio::test]
async fn a_plugin_that_handles_sigterm_may_clean_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let tidied = folder.path().join("tidied");
    let words = format!("trap 'echo > {}; exit 0' TERM; while :; do sleep 0.01; done", tidied.display());
    let seen = observe_within(shell(&words), SHORT).await;
    assert_seen(&seen, Outcome::Down, Reason::Timeout, "within the timeout");
    assert!(tidied.exists(), "it was killed at once");
}

#[tokio::test]
async fn child_processes_end_with_their_plugin() {
    let mark = mark(2);
    // The plugin exits successfully and leaves child processes that hold its pipes.
    let words = format!("i=0; while [ $i -lt 50 ]; do sleep {mark} & i=$((i+1)); done; echo fine; exit 0");
    let seen = observe(shell(&words)).await;
    assert_seen(&seen, Outcome::Up, Reason::None, "");
    assert_eq!(plugin(&seen).text, ["fine"]);
    until_nothing_runs(&mark).await;
}

#[tokio::test]
async fn a_plugin_that_forks_is_ended_with_all_its_processes() {
    let mark = mark(3);
    // Two generations of fifty processes that ignore SIGTERM, and the plugin waits for all.
    let words = format!(
        "trap '' TERM; i=0; while [ $i -lt 25 ]; do (sleep {mark} & sleep {mark}) & i=$((i+1)); done; wait"
    );
    let seen = observe_within(shell(&words), SHORT).await;
    assert_seen(&seen, Outcome::Down, Reason::Timeout, "within the timeout");
    until_nothing_runs(&mark).await;
}

#[tokio::test]
async fn a_daemon_outside_the_group_delays_nothing() {
    let mark = mark(5);
    let folder = tempfile::tempdir().expect("a folder");
    let over = folder.path().join(&mark);
    let left = folder.path().join("left");
    // A process that left the group on purpose survives: it holds the plugin's pipes until the test releases
    // it.
    let words = format!("> {}; while [ ! -e {} ]; do sleep 0.1; done", left.display(), over.display());
    // The plugin exits once its child has left.
    let waits = format!("while [ ! -e {} ]; do sleep 0.01; done", left.display());
    let seen = observe(shell(&format!("setsid sh -c '{words}' & {waits}; echo started; exit 0"))).await;
    assert!(running(&mark) > 0, "it was waited for");
    assert_seen(&seen, Outcome::Up, Reason::None, "");
    assert_eq!(plugin(&seen).text, ["started"]);
    std::fs::write(&over, "").expect("written");
    until_nothing_runs(&mark).await;
}

#[tokio::test]
async fn a_run_that_is_abandoned_leaves_nothing_behind() {
    let mark = mark(4);
    let check = named(shell(&format!("trap '' TERM; sleep {mark} & sleep {mark}")), TIMEOUT);
    let run = tokio::spawn(async move {
        Prober::new().expect("a prober").observe(&check, Instant::now() + TIMEOUT).await
    });
    until("it runs", TIMEOUT, async || running(&mark) >= 2).await;
    run.abort();
    assert!(run.await.expect_err("aborted").is_cancelled());
    until_nothing_runs(&mark).await;
}

#[tokio::test]
async fn endless_output_is_read_up_to_a_limit() {
    for endless in [exec(&["/usr/bin/yes", "all is well"]), exec(&["/bin/cat", "/dev/zero"])] {
        let seen = observe(endless).await;
        assert_seen(&seen, Outcome::Inconclusive, Reason::PluginFailed, "it wrote more than 65536 bytes");
        assert!(plugin(&seen).text.iter().map(String::len).sum::<usize>() <= 64 * 1024);
    }
    // Output up to the limit is read, and the exit code counts.
    let seen = observe(shell("head -c 65536 /dev/zero | tr '\\0' x; exit 1")).await;
    assert_seen(&seen, Outcome::Degraded, Reason::PluginWarning, "xxx");
    let shouting = observe(shell("yes >&2 & sleep 0.1; echo fine")).await;
    assert_seen(&shouting, Outcome::Up, Reason::None, "");
}

#[tokio::test]
async fn a_plugin_without_a_verdict_is_no_outage() {
    let failed = |words| (Outcome::Inconclusive, Reason::PluginFailed, words);
    for (words, (outcome, reason, detail)) in [
        ("kill -9 $$", failed("ended by signal 9")),
        ("echo half; kill -SEGV $$", failed("ended by signal 11: half")),
        ("exit 4", failed("exit code 4, which is none of a plugin's (0 to 3): it printed nothing")),
        ("exit 255", failed("exit code 255")),
        ("no-such-program", failed("exit code 127")),
        ("echo broken >&2; exit 3", (Outcome::Inconclusive, Reason::PluginUnknown, "broken")),
    ] {
        assert_seen(&observe(shell(words)).await, outcome, reason, detail);
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_run_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plugin");
    std::fs::write(&file, "no program\n").expect("a file");
    let path = file.display().to_string();
    let seen = observe(exec(&["/nonexistent/check_disk"])).await;
    assert_seen(
        &seen,
        Outcome::Inconclusive,
        Reason::PluginFailed,
        "/nonexistent/check_disk cannot be run: No such file",
    );
    let seen = observe(exec(&[&path])).await;
    assert_seen(&seen, Outcome::Inconclusive, Reason::OwnPermission, "cannot be run: Permission denied");
    let status = std::process::Command::new("/bin/chmod").args(["755", &path]).status().expect("chmod");
    assert!(status.success());
    let seen = observe(exec(&[&path])).await;
    assert_seen(&seen, Outcome::Inconclusive, Reason::PluginFailed, "cannot be run: Exec format error");
}

#[tokio::test]
async fn binary_output_is_made_harmless() {
    let seen =
        observe(shell("head -c 3000 /dev/urandom; printf '\\033]0;owned\\007 | a=1 \\377=2\\n'; exit 2"))
            .await;
    assert_eq!((seen.outcome, seen.reason), (Outcome::Down, Reason::PluginCritical));
    assert!(seen.detail.len() <= 200 && !seen.detail.contains(is_unfit_to_show), "{:?}", seen.detail);
    for line in &plugin(&seen).text {
        assert!(!line.contains(is_unfit_to_show), "{line:?}");
    }
}
