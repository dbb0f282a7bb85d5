//! The file system of an agent's spool turns read-only while the agent lives, as ext4 does after an error, or is so
//! when the agent starts, and is mended and mounted again. The agent probes on, and what it saw arrives; nobody
//! starts it again.

use crate::dice::until;
use crate::oracle::Look;
use crate::peer::{Peer, Saw};
use crate::target::Target;
use crate::yard::{Running, Yard, get, program, quick_check};
use skerry_tests::parts::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(30);
/// MiB.
const SIZE: u64 = 16;

/// A disk with ext4 on it. Ends with its handle.
struct Disk {
    folder: tempfile::TempDir,
    devices: Vec<String>,
}

impl Disk {
    /// `None`, with the reason printed, where the machine does not let us.
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

    /// Mounted anew for reading alone, or for writing again.
    fn remount(&self, mode: &str) {
        run("mount", &["-o", &format!("remount,{mode}"), &text(&self.path())]);
    }

    /// What a person does. The agent still has a file of the former mount open.
    fn mend(&mut self) {
        run("umount", &["--lazy", &text(&self.path())]);
        let device = run("losetup", &["--find", "--show", &text(&self.image())]);
        // It ends with 1 where it has mended something.
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
    let yard = Yard::new(&["real".to_owned()], None);
    let (target, peer) = (Target::start(), Peer::start());
    let checks: String = (0..4).map(|check| quick_check(&format!("real-{check}"), target.port)).collect();
    let spool = disk.path().join("agent/spool.db");
    let config = yard.agent_config("real", peer.port, "a token of no one", &spool, &checks);
    let mut agent = yard.start_agent("real", &config);
    until("it delivers", BOUND, || peer.saw().len() > 20);

    disk.turn_read_only();
    until("its disk takes nothing", BOUND, || agent.said().contains("the spool cannot be written"));
    let asked = target.asked();
    until("it probes on", BOUND, || target.asked() > asked + 60);
    assert!(agent.ended().is_none(), "it lives: {}", agent.said());

    let known = peer.saw().len();
    disk.mend();
    until("what it saw meanwhile arrives", BOUND, || peer.saw().len() > known + 60);
    assert!(agent.ended().is_none(), "{}", agent.said());
    assert!(!agent.said().contains("is damaged"), "a sound spool was set aside: {}", agent.said());
    // Each sequence once; what was never written to the disk is told as lost, if anything is.
    let saw = peer.saw();
    let lost: u64 = saw.values().map(|saw| if let Saw::Lost(lost) = saw { lost.count } else { 0 }).sum();
    assert_eq!(lost, 0, "it was held in memory meanwhile");
}

/// The agent runs on a disk that it may not write: it probes, the page is right by its word, and it says what to do.
fn is_well_without_a_disk(yard: &Yard, agent: &mut Running, target: &Target) {
    until("its disk takes nothing", BOUND, || agent.said().contains("the spool cannot be written"));
    let remedy = "is mounted read-only: mount it for writing";
    assert!(agent.said().contains(remedy), "{}", agent.said());
    let asked = target.asked();
    until("it probes", BOUND, || target.asked() > asked + 60);
    let fresh = |component: &serde_json::Value| {
        component["status"] == "operational"
            && component["stale_since"].is_null()
            && component["waiting"] == false
    };
    until("the page shows what it sees", BOUND, || {
        let (_, body) = get(yard.public, "/api/v2/components.json").expect("the page");
        let page: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        page["components"].as_array().expect("a list").iter().all(fresh)
    });
    assert!(agent.ended().is_none(), "it lives: {}", agent.said());
}

/// Everything arrives, and nothing is told as lost.
fn goes_on_by_itself(yard: &Yard, agent: &Running) {
    let stored = || Look::at(yard).number("SELECT count(*) FROM observation");
    let before = stored();
    until("what it saw meanwhile arrives", BOUND, || stored() > before + 60);
    until("it says so", BOUND, || agent.said().contains("the spool can be written again"));
    assert_eq!(Look::at(yard).number("SELECT count(*) FROM loss"), 0);
    assert!(!agent.said().contains("is damaged"), "{}", agent.said());
}

#[test]
fn an_agent_starts_on_a_disk_that_is_read_only() {
    let Some(disk) = Disk::make() else { return };
    let names: Vec<String> = (0..4).map(|check| format!("real-{check}")).collect();
    let yard = Yard::new(&names, None);
    let (target, aggregator) = (Target::start(), yard.start());
    let checks: String = names.iter().map(|name| quick_check(name, target.port)).collect();
    let spool = disk.path().join("agent/spool.db");
    let config = yard.agent_config("real", yard.private, &yard.enrol("real"), &spool, &checks);

    // There is not even a folder yet.
    disk.remount("ro");
    let mut agent = yard.start_agent("real", &config);
    is_well_without_a_disk(&yard, &mut agent, &target);
    disk.remount("rw");
    goes_on_by_itself(&yard, &agent);
    agent.stop();
    let known = Look::at(&yard).number("SELECT count(*) FROM hard_transition");

    // There is a spool, and what it knows is known.
    std::fs::remove_file(yard.path("real.log")).expect("a log");
    disk.remount("ro");
    let mut agent = yard.start_agent("real", &config);
    is_well_without_a_disk(&yard, &mut agent, &target);
    let mut status = Command::new(program("skerry-agent"));
    let said = status.args(["status", "--json", "--config"]).arg(&config).output().expect("it starts");
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert!(said["trouble"].as_str().is_some_and(|trouble| trouble.contains("mounted read-only")), "{said}");
    assert_eq!(said["checks"][0]["state"], "up", "{said}");
    disk.remount("rw");
    goes_on_by_itself(&yard, &agent);
    let states = Look::at(&yard).number("SELECT count(*) FROM hard_transition");
    assert_eq!(states, known, "a hard state survived both starts");
    agent.stop();
    aggregator.stop();
}
