//! Files damaged by a disk: truncated, or with changed bytes, at random offsets.

use crate::fake_aggregator::{FakeAggregator, Received};
use crate::harness::{Harness, Running, get, quick_check};
use crate::oracle::DatabaseView;
use crate::rng::{Rng, elapse, seed, until};
use crate::sender::{Misbehaviour, Sender, checks_of};
use crate::target::Target;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);
/// An agent must start on a damaged spool within this time.
const AGENT_STARTS: Duration = Duration::from_secs(5);

/// Identifies a record: check, and boot clock at its start.
type Seen = BTreeSet<(String, u64)>;

fn observations(peer: &FakeAggregator) -> Seen {
    let saw = peer.received().into_values().filter_map(|saw| match saw {
        Received::Observation(check, at, _) => Some((check, at)),
        Received::Lost(_) => None,
    });
    saw.collect()
}

/// Number of records reported as lost; `None` if no loss was reported.
fn lost(peer: &FakeAggregator) -> Option<u64> {
    let saw = peer.received().into_values().filter_map(|saw| match saw {
        Received::Lost(lost) => Some(lost.count),
        Received::Observation(..) => None,
    });
    saw.reduce(|sum, count| sum + count)
}

/// Damages a file; returns a description.
fn damage(file: &Path, rng: &mut Rng, coarse: bool) -> String {
    let mut bytes = std::fs::read(file).expect("the file is there");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let length = bytes.len() as u64;
    let what = if coarse && rng.percent(50) {
        let from = rng.below(length) as usize;
        let to = bytes.len().min(from + 1 + rng.below(8_192) as usize);
        bytes[from..to].fill(rng.below(256) as u8);
        format!("{name} of {length} bytes overwritten from {from} to {to}")
    } else if coarse {
        bytes.truncate(rng.below(length) as usize);
        format!("{name} of {length} bytes cut at {}", bytes.len())
    } else {
        let at: Vec<u64> = (0..=rng.below(3)).map(|_| rng.below(length)).collect();
        for at in &at {
            bytes[*at as usize] ^= 1 << rng.below(8);
        }
        format!("{name} of {length} bytes with a bit changed at {at:?}")
    };
    std::fs::write(file, bytes).expect("written");
    what
}

/// A full spool of undelivered records: some in its database, the rest in its log, as left by an agent that
/// was stopped, started and killed. Its files are in `folder`.
fn full_spool(harness: &Harness, target: &Target, folder: &Path) -> String {
    let peer = FakeAggregator::start();
    peer.refuse(true);
    let checks: String = (0..6).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let config = harness.agent_config("before", peer.port, "no one's", &folder.join("spool.db"), &checks);
    let agent = harness.start_agent("before", &config);
    until("the spool fills", BOUND, || waiting(folder) > 120);
    agent.stop();
    let agent = harness.start_agent("before", &config);
    let stopped = waiting(folder);
    until("the spool's log fills", BOUND, || waiting(folder) > stopped + 60);
    agent.kill();
    checks
}

