//! The file system of an agent's spool turns read-only while the agent runs, as ext4 does after an error, or
//! is read-only when it starts; then it is repaired and remounted. The agent keeps probing, and its
//! observations arrive without a restart.

use crate::fake_aggregator::{FakeAggregator, Received};
use crate::harness::{Harness, Running, get, program, quick_check};
use crate::oracle::DatabaseView;
use crate::rng::until;
use crate::target::Target;
use skerry_tests::parts::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);
/// MiB.
const SIZE: u64 = 16;

/// A disk with ext4, removed when the handle is dropped.
struct Disk {
    folder: tempfile::TempDir,
    devices: Vec<String>,
}

impl Disk {
    /// `None`, with the reason printed, if the machine does not allow it.
    fn make() -> Option<Self> {
        if !rustix::process::geteuid().is_root() || !Path::new("/dev/loop-control").exists() {
            skipped("a loop mount needs root and loop devices");
            return None;
        }
        let mut disk = Self { folder: tempfile::tempdir().expect("a folder"), devices: Vec::new() };
        std::fs::create_dir(disk.path()).expect("a mount point");
        let image = std::fs::File::create(disk.image()).expect("an image");
        image.set_len(SIZE << 20).expect("a size");
        run("mkfs.ext4", &["-q", "-F", &text(&disk.image())]);
        disk.mount();
        Some(disk)
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn mount(&mut self) {
        let device = run("losetup", &["--find", "--show", &text(&self.image())]);
        run("mount", &[&device, &text(&self.path())]);
        self.devices.push(device);
    }

    /// From now on every write fails with `EROFS`.
    fn turn_read_only(&self) {
        run("mount", &["-o", "remount,abort", &text(&self.path())]);
    }

    /// Remounts it read-only or writable.
    fn remount(&self, mode: &str) {
        run("mount", &["-o", &format!("remount,{mode}"), &text(&self.path())]);
    }

    /// What a person does. The agent still has a file of the old mount open.
    fn mend(&mut self) {
        run("umount", &["--lazy", &text(&self.path())]);
        let device = run("losetup", &["--find", "--show", &text(&self.image())]);
        // Exits with 1 if it repaired something.
        let _ = Command::new("e2fsck").args(["-p", &device]).output().expect("e2fsck is there");
        run("mount", &[&device, &text(&self.path())]);
        self.devices.push(device);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
        for device in &self.devices {
            let _ = Command::new("losetup").args(["--detach", device]).output();
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn run(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().expect("it starts");
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn an_agent_outlives_a_disk_that_turned_read_only() {
    let Some(mut disk) = Disk::make() else { return };
    let harness = Harness::new(&["real".to_owned()], None);
    let (target, peer) = (Target::start(), FakeAggregator::start());
    let checks: String = (0..4).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let spool = disk.path().join("agent/spool.db");
    let config = harness.agent_config("real", peer.port, "a token of no one", &spool, &checks);
    let mut agent = harness.start_agent("real", &config);
    until("it delivers", BOUND, || peer.received().len() > 20);

    disk.turn_read_only();
    until("its disk takes nothing", BOUND, || agent.log_text().contains("the spool cannot be written"));
    let asked = target.asked();
    until("it probes on", BOUND, || target.asked() > asked + 60);
    assert!(agent.ended().is_none(), "it lives: {}", agent.log_text());

    let known = peer.received().len();
    disk.mend();
    until("what it saw meanwhile arrives", BOUND, || peer.received().len() > known + 60);
    assert!(agent.ended().is_none(), "{}", agent.log_text());
    assert!(!agent.log_text().contains("is damaged"), "a sound spool was set aside: {}", agent.log_text());
    // Each sequence once; records that were never written to the disk are reported as lost, if there are any.
    let saw = peer.received();
    let lost: u64 = saw.values().map(|saw| if let Received::Lost(lost) = saw { lost.count } else { 0 }).sum();
    assert_eq!(lost, 0, "it was held in memory meanwhile");
}

/// The agent runs on a read-only disk: it probes, the page shows its states, and it logs what to do.
fn is_well_without_a_disk(harness: &Harness, agent: &mut Running, target: &Target) {
    until("its disk takes nothing", BOUND, || agent.log_text().contains("the spool cannot be written"));
    let remedy = "is mounted read-only: mount it for writing";
    assert!(agent.log_text().contains(remedy), "{}", agent.log_text());
    let asked = target.asked();
    until("it probes", BOUND, || target.asked() > asked + 60);
    let fresh = |component: &serde_json::Value| {
        component["status"] == "operational"
            && component["stale_since"].is_null()
            && component["waiting"] == false
    };
    until("the page shows what it sees", BOUND, || {
        let (_, body) = get(harness.public, "/api/v2/components.json").expect("the page");
        let page: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        page["components"].as_array().expect("a list").iter().all(fresh)
    });
    assert!(agent.ended().is_none(), "it lives: {}", agent.log_text());
}

/// Everything arrives, and no loss is reported.
fn goes_on_by_itself(harness: &Harness, agent: &Running) {
    let stored = || DatabaseView::at(harness).number("SELECT count(*) FROM observation");
    let before = stored();
    until("what it saw meanwhile arrives", BOUND, || stored() > before + 60);
    until("it says so", BOUND, || agent.log_text().contains("the spool can be written again"));
    assert_eq!(DatabaseView::at(harness).number("SELECT count(*) FROM loss"), 0);
    assert!(!agent.log_text().contains("is damaged"), "{}", agent.log_text());
}

#[test]
fn an_agent_starts_on_a_disk_that_is_read_only() {
    let Some(disk) = Disk::make() else { return };
    let names: Vec<String> = (0..4).map(|check| format!("real-{check}")).collect();
    let harness = Harness::new(&names, None);
    let (target, aggregator) = (Target::start(), harness.start());
    let checks: String = names.iter().map(|name| quick_check(name, target.port)).collect();
    let spool = disk.path().join("agent/spool.db");
    let config = harness.agent_config("real", harness.private, &harness.enrol("real"), &spool, &checks);

    // There is not even a folder yet.
    disk.remount("ro");
    let mut agent = harness.start_agent("real", &config);
    is_well_without_a_disk(&harness, &mut agent, &target);
    disk.remount("rw");
    goes_on_by_itself(&harness, &agent);
    agent.stop();
    let known = DatabaseView::at(&harness).number("SELECT count(*) FROM hard_transition");

    // There is a spool, and its states are known.
    std::fs::remove_file(harness.path("real.log")).expect("a log");
    disk.remount("ro");
    let mut agent = harness.start_agent("real", &config);
    is_well_without_a_disk(&harness, &mut agent, &target);
    let mut status = Command::new(program("skerry-agent"));
    let output = status.args(["status", "--json", "--config"]).arg(&config).output().expect("it starts");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(
        answer["trouble"].as_str().is_some_and(|trouble| trouble.contains("mounted read-only")),
        "{answer}"
    );
    assert_eq!(answer["checks"][0]["state"], "up", "{answer}");
    disk.remount("rw");
    goes_on_by_itself(&harness, &agent);
    let states = DatabaseView::at(&harness).number("SELECT count(*) FROM hard_transition");
    assert_eq!(states, known, "a hard state survived both starts");
    agent.stop();
    aggregator.stop();
}
