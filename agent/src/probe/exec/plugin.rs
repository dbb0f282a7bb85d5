//! Runs one plugin in its own process group: without a shell, with bounded output, and killed as a group.
//! Nothing outlives the [`Plugin`] except a process that left the group on purpose.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use rustix::thread::clear_ambient_capability_set;
use skerry_protocol::check::Exec;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::signal::unix::{self, SignalKind};
use tokio::time::timeout;

/// Maximum of standard output that is read, bytes; then the pipe is closed.
pub(super) const MAX_STDOUT: usize = 64 * 1024;
/// Maximum of standard error that is read, bytes.
const MAX_STDERR: usize = 4 * 1024;
/// The plugin's `PATH`; its environment contains only this and what the check names.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Time from SIGTERM to SIGKILL.
const TERMINATE_GRACE: Duration = Duration::from_millis(200);
/// Time to read what is left in the pipes of a process that has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);
/// Time for the kernel to reap a killed process.
const REAP_TIMEOUT: Duration = Duration::from_millis(100);

/// A running plugin. Dropping it kills its process group.
pub(super) struct Plugin {
    // Dropped first: while the leader is not reaped, nobody else can get its process id.
    group: ProcessGroup,
    child: Child,
    pid: Pid,
    /// Notifies that some child of this process has exited.
    child_exits: unix::Signal,
    output: Stream<ChildStdout>,
    stderr: Stream<ChildStderr>,
}

/// The output as far as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawOutput<'a> {
    pub(super) output: &'a [u8],
    pub(super) stderr: &'a [u8],
    /// The plugin wrote more than is read.
    pub(super) cut: bool,
}

impl Plugin {
    /// # Errors
    /// The program cannot be run, or this host lacks a resource.
    pub(super) fn start(exec: &Exec) -> io::Result<Self> {
        let child_exits = unix::signal(SignalKind::child())?;
        let mut command = Command::new(&exec.command[0]);
        command
            .args(&exec.command[1..])
            .env_clear()
            .env("PATH", PATH)
            .envs(&exec.environment)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = without_capabilities(|| command.spawn())?;
        let lacking = || io::Error::other("it ended before it began");
        let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).ok_or_else(lacking)?;
        let group = ProcessGroup(Some(pid));
        let output = Stream::new(child.stdout.take(), MAX_STDOUT);
        let stderr = Stream::new(child.stderr.take(), MAX_STDERR);
        Ok(Self { group, child, pid, child_exits, output, stderr })
    }

    /// Reads until the plugin's own process has exited, even if others still hold its pipes.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        let reading = async {
            tokio::join!(self.output.read(), self.stderr.read());
            std::future::pending::<()>().await;
        };
        let ending = async {
            while !has_ended(self.pid)? {
                self.child_exits.recv().await;
            }
            Ok(())
        };
        tokio::select! {
            ended = ending => ended,
            () = reading => Ok(()),
        }
    }

    /// Finishes a plugin that has exited: kills the processes it left behind and reads the rest of its
    /// output.
    pub(super) async fn finish(&mut self) -> Option<ExitStatus> {
        self.group.signal(Signal::KILL);
        let rest = async { tokio::join!(self.output.read(), self.stderr.read()) };
        let _ = timeout(DRAIN_TIMEOUT, rest).await;
        self.reap().await
    }

    /// Kills a plugin that is still running, with all its child processes.
    pub(super) async fn kill(&mut self) -> Option<ExitStatus> {
        self.group.signal(Signal::TERM);
        let _ = timeout(TERMINATE_GRACE, self.ended()).await;
        self.finish().await
    }

    pub(super) fn output(&self) -> RawOutput<'_> {
        RawOutput { output: &self.output.bytes, stderr: &self.stderr.bytes, cut: self.output.cut }
    }

    async fn reap(&mut self) -> Option<ExitStatus> {
        let status = timeout(REAP_TIMEOUT, self.child.wait()).await.ok()?;
        // From here on the process id may belong to another process.
        self.group.0 = None;
        status.ok()
    }
}

/// Runs `start` without our capabilities. They belong to a thread, so a thread is started for it.
fn without_capabilities<T: Send>(start: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let runtime = Handle::current();
    std::thread::scope(|scope| {
        let started = std::thread::Builder::new().spawn_scoped(scope, || {
            clear_ambient_capability_set()?;
            let _inside = runtime.enter();
            start()
        })?;
        started.join().unwrap_or_else(|_| Err(io::Error::other("it could not be started")))
    })
}

/// Whether the process has exited. Does not reap it, so its process id and group stay reserved.
fn has_ended(pid: Pid) -> io::Result<bool> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), look)?.is_some())
}

/// A process group whose leader is not reaped yet.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // Fails if the group is empty.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// A pipe, read up to a limit.
struct Stream<R> {
    pipe: Option<R>,
    bytes: Vec<u8>,
    bound: usize,
    cut: bool,
}

impl<R: AsyncRead + Unpin> Stream<R> {
    fn new(pipe: Option<R>, bound: usize) -> Self {
        Self { pipe, bytes: Vec::new(), bound, cut: false }
    }

    /// Reads to the end or to the limit, where the pipe is closed. Cancelling keeps what was read.
    async fn read(&mut self) {
        while let Some(pipe) = &mut self.pipe {
            // One byte beyond the limit shows that there is more.
            let room = self.bound + 1 - self.bytes.len();
            match pipe.take(room as u64).read_buf(&mut self.bytes).await {
                Ok(1..) if self.bytes.len() <= self.bound => {}
                Ok(_) | Err(_) => self.pipe = None,
            }
        }
        self.cut |= self.bytes.len() > self.bound;
        self.bytes.truncate(self.bound);
    }
}
