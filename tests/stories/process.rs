//! A running program of ours with its log. Stops when dropped; if the story fails, the log is printed.

use rustix::process::{Pid, Signal, kill_process};
use skerry_tests::parts::until;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// Maximum duration of a stop.
const STOP: Duration = Duration::from_secs(5);

/// One of our programs, built beside this test.
pub(crate) fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this test is a file");
    let folder = own.ancestors().nth(2).expect("it stands in target/<profile>/deps");
    let program = folder.join(name);
    assert!(
        program.exists(),
        "{} is missing: run `cargo build --workspace --all-targets` first",
        program.display()
    );
    program
}

/// Runs a program to its end.
pub(crate) fn run(name: &str, arguments: &[&OsStr]) -> Output {
    Command::new(program(name)).args(arguments).stdin(Stdio::null()).output().expect("it starts")
}

#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its log in `folder`.
    pub(crate) fn start(name: &str, command: Command, folder: &Path) -> Self {
        Self::start_with(name, command, folder, Stdio::null(), None)
    }

    /// Like [`Self::start`], with other standard input and output.
    pub(crate) fn start_with(
        name: &str,
        mut command: Command,
        folder: &Path,
        input: Stdio,
        output: Option<Stdio>,
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let child = command
            .stdin(input)
            .stdout(output.unwrap_or_else(|| file.try_clone().expect("a second handle").into()))
            .stderr(file)
            .spawn()
            .expect("it starts");
        Self { name: name.to_owned(), child, log }
    }

    /// Everything it has logged, including earlier runs.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its exit status, if it has exited.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    pub(crate) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops the process with SIGSTOP.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends SIGTERM and asserts a clean exit within five seconds.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        until(&format!("{} stops", self.name), STOP, async || self.ended().is_some()).await;
        let status = self.ended().expect("it has ended");
        assert!(status.success(), "{} ended with {status}", self.name);
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it runs");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "--- log of {}:\n{}", self.name, self.log());
        }
    }
}
