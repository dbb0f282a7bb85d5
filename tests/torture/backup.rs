//! Backups and restores of a database that is written to all the time, and kills in the middle of them.

use crate::dice::{Dice, pass, rounds, seed, until};
use crate::disk::Small;
use crate::oracle::Look;
use crate::sender::{Manners, Sender, checks_of};
use crate::yard::{Yard, get};
use rusqlite::Connection;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);

fn run(yard: &Yard, words: [&str; 2]) -> Output {
    yard.aggregator_command(&words).stdin(Stdio::null()).output().expect("it starts")
}

fn done(yard: &Yard, words: [&str; 2]) -> String {
    let output = run(yard, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts it and kills it after `time`. Says whether it was done before.
fn killed(yard: &Yard, words: [&str; 2], time: Duration) -> bool {
    let mut command = yard.aggregator_command(&words);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    pass(time);
    let ended = child.try_wait().expect("a child can be asked").is_some();
    let _ = child.kill();
    child.wait().expect("it ends");
    ended
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Makes the database heavy enough for a kill to strike in the middle: 48 MiB in one table of raw observations.
fn load(yard: &Yard) {
    let database = Connection::open(yard.database()).expect("opens");
    database.busy_timeout(BOUND).expect("a pragma");
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
               INSERT INTO observation SELECT i, zeroblob(4000) FROM n";
    database.execute_batch(sql).expect("written");
}

fn sound(path: &Path) -> i64 {
    let look = Look::into(path);
    look.sound();
    look.number("SELECT count(*) FROM agent")
}

#[test]
fn a_backup_under_load_is_whole() {
    let mut dice = Dice::new(seed("torture::a_backup_under_load"));
    let names = ["one", "two"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let yard = Yard::new(&checks, None);
    let aggregator = yard.start();
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| Sender::start(name, yard.private, yard.enrol(name), Manners::BAD, dice.fork()))
        .collect();
    let total = || senders.iter().map(|sender| sender.ledger().acknowledged()).sum::<u64>();
    for round in 0..rounds(6) {
        let begun = total();
        until("records are acknowledged", BOUND, || total() > begun + 20);
        let before: Vec<_> = senders.iter().map(|sender| sender.ledger().clone()).collect();
        let target = yard.path(&format!("backup-{round}"));
        let said = done(&yard, ["backup", text(&target)]);
        assert!(said.contains("The copy was verified") && said.contains("2 agents"), "{said}");
        assert!(!yard.path(&format!("backup-{round}-wal")).exists(), "one file is all of it");
        let look = Look::into(&target);
        look.sound();
        for ledger in &before {
            look.marks(ledger);
        }
        // What it holds was issued, and each once, though batches were on their way.
        for sender in &senders {
            look.once(&sender.ledger().clone());
        }
        assert!(total() > begun, "the writer went on");
    }
    drop(aggregator);
}

#[test]
fn killed_in_the_middle_neither_leaves_half_of_anything() {
    let mut dice = Dice::new(seed("torture::killed_in_the_middle"));
    let yard = Yard::new(&checks_of("one"), None);
    let aggregator = yard.start();
    let sender = Sender::start("one", yard.private, yard.enrol("one"), Manners::BAD, dice.fork());
    load(&yard);
    let (target, mut struck) = (yard.path("backup"), 0);
    for _ in 0..rounds(10) {
        let _ = std::fs::remove_file(&target);
        let ended = killed(&yard, ["backup", text(&target)], dice.between(5, 400));
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
    done(&yard, ["backup", text(&target)]);
    assert!(!yard.path("backup.partial").exists(), "what a kill left is used up");

    let refused = run(&yard, ["restore", text(&target)]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("Stop it first"), "{said}");
    yard.enrol("two");
    sender.stop();
    aggregator.stop();
    let mut struck = 0;
    for _ in 0..rounds(10) {
        let ended = killed(&yard, ["restore", text(&target)], dice.between(5, 400));
        struck += usize::from(!ended);
        let agents = sound(&yard.database());
        assert!(agents == 1 || agents == 2 && !ended, "{agents} agents, ended: {ended}");
    }
    say!("{struck} restores were killed before their end");
    done(&yard, ["restore", text(&target)]);
    assert_eq!(sound(&yard.database()), 1);
    assert!(!yard.data.join("skerry.db.partial").exists(), "what a kill left is used up");
    let aggregator = yard.start();
    assert_eq!(get(yard.public, "/").expect("an answer").0, 200);
    aggregator.stop();
}

#[test]
fn a_backup_to_a_full_disk_leaves_nothing_and_harms_nobody() {
    let Some(small) = Small::make(4) else { return };
    let mut dice = Dice::new(seed("torture::a_backup_to_a_full_disk"));
    let yard = Yard::new(&checks_of("one"), None);
    let aggregator = yard.start();
    let sender = Sender::start("one", yard.private, yard.enrol("one"), Manners::BAD, dice.fork());
    load(&yard);
    let target = small.path().join("backup");
    let output = run(&yard, ["backup", text(&target)]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("the copy cannot be written"), "{said}");
    assert!(said.contains("full") && said.contains("space"), "{said}");
    let left: Vec<_> = std::fs::read_dir(small.path()).expect("lists").collect();
    assert!(left.is_empty(), "{left:?}");
    let known = sender.ledger().acknowledged();
    until("the aggregator goes on", BOUND, || sender.ledger().acknowledged() > known);
    drop(aggregator);
}
