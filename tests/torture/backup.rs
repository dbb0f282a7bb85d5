//! Backups and restores of a database under constant writes, and kills during them.

use crate::disk::SmallDisk;
use crate::harness::{Harness, get};
use crate::oracle::DatabaseView;
use crate::rng::{Rng, elapse, rounds, seed, until};
use crate::sender::{Misbehaviour, Sender, checks_of};
use rusqlite::Connection;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);

fn run(harness: &Harness, words: [&str; 2]) -> Output {
    harness.aggregator_command(&words).stdin(Stdio::null()).output().expect("it starts")
}

fn run_ok(harness: &Harness, words: [&str; 2]) -> String {
    let output = run(harness, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts the command and kills it after `time`. Returns whether it had finished.
fn killed(harness: &Harness, words: [&str; 2], time: Duration) -> bool {
    let mut command = harness.aggregator_command(&words);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    elapse(time);
    let ended = child.try_wait().expect("a child can be asked").is_some();
    let _ = child.kill();
    child.wait().expect("it ends");
    ended
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Makes the database large enough for a kill to hit in the middle: 48 MiB in the table of raw observations.
fn load(harness: &Harness) {
    let database = Connection::open(harness.database()).expect("opens");
    database.busy_timeout(BOUND).expect("a pragma");
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
               INSERT INTO observation SELECT i, zeroblob(4000) FROM n";
    database.execute_batch(sql).expect("written");
}

fn sound(path: &Path) -> i64 {
    let look = DatabaseView::into(path);
    look.sound();
    look.number("SELECT count(*) FROM agent")
}

#[test]
fn a_backup_under_load_is_complete() {
    let mut rng = Rng::new(seed("torture::a_backup_under_load"));
    let names = ["one", "two"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let harness = Harness::new(&checks, None);
    let aggregator = harness.start();
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| Sender::start(name, harness.private, harness.enrol(name), Misbehaviour::BAD, rng.fork()))
        .collect();
    let total = || senders.iter().map(|sender| sender.ledger().acknowledged()).sum::<u64>();
    for round in 0..rounds(6) {
        let begun = total();
        until("records are acknowledged", BOUND, || total() > begun + 20);
        let before: Vec<_> = senders.iter().map(|sender| sender.ledger().clone()).collect();
        let target = harness.path(&format!("backup-{round}"));
        let report = run_ok(&harness, ["backup", text(&target)]);
        assert!(report.contains("The copy was verified") && report.contains("2 agents"), "{report}");
        assert!(!harness.path(&format!("backup-{round}-wal")).exists(), "one file is all of it");
        let look = DatabaseView::into(&target);
        look.sound();
        for (ledger, sender) in before.iter().zip(&senders) {
            look.marks(ledger, || sender.ledger().spools.len());
        }
        // Its content was issued, each record once, although batches were in flight.
        for sender in &senders {
            look.once(&sender.ledger().clone());
        }
        assert!(total() > begun, "the writer went on");
    }
    drop(aggregator);
}

#[test]
fn a_killed_backup_or_restore_leaves_nothing_incomplete() {
    let mut rng = Rng::new(seed("torture::a_killed_backup_or_restore"));
    let harness = Harness::new(&checks_of("one"), None);
    let aggregator = harness.start();
    let sender = Sender::start("one", harness.private, harness.enrol("one"), Misbehaviour::BAD, rng.fork());
    load(&harness);
    let (target, mut struck) = (harness.path("backup"), 0);
    for _ in 0..rounds(10) {
        let _ = std::fs::remove_file(&target);
        let ended = killed(&harness, ["backup", text(&target)], rng.between(5, 400));
        struck += usize::from(!ended);
        assert!(!ended || target.exists(), "it ended and left nothing");
        if target.exists() {
            assert_eq!(sound(&target), 1);
        }
    }
    say!("{struck} backups were killed before their end");
    let known = sender.ledger().acknowledged();
    until("the aggregator goes on", BOUND, || sender.ledger().acknowledged() > known);
    let _ = std::fs::remove_file(&target);
    run_ok(&harness, ["backup", text(&target)]);
    assert!(!harness.path("backup.partial").exists(), "what a kill left is used up");

    let refused = run(&harness, ["restore", text(&target)]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("Stop it first"), "{message}");
    harness.enrol("two");
    sender.stop();
    aggregator.stop();
    let mut struck = 0;
    for _ in 0..rounds(10) {
        let ended = killed(&harness, ["restore", text(&target)], rng.between(5, 400));
        struck += usize::from(!ended);
        let agents = sound(&harness.database());
        assert!(agents == 1 || agents == 2 && !ended, "{agents} agents, ended: {ended}");
    }
    say!("{struck} restores were killed before their end");
    run_ok(&harness, ["restore", text(&target)]);
    assert_eq!(sound(&harness.database()), 1);
    assert!(!harness.data.join("skerry.db.partial").exists(), "what a kill left is used up");
    let aggregator = harness.start();
    assert_eq!(get(harness.public, "/").expect("an answer").0, 200);
    aggregator.stop();
}

#[test]
fn a_backup_to_a_full_disk_leaves_nothing_and_stops_no_service() {
    let Some(small) = SmallDisk::make(4) else { return };
    let mut rng = Rng::new(seed("torture::a_backup_to_a_full_disk"));
    let harness = Harness::new(&checks_of("one"), None);
    let aggregator = harness.start();
    let sender = Sender::start("one", harness.private, harness.enrol("one"), Misbehaviour::BAD, rng.fork());
    load(&harness);
    let target = small.path().join("backup");
    let output = run(&harness, ["backup", text(&target)]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && message.contains("the copy cannot be written"), "{message}");
    assert!(message.contains("full") && message.contains("space"), "{message}");
    let left: Vec<_> = std::fs::read_dir(small.path()).expect("lists").collect();
    assert!(left.is_empty(), "{left:?}");
    let known = sender.ledger().acknowledged();
    until("the aggregator goes on", BOUND, || sender.ledger().acknowledged() > known);
    drop(aggregator);
}
