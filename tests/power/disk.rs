//! A small loop-mounted disk image whose power can be cut.

use skerry_tests::parts::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;

/// ext4 needs this much for a journal of a usual size, MiB.
const SIZE: u64 = 320;

#[derive(Debug)]
pub(crate) struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// Creates and mounts it; `None`, with the reason printed, if the machine does not allow it.
    pub(crate) fn make() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped("a loop mount needs root");
            return None;
        }
        if !Path::new("/dev/loop-control").exists() {
            skipped("this machine has no loop devices");
            return None;
        }
        let disk = Self { folder: tempfile::tempdir().expect("a folder") };
        let image = std::fs::File::create(disk.image()).expect("an image");
        image.set_len(SIZE << 20).expect("a size");
        std::fs::create_dir(disk.folder()).expect("a mount point");
        run("mkfs.ext4", &["-q", "-F", &text(&disk.image())]);
        disk.mount();
        Some(disk)
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// The mount point.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn mount(&self) {
        run("mount", &["-o", "loop", &text(&self.image()), &text(&self.folder())]);
    }

    /// From now on no write reaches the disk; unsynced data is lost.
    pub(crate) fn cut(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("power/power_loss.py");
        run("python3", &[&text(&script), &text(&self.folder())]);
    }

    /// Restores the power. No program may have a file open on the disk.
    pub(crate) fn restore(&self) {
        run("umount", &[&text(&self.folder())]);
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: after a failure a program may still be running for a moment.
        let _ = Command::new("umount").arg("-l").arg(self.folder()).status();
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn run(program: &str, arguments: &[&str]) {
    let path = format!("{}:/usr/sbin:/sbin", path());
    let output = Command::new(program).args(arguments).env("PATH", path).output();
    let output = output.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[expect(clippy::disallowed_methods, reason = "a test reads its own environment")]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}
