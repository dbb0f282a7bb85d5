//! Files that a disk has damaged: truncated, or with bytes that changed, at offsets of chance.

use crate::dice::{Dice, pass, seed, until};
use crate::oracle::Look;
use crate::peer::{Peer, Saw};
use crate::sender::{Manners, Sender, checks_of};
use crate::target::Target;
use crate::yard::{Running, Yard, get, quick_check};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);
/// The promise: an agent starts on a damaged spool within this.
const AGENT_STARTS: Duration = Duration::from_secs(5);

/// Which record: check, and boot clock at its start.
type Seen = BTreeSet<(String, u64)>;

fn observations(peer: &Peer) -> Seen {
    let saw = peer.saw().into_values().filter_map(|saw| match saw {
        Saw::Observation(check, at, _) => Some((check, at)),
        Saw::Lost(_) => None,
    });
    saw.collect()
}

/// How many records were told as lost; `None` where no loss was told.
fn lost(peer: &Peer) -> Option<u64> {
    let saw = peer.saw().into_values().filter_map(|saw| match saw {
        Saw::Lost(lost) => Some(lost.count),
        Saw::Observation(..) => None,
    });
    saw.reduce(|sum, count| sum + count)
}

/// What is done to a file. Says what it was.
fn damage(file: &Path, dice: &mut Dice, coarse: bool) -> String {
    let mut bytes = std::fs::read(file).expect("the file is there");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let length = bytes.len() as u64;
    let what = if coarse && dice.percent(50) {
        let from = dice.below(length) as usize;
        let to = bytes.len().min(from + 1 + dice.below(8_192) as usize);
        bytes[from..to].fill(dice.below(256) as u8);
        format!("{name} of {length} bytes overwritten from {from} to {to}")
    } else if coarse {
        bytes.truncate(dice.below(length) as usize);
        format!("{name} of {length} bytes cut at {}", bytes.len())
    } else {
        let at: Vec<u64> = (0..=dice.below(3)).map(|_| dice.below(length)).collect();
        for at in &at {
            bytes[*at as usize] ^= 1 << dice.below(8);
        }
        format!("{name} of {length} bytes with a bit changed at {at:?}")
    };
    std::fs::write(file, bytes).expect("written");
    what
}

/// A spool full of records that nobody took: some in its database, the rest in its log, as an agent left it
/// that was stopped, started and killed. Its files stand in `folder`.
fn full_spool(yard: &Yard, target: &Target, folder: &Path) -> String {
    let peer = Peer::start();
    peer.refuse(true);
    let checks: String = (0..6).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let config = yard.agent_config("before", peer.port, "no one's", &folder.join("spool.db"), &checks);
    let agent = yard.start_agent("before", &config);
    until("the spool fills", BOUND, || waiting(folder) > 120);
    agent.stop();
    let agent = yard.start_agent("before", &config);
    let stopped = waiting(folder);
    until("the spool's log fills", BOUND, || waiting(folder) > stopped + 60);
    agent.kill();
    checks
}