/// Number of records in the spool; 0 if it cannot be read.
fn waiting(folder: &Path) -> i64 {
    let count = || {
        let spool = Connection::open_with_flags(folder.join("spool.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        spool.query_row("SELECT count(*) FROM queue", [], |row| row.get(0))
    };
    count().unwrap_or(0)
}

/// The content of three rows of the queue, read from a copy so that nothing changes.
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

/// Starts an agent on the spool in `folder` and waits until it has sent everything in it.
fn drain(
    harness: &Harness,
    name: &str,
    folder: &Path,
    checks: &str,
    what: &str,
) -> (Running, FakeAggregator) {
    let peer = FakeAggregator::start();
    let config = harness.agent_config(name, peer.port, "no one's", &folder.join("spool.db"), checks);
    let newest = std::fs::read_to_string("/proc/uptime").expect("an uptime");
    let newest: f64 = newest.split(' ').next().expect("seconds").parse().expect("a number");
    let agent = harness.start_agent(name, &config);
    let started = until(&format!("it starts on {what}"), BOUND, || agent.log_text().contains("started"));
    assert!(started < AGENT_STARTS, "it took {started:?} to start on {what}");
    // Oldest first: once it sends its own observations, the old ones are complete.
    until(&format!("it tells of the present after {what}"), BOUND, || {
        observations(&peer).iter().any(|(_, at)| *at as f64 > newest * 1_000.0)
    });
    (agent, peer)
}

#[test]
fn a_damaged_spool_stops_no_agent_and_its_loss_is_reported() {
    let mut rng = Rng::new(seed("torture::a_damaged_spool_stops"));
    let harness = Harness::new(&["real".to_owned()], None);
    let target = Target::start();
    let folder = harness.path("template");
    let checks = full_spool(&harness, &target, &folder);
    let whole = harness.path("whole");
    copy(&folder, &whole);
    let (agent, peer) = drain(&harness, "whole", &whole, &checks, "a whole spool");
    let (all, reported) = (observations(&peer), lost(&peer));
    assert_eq!(reported, None, "a kill loses nothing");
    drop(agent);
    let (mut hurt, mut kept_least) = (0, all.len());
    for sample in 0..crate::rng::rounds(14) {
        let name = format!("damaged-{sample}");
        let folder = harness.path(&name);
        copy(&harness.path("template"), &folder);
        let log = folder.join("spool.db-wal");
        let in_log = log.exists() && rng.percent(50);
        // A truncated log is what a power failure leaves: not damage, so it need not be reported.
        let coarse = !in_log && rng.percent(60);
        let file = if in_log { log } else { folder.join("spool.db") };
        let what = damage(&file, &mut rng, coarse);
        let (agent, peer) = drain(&harness, &name, &folder, &checks, &what);
        let came = observations(&peer);
        let old: Seen = came.intersection(&all).cloned().collect();
        let missing =
            all.iter().filter(|one| !old.contains(*one)).filter(|one| one.1 <= newest(&all)).count();
        say!("{what}: {} of {} kept, {:?} reported as lost", old.len(), all.len(), lost(&peer));
        if missing > 0 {
            let log = agent.log_text();
            // The number of losses is unknown if the row with the counters is gone, too.
            assert!(lost(&peer).is_some(), "{what}: {missing} are gone and no loss is reported\n{log}");
            hurt += 1;
            kept_least = kept_least.min(old.len());
        }
    }
    say!("{hurt} samples lost something; at least {kept_least} of {} were kept", all.len());
}

/// The newest record in the template: later ones are from the draining agent itself.
fn newest(all: &Seen) -> u64 {
    let mut times: Vec<u64> = all.iter().map(|one| one.1).collect();
    times.sort_unstable();
    // The only gap is between the kill and the next start.
    times.windows(2).max_by_key(|pair| pair[1] - pair[0]).map_or(0, |pair| pair[0])
}

#[test]
fn the_loss_of_a_damaged_spool_reaches_the_aggregator() {
    let mut rng = Rng::new(seed("torture::the_loss_of_a_damaged_spool"));
    let checks: Vec<String> = (0..6).map(|check| format!("real-{check}")).collect();
    let harness = Harness::new(&checks, None);
    let target = Target::start();
    let folder = harness.path("spool");
    let checks = full_spool(&harness, &target, &folder);
    // Overwrites the middle of the log, whatever is there, and some rows at every position: a page is written
    // repeatedly, and one copy of a row is enough to read it.
    let gone = some_rows(&folder, &harness.path("copy"));
    for (suffix, middle) in [("spool.db", false), ("spool.db-wal", true)] {
        let file = folder.join(suffix);
        let mut bytes = std::fs::read(&file).expect("it is there");
        let (from, to) = if middle { (bytes.len() / 3, bytes.len() / 2) } else { (0, 0) };
        let filling = rng.below(256) as u8;
        bytes[from..to].fill(filling);
        for row in &gone {
            while let Some(at) = bytes.windows(row.len()).position(|bytes| bytes == row) {
                bytes[at..at + row.len()].fill(filling);
            }
        }
        std::fs::write(&file, bytes).expect("written");
    }
    let aggregator = harness.start();
    let token = harness.enrol("real");
    let config = harness.agent_config("real", harness.private, &token, &folder.join("spool.db"), &checks);
    let agent = harness.start_agent("real", &config);
    let losses = "SELECT count(*) FROM loss WHERE why LIKE '%damaged%' AND count > 0";
    until("the loss stands in the aggregator's table", BOUND, || {
        DatabaseView::at(&harness).number(losses) == 1
    });
    until("what could be read is stored", BOUND, || {
        DatabaseView::at(&harness).number("SELECT count(*) FROM observation") > 0
    });
    DatabaseView::at(&harness).accounted("real");
    drop((agent, aggregator));
}

#[test]
fn a_damaged_database_is_rejected_with_a_message_or_serves() {
    let mut rng = Rng::new(seed("torture::a_damaged_database"));
    let harness = Harness::new(&checks_of("one"), None);
    let aggregator = harness.start();
    let sender = Sender::start("one", harness.private, harness.enrol("one"), Misbehaviour::BAD, rng.fork());
    until("there is something to damage", BOUND, || sender.ledger().acknowledged() > 1_500);
    aggregator.stop();
    let aggregator = harness.start();
    let before = sender.ledger().acknowledged();
    until("there is more in its log", BOUND, || sender.ledger().acknowledged() > before + 500);
    aggregator.kill();
    drop(sender);
    let template = harness.path("template");
    std::fs::rename(&harness.data, &template).expect("set aside");
    let (mut refused, mut served) = (0, 0);
    for _ in 0..crate::rng::rounds(12) {
        let _ = std::fs::remove_dir_all(&harness.data);
        std::fs::create_dir(&harness.data).expect("a folder");
        for file in ["skerry.db", "skerry.db-wal"] {
            if template.join(file).exists() {
                std::fs::copy(template.join(file), harness.data.join(file)).expect("copied");
            }
        }
        let coarse = rng.percent(50);
        let log = rng.percent(30) && harness.data.join("skerry.db-wal").exists();
        let file = if log { harness.data.join("skerry.db-wal") } else { harness.database() };
        let what = damage(&file, &mut rng, coarse);
        let damaged = std::fs::read(harness.database()).expect("the database");
        let _ = std::fs::remove_file(harness.path("aggregator.log"));
        let (ended, running) = harness.try_start();
        let log_text = running.log_text();
        match ended {
            Some(status) => {
                refused += 1;
                assert!(!status.success(), "{what}: {log_text}");
                assert!(
                    log_text.contains("damaged") && log_text.contains("restore the last backup"),
                    "{what}: {log_text}"
                );
                if !log {
                    // The old log is still beside it.
                    assert!(
                        std::fs::read(harness.database()).expect("it") == damaged,
                        "{what}: the file was changed"
                    );
                }
            }
            None => {
                served += 1;
                elapse(Duration::from_millis(1_200));
                assert_eq!(get(harness.public, "/").expect("an answer").0, 200, "{what}");
            }
        }
        assert!(!running.log_text().contains("panicked"), "{what}: {}", running.log_text());
        say!("{what}: {}", if ended.is_some() { "refused" } else { "served" });
    }
    say!("{refused} refused, {served} served");
}
