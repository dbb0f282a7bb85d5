//! A disk that fills up: the aggregator rejects batches and keeps publishing, the agent keeps probing, and
//! both recover by themselves.

use crate::fake_aggregator::{FakeAggregator, Received};
use crate::harness::{Harness, get, quick_check};
use crate::oracle::DatabaseView;
use crate::rng::{Rng, elapse, seed, until};
use crate::sender::{Misbehaviour, Sender, checks_of};
use crate::target::Target;
use skerry_tests::parts::skipped;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);

/// A tmpfs that can be filled.
pub(crate) struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// A disk of this many MiB; `None`, with the reason printed, if the machine does not allow it.
    pub(crate) fn make(size: u64) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped("mounting a small file system needs root");
            return None;
        }
        let small = Self { folder: tempfile::tempdir().expect("a folder") };
        let size = format!("size={size}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(small.path()).status();
        assert!(mounted.expect("mount starts").success(), "it mounts");
        Some(small)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Uses up all free space, including what others free meanwhile.
    pub(crate) fn fill(&self) {
        let mut file =
            std::fs::OpenOptions::new().create(true).append(true).open(self.ballast()).expect("a file");
        let block = [7; 64 << 10];
        for size in [64 << 10, 4_096, 512, 1] {
            while file.write(&block[..size]).is_ok_and(|written| written == size) {}
        }
    }

    /// Uses up all but this many bytes.
    pub(crate) fn leave(&self, bytes: u64) {
        self.fill();
        let ballast = std::fs::OpenOptions::new().write(true).open(self.ballast()).expect("the ballast");
        let length = ballast.metadata().expect("a length").len();
        ballast.set_len(length.saturating_sub(bytes)).expect("cut");
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast is there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_rejects_batches_and_loses_nothing() {
    let Some(small) = SmallDisk::make(16) else { return };
    let mut rng = Rng::new(seed("torture::a_full_disk_rejects"));
    let names = ["one", "two"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let harness = Harness::new(&checks, Some(&small.path().join("data")));
    let watchdog = harness.watchdog();
    let aggregator = harness.start();
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| Sender::start(name, harness.private, harness.enrol(name), Misbehaviour::BAD, rng.fork()))
        .collect();
    let acknowledged = || senders.iter().map(|sender| sender.ledger().acknowledged()).collect::<Vec<_>>();
    let grows = |what: &str| {
        let before = acknowledged();
        until(what, BOUND, || acknowledged().iter().zip(&before).all(|(now, before)| now > before))
    };
    for _ in 0..3 {
        grows("records are acknowledged");
        elapse(rng.between(200, 1_500));
        let refused = |ledger: &Sender| ledger.ledger().refused;
        let before: Vec<u64> = senders.iter().map(refused).collect();
        until("batches are refused with 503", BOUND, || {
            small.fill();
            senders.iter().map(refused).zip(&before).all(|(now, before)| now > *before)
        });
        let (ready, words) = get(harness.private, "/readyz").expect("an answer");
        let words = String::from_utf8_lossy(&words).into_owned();
        assert!(ready == 503 && words.contains("The database cannot be written"), "{ready}: {words}");
        for path in ["/", "/api/v2/status.json", "/uptime"] {
            assert_eq!(get(harness.public, path).expect("an answer").0, 200, "{path} while the disk is full");
        }
        assert_eq!(get(harness.private, "/healthz").expect("an answer").0, 200);
        // A restart would not help.
        watchdog.is_fed();
        elapse(rng.between(0, 2_500));
        small.free();
        let healed = grows("records are acknowledged again, unaided");
        say!("taken again {healed:?} after space came back");
        let ledgers: Vec<_> = senders.iter().map(|sender| sender.ledger().clone()).collect();
        let look = DatabaseView::at(&harness);
        for (ledger, sender) in ledgers.iter().zip(&senders) {
            look.marks(ledger, || sender.ledger().spools.len());
        }
    }
    until("it is ready again", BOUND, || {
        get(harness.private, "/readyz").is_some_and(|(status, _)| status == 200)
    });
    let look = DatabaseView::at(&harness);
    look.sound();
    for sender in &senders {
        let ledger = sender.ledger().clone();
        look.once(&ledger);
        look.transitions(&ledger);
    }
    drop(aggregator);
}

/// Operators run commands while the disk of the database is full, with and without a running aggregator. A small write
/// sometimes still fits: a command that reports success has taken effect, and one that reports failure has not.
#[test]
fn a_command_on_a_full_disk_says_so_and_changes_nothing() {
    let Some(small) = SmallDisk::make(16) else { return };
    let harness = Harness::new(&["real".to_owned()], Some(&small.path().join("data")));
    let run = |words: &[&str]| {
        let output = harness.aggregator_command(words).output().expect("it starts");
        let bytes = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&bytes).into_owned())
    };
    let add = |name: &str| run(&["agent", "add", name, "--location", "here", "--token"]);
    let listed = || {
        let (succeeded, message) = run(&["agent", "list", "--json"]);
        assert!(succeeded, "{message}");
        let json: serde_json::Value = serde_json::from_str(&message).expect("JSON");
        let names = json["agents"].as_array().expect("a list").iter();
        names.map(|one| one["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let mut aggregator = Some(harness.start());
    let mut added = Vec::new();
    for served in [true, false] {
        if !served {
            aggregator.take().expect("it runs").stop();
        }
        let mut refused = 0;
        for number in 0.. {
            small.fill();
            let name = format!("{served}-{number:03}");
            let (succeeded, message) = add(&name);
            if succeeded {
                added.push(name);
                assert!(number < 500, "the disk is full");
                continue;
            }
            let rejected = message.contains("full") && message.contains("nothing was changed");
            assert!(rejected || !served && message.contains("Free space on it"), "{message}");
            assert!(!message.contains("ska_"), "an invalid token is not shown: {message}");
            refused += 1;
            if refused == 5 {
                break;
            }
        }
        small.free();
        added.sort();
        assert_eq!(listed(), added, "served: {served}");
        let name = format!("{served}-then");
        until("the command is carried out", BOUND, || add(&name).0);
        added.push(name);
        added.sort();
        assert_eq!(listed(), added, "served: {served}");
    }
}

#[test]
fn an_agent_on_a_full_disk_keeps_probing_and_delivers_later() {
    let Some(small) = SmallDisk::make(4) else { return };
    let mut rng = Rng::new(seed("torture::an_agent_on_a_full_disk"));
    let harness = Harness::new(&["real".to_owned()], None);
    let (target, peer) = (Target::start(), FakeAggregator::start());
    let checks: String = (0..4).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let spool = small.path().join("agent/spool.db");
    let config = harness.agent_config("real", peer.port, "a token of no one", &spool, &checks);
    let watchdog = harness.watchdog();
    let agent = harness.start_agent("real", &config);
    until("it delivers", BOUND, || peer.received().len() > 20);
    for _ in 0..2 {
        until("its disk takes nothing", BOUND, || {
            small.fill();
            agent.log_text().contains("the spool cannot be written")
        });
        let asked = target.asked();
        until("it probes on", BOUND, || target.asked() > asked + 60);
        watchdog.is_fed();
        let known = peer.received().len();
        elapse(rng.between(0, 1_500));
        small.free();
        until("what it saw meanwhile arrives", BOUND, || peer.received().len() > known + 60);
    }
    // Each check ran all the time: intervals of 200 ms, and no gap of seconds.
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for saw in peer.received().into_values() {
        match saw {
            Received::Observation(check, at, _) => seen.entry(check).or_default().push(at),
            Received::Lost(lost) => panic!("{} records were given up: {}", lost.count, lost.why),
        }
    }
    for (check, mut times) in seen {
        times.sort_unstable();
        let hole = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        assert!(hole < 2_000, "{check}: nothing was seen for {hole} ms");
    }
}

/// A spool is created, opened and written on a disk that ends at each page in turn: whichever write fails,
/// the agent starts, probes, and delivers once there is room.
#[test]
fn a_disk_that_is_full_at_any_page_stops_no_agent() {
    let Some(small) = SmallDisk::make(4) else { return };
    let harness = Harness::new(&["real".to_owned()], None);
    let target = Target::start();
    let checks = quick_check("real-0", target.port);
    for pages in 0..crate::rng::rounds(14) as u64 {
        let peer = FakeAggregator::start();
        let name = format!("real-{pages}");
        let folder = small.path().join(&name);
        std::fs::create_dir(&folder).expect("a folder");
        // The lock file exists, as after any earlier run; without room for it no agent may start.
        std::fs::write(folder.join("spool.db.lock"), "").expect("a file");
        small.leave(pages * 4_096);
        let config = harness.agent_config(&name, peer.port, "no one's", &folder.join("spool.db"), &checks);
        let mut agent = harness.start_agent(&name, &config);
        let asked = target.asked();
        until(&format!("it probes with {pages} pages left"), BOUND, || {
            assert!(agent.ended().is_none(), "{pages} pages: {}", agent.log_text());
            target.asked() > asked + 5
        });
        small.free();
        until(&format!("it delivers after {pages} pages"), BOUND, || peer.received().len() > 5);
        assert!(!agent.log_text().contains("panicked"), "{}", agent.log_text());
        agent.kill();
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