/// Records in the spool; none while it cannot be read.
fn waiting(folder: &Path) -> i64 {
    let count = || {
        let spool = Connection::open_with_flags(folder.join("spool.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        spool.query_row("SELECT count(*) FROM queue", [], |row| row.get(0))
    };
    count().unwrap_or(0)
}

/// What three rows of the queue are made of; read in a copy, so that nothing is changed by it.
fn some_rows(folder: &Path, beside: &Path) -> Vec<Vec<u8>> {
    copy(folder, beside);
    let spool = Connection::open(beside.join("spool.db")).expect("it opens");
    let sql = "SELECT body FROM queue ORDER BY sequence LIMIT 3 OFFSET 20";
    let mut rows = spool.prepare(sql).expect("it has a queue");
    let rows = rows.query_map([], |row| row.get(0)).and_then(Iterator::collect);
    rows.expect("it reads")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for suffix in ["spool.db", "spool.db-wal"] {
        if from.join(suffix).exists() {
            std::fs::copy(from.join(suffix), to.join(suffix)).expect("copied");
        }
    }
}

/// Starts an agent on the spool in `folder` and waits until it has told all that was in it.
fn drain(yard: &Yard, name: &str, folder: &Path, checks: &str, what: &str) -> (Running, Peer) {
    let peer = Peer::start();
    let config = yard.agent_config(name, peer.port, "no one's", &folder.join("spool.db"), checks);
    let newest = std::fs::read_to_string("/proc/uptime").expect("an uptime");
    let newest: f64 = newest.split(' ').next().expect("seconds").parse().expect("a number");
    let agent = yard.start_agent(name, &config);
    let started = until(&format!("it starts on {what}"), BOUND, || agent.said().contains("started"));
    assert!(started < AGENT_STARTS, "it took {started:?} to start on {what}");
    // Oldest first: once it tells of its own time, the past is told.
    until(&format!("it tells of the present after {what}"), BOUND, || {
        observations(&peer).iter().any(|(_, at)| *at as f64 > newest * 1_000.0)
    });
    (agent, peer)
}

#[test]
fn a_damaged_spool_stops_no_agent_and_its_loss_is_told() {
    let mut dice = Dice::new(seed("torture::a_damaged_spool_stops"));
    let yard = Yard::new(&["real".to_owned()], None);
    let target = Target::start();
    let folder = yard.path("template");
    let checks = full_spool(&yard, &target, &folder);
    let whole = yard.path("whole");
    copy(&folder, &whole);
    let (agent, peer) = drain(&yard, "whole", &whole, &checks, "a whole spool");
    let (all, told) = (observations(&peer), lost(&peer));
    assert_eq!(told, None, "a kill loses nothing");
    drop(agent);
    let (mut hurt, mut kept_least) = (0, all.len());
    for sample in 0..crate::dice::rounds(14) {
        let name = format!("damaged-{sample}");
        let folder = yard.path(&name);
        copy(&yard.path("template"), &folder);
        let log = folder.join("spool.db-wal");
        let in_log = log.exists() && dice.percent(50);
        // A log that ends early is what a power cut leaves: no damage, so it is not asked to be told.
        let coarse = !in_log && dice.percent(60);
        let file = if in_log { log } else { folder.join("spool.db") };
        let what = damage(&file, &mut dice, coarse);
        let (agent, peer) = drain(&yard, &name, &folder, &checks, &what);
        let came = observations(&peer);
        let old: Seen = came.intersection(&all).cloned().collect();
        let missing =
            all.iter().filter(|one| !old.contains(*one)).filter(|one| one.1 <= newest(&all)).count();
        say!("{what}: {} of {} kept, {:?} told as lost", old.len(), all.len(), lost(&peer));
        if missing > 0 {
            let said = agent.said();
            // How many there were is not known where the row that counts them is gone too.
            assert!(lost(&peer).is_some(), "{what}: {missing} are gone and nobody is told\n{said}");
            hurt += 1;
            kept_least = kept_least.min(old.len());
        }
    }
    say!("{hurt} samples lost something; at least {kept_least} of {} were kept", all.len());
}

/// The newest record that stood in the template: later ones are of the draining agent itself.
fn newest(all: &Seen) -> u64 {
    let mut times: Vec<u64> = all.iter().map(|one| one.1).collect();
    times.sort_unstable();
    // Between the kill and the next start lies the only hole.
    times.windows(2).max_by_key(|pair| pair[1] - pair[0]).map_or(0, |pair| pair[0])
}

#[test]
fn the_loss_of_a_damaged_spool_reaches_the_aggregator() {
    let mut dice = Dice::new(seed("torture::the_loss_of_a_damaged_spool"));
    let checks: Vec<String> = (0..6).map(|check| format!("real-{check}")).collect();
    let yard = Yard::new(&checks, None);
    let target = Target::start();
    let folder = yard.path("spool");
    let checks = full_spool(&yard, &target, &folder);
    // The middle of the log is overwritten, whatever stood there, and some rows wherever they stand: a page is
    // written again and again, and one copy of a row is enough to read it.
    let gone = some_rows(&folder, &yard.path("copy"));
    for (suffix, middle) in [("spool.db", false), ("spool.db-wal", true)] {
        let file = folder.join(suffix);
        let mut bytes = std::fs::read(&file).expect("it is there");
        let (from, to) = if middle { (bytes.len() / 3, bytes.len() / 2) } else { (0, 0) };
        let filling = dice.below(256) as u8;
        bytes[from..to].fill(filling);
        for row in &gone {
            while let Some(at) = bytes.windows(row.len()).position(|bytes| bytes == row) {
                bytes[at..at + row.len()].fill(filling);
            }
        }
        std::fs::write(&file, bytes).expect("written");
    }
    let aggregator = yard.start();
    let token = yard.enrol("real");
    let config = yard.agent_config("real", yard.private, &token, &folder.join("spool.db"), &checks);
    let agent = yard.start_agent("real", &config);
    let told = "SELECT count(*) FROM loss WHERE why LIKE '%damaged%' AND count > 0";
    until("the loss stands in the aggregator's table", BOUND, || Look::at(&yard).number(told) == 1);
    until("what could be read is stored", BOUND, || {
        Look::at(&yard).number("SELECT count(*) FROM observation") > 0
    });
    Look::at(&yard).accounted("real");
    drop((agent, aggregator));
}

#[test]
fn a_damaged_database_is_refused_in_words_or_serves() {
    let mut dice = Dice::new(seed("torture::a_damaged_database"));
    let yard = Yard::new(&checks_of("one"), None);
    let aggregator = yard.start();
    let sender = Sender::start("one", yard.private, yard.enrol("one"), Manners::BAD, dice.fork());
    until("there is something to damage", BOUND, || sender.ledger().acknowledged() > 1_500);
    aggregator.stop();
    let aggregator = yard.start();
    let before = sender.ledger().acknowledged();
    until("there is more in its log", BOUND, || sender.ledger().acknowledged() > before + 500);
    aggregator.kill();
    drop(sender);
    let template = yard.path("template");
    std::fs::rename(&yard.data, &template).expect("set aside");
    let (mut refused, mut served) = (0, 0);
    for _ in 0..crate::dice::rounds(12) {
        let _ = std::fs::remove_dir_all(&yard.data);
        std::fs::create_dir(&yard.data).expect("a folder");
        for file in ["skerry.db", "skerry.db-wal"] {
            if template.join(file).exists() {
                std::fs::copy(template.join(file), yard.data.join(file)).expect("copied");
            }
        }
        let coarse = dice.percent(50);
        let log = dice.percent(30) && yard.data.join("skerry.db-wal").exists();
        let file = if log { yard.data.join("skerry.db-wal") } else { yard.database() };
        let what = damage(&file, &mut dice, coarse);
        let damaged = std::fs::read(yard.database()).expect("the database");
        let _ = std::fs::remove_file(yard.path("aggregator.log"));
        let (ended, running) = yard.try_start();
        let said = running.said();
        match ended {
            Some(status) => {
                refused += 1;
                assert!(!status.success(), "{what}: {said}");
                assert!(
                    said.contains("damaged") && said.contains("restore the last backup"),
                    "{what}: {said}"
                );
                if !log {
                    // The log of before is still beside it.
                    assert!(
                        std::fs::read(yard.database()).expect("it") == damaged,
                        "{what}: the file was changed"
                    );
                }
            }
            None => {
                served += 1;
                pass(Duration::from_millis(1_200));
                assert_eq!(get(yard.public, "/").expect("an answer").0, 200, "{what}");
            }
        }
        assert!(!running.said().contains("panicked"), "{what}: {}", running.said());
        say!("{what}: {}", if ended.is_some() { "refused" } else { "served" });
    }
    say!("{refused} refused, {served} served");
}
