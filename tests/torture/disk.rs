//! A disk that fills up: the aggregator refuses and publishes on, the agent probes on, both recover unaided.

use crate::dice::{Dice, pass, seed, until};
use crate::oracle::Look;
use crate::peer::{Peer, Saw};
use crate::sender::{Manners, Sender, checks_of};
use crate::target::Target;
use crate::yard::{Yard, get, quick_check};
use skerry_tests::parts::skipped;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);

/// A file system in memory that can be filled.
pub(crate) struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    /// Of so many MiB; `None`, with the reason printed, where the machine does not let us.
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

    /// Takes every byte that is left, and again what others gave back.
    pub(crate) fn fill(&self) {
        let mut file =
            std::fs::OpenOptions::new().create(true).append(true).open(self.ballast()).expect("a file");
        let block = [7; 64 << 10];
        for size in [64 << 10, 4_096, 512, 1] {
            while file.write(&block[..size]).is_ok_and(|written| written == size) {}
        }
    }

    /// Takes all but so many bytes.
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

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_batches_and_loses_nothing() {
    let Some(small) = Small::make(16) else { return };
    let mut dice = Dice::new(seed("torture::a_full_disk_refuses"));
    let names = ["one", "two"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let yard = Yard::new(&checks, Some(&small.path().join("data")));
    let watchdog = yard.watchdog();
    let aggregator = yard.start();
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| Sender::start(name, yard.private, yard.enrol(name), Manners::BAD, dice.fork()))
        .collect();
    let acknowledged = || senders.iter().map(|sender| sender.ledger().acknowledged()).collect::<Vec<_>>();
    let grows = |what: &str| {
        let before = acknowledged();
        until(what, BOUND, || acknowledged().iter().zip(&before).all(|(now, before)| now > before))
    };
    for _ in 0..3 {
        grows("records are acknowledged");
        pass(dice.between(200, 1_500));
        let refused = |ledger: &Sender| ledger.ledger().refused;
        let before: Vec<u64> = senders.iter().map(refused).collect();
        until("batches are refused with 503", BOUND, || {
            small.fill();
            senders.iter().map(refused).zip(&before).all(|(now, before)| now > *before)
        });
        let (ready, words) = get(yard.private, "/readyz").expect("an answer");
        let words = String::from_utf8_lossy(&words).into_owned();
        assert!(ready == 503 && words.contains("The database cannot be written"), "{ready}: {words}");
        for path in ["/", "/api/v2/status.json", "/uptime"] {
            assert_eq!(get(yard.public, path).expect("an answer").0, 200, "{path} while the disk is full");
        }
        assert_eq!(get(yard.private, "/healthz").expect("an answer").0, 200);
        // To start again would mend nothing.
        watchdog.is_fed();
        pass(dice.between(0, 2_500));
        small.free();
        let healed = grows("records are acknowledged again, unaided");
        say!("taken again {healed:?} after space came back");
        let ledgers: Vec<_> = senders.iter().map(|sender| sender.ledger().clone()).collect();
        let look = Look::at(&yard);
        ledgers.iter().for_each(|ledger| look.marks(ledger));
    }
    until("it is ready again", BOUND, || {
        get(yard.private, "/readyz").is_some_and(|(status, _)| status == 200)
    });
    let look = Look::at(&yard);
    look.sound();
    for sender in &senders {
        let ledger = sender.ledger().clone();
        look.once(&ledger);
        look.transitions(&ledger);
    }
    drop(aggregator);
}

#[test]
fn an_agent_on_a_full_disk_probes_on_and_keeps_what_it_sees() {
    let Some(small) = Small::make(4) else { return };
    let mut dice = Dice::new(seed("torture::an_agent_on_a_full_disk"));
    let yard = Yard::new(&["real".to_owned()], None);
    let (target, peer) = (Target::start(), Peer::start());
    let checks: String = (0..4).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let spool = small.path().join("agent/spool.db");
    let config = yard.agent_config("real", peer.port, "a token of no one", &spool, &checks);
    let watchdog = yard.watchdog();
    let agent = yard.start_agent("real", &config);
    until("it delivers", BOUND, || peer.saw().len() > 20);
    for _ in 0..2 {
        until("its disk takes nothing", BOUND, || {
            small.fill();
            agent.said().contains("the spool cannot be written")
        });
        let asked = target.asked();
        until("it probes on", BOUND, || target.asked() > asked + 60);
        watchdog.is_fed();
        let known = peer.saw().len();
        pass(dice.between(0, 1_500));
        small.free();
        until("what it saw meanwhile arrives", BOUND, || peer.saw().len() > known + 60);
    }
    // Each check was seen all the time: intervals of 200 ms, and no hole of seconds.
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for saw in peer.saw().into_values() {
        match saw {
            Saw::Observation(check, at, _) => seen.entry(check).or_default().push(at),
            Saw::Lost(lost) => panic!("{} records were given up: {}", lost.count, lost.why),
        }
    }
    for (check, mut times) in seen {
        times.sort_unstable();
        let hole = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        assert!(hole < 2_000, "{check}: nothing was seen for {hole} ms");
    }
}

/// A spool is made, opened and written on a disk that ends at each page in turn: whatever write it is that fails,
/// the agent starts, probes, and delivers once there is room.
#[test]
fn a_disk_that_ends_at_any_page_stops_no_agent() {
    let Some(small) = Small::make(4) else { return };
    let yard = Yard::new(&["real".to_owned()], None);
    let target = Target::start();
    let checks = quick_check("real-0", target.port);
    for pages in 0..crate::dice::rounds(14) as u64 {
        let peer = Peer::start();
        let name = format!("real-{pages}");
        let folder = small.path().join(&name);
        std::fs::create_dir(&folder).expect("a folder");
        // The lock is there, as after any earlier run; without a place for it no agent may start.
        std::fs::write(folder.join("spool.db.lock"), "").expect("a file");
        small.leave(pages * 4_096);
        let config = yard.agent_config(&name, peer.port, "no one's", &folder.join("spool.db"), &checks);
        let mut agent = yard.start_agent(&name, &config);
        let asked = target.asked();
        until(&format!("it probes with {pages} pages left"), BOUND, || {
            assert!(agent.ended().is_none(), "{pages} pages: {}", agent.said());
            target.asked() > asked + 5
        });
        small.free();
        until(&format!("it delivers after {pages} pages"), BOUND, || peer.saw().len() > 5);
        assert!(!agent.said().contains("panicked"), "{}", agent.said());
        agent.kill();
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
