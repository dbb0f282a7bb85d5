//! One plugin as a process group of its own: started without a shell, read within bounds, and ended as a whole.
//! Nothing of it outlives its [`Plugin`] but what left the group on purpose.

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

/// Most that is read of what a plugin prints, bytes; then the pipe is closed.
pub(super) const MOST_OUTPUT: usize = 64 * 1024;
/// Most that is read of what it complains, bytes.
const MOST_COMPLAINT: usize = 4 * 1024;
/// All that a plugin finds in its environment, besides what the check names.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// From SIGTERM to SIGKILL.
const TO_TIDY_UP: Duration = Duration::from_millis(200);
/// For what is still in the pipes of a process that has ended.
const TO_DRAIN: Duration = Duration::from_millis(100);
/// For the kernel to bury one that was killed.
const TO_REAP: Duration = Duration::from_millis(100);

/// A running plugin. Dropping it kills its group.
pub(super) struct Plugin {
    // Dropped first: while the leader is not reaped, nobody else can have its number.
    group: Group,
    child: Child,
    pid: Pid,
    /// Some child of this process has ended.
    endings: unix::Signal,
    output: Stream<ChildStdout>,
    complaint: Stream<ChildStderr>,
}

/// What a plugin wrote, as far as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output<'a> {
    pub(super) output: &'a [u8],
    pub(super) complaint: &'a [u8],
    /// It wrote more than is read.
    pub(super) cut: bool,
}

impl Plugin {
    /// # Errors
    /// The program cannot be run, or this host lacks what it takes.
    pub(super) fn start(exec: &Exec) -> io::Result<Self> {
        let endings = unix::signal(SignalKind::child())?;
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
        let group = Group(Some(pid));
        let output = Stream::new(child.stdout.take(), MOST_OUTPUT);
        let complaint = Stream::new(child.stderr.take(), MOST_COMPLAINT);
        Ok(Self { group, child, pid, endings, output, complaint })
    }

    /// Reads until the plugin's own process has ended, whoever else still holds its pipes.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        let reading = async {
            tokio::join!(self.output.read(), self.complaint.read());
            std::future::pending::<()>().await;
        };
        let ending = async {
            while !has_ended(self.pid)? {
                self.endings.recv().await;
            }
            Ok(())
        };
        tokio::select! {
            ended = ending => ended,
            () = reading => Ok(()),
        }
    }

    /// Takes leave of a plugin that has ended: kills what it left behind, reads what it still had to say.
    pub(super) async fn leave(&mut self) -> Option<ExitStatus> {
        self.group.signal(Signal::KILL);
        let rest = async { tokio::join!(self.output.read(), self.complaint.read()) };
        let _ = timeout(TO_DRAIN, rest).await;
        self.reap().await
    }

    /// Ends a plugin that has not ended by itself, and all that it has started.
    pub(super) async fn end(&mut self) -> Option<ExitStatus> {
        self.group.signal(Signal::TERM);
        let _ = timeout(TO_TIDY_UP, self.ended()).await;
        self.leave().await
    }

    pub(super) fn output(&self) -> Output<'_> {
        Output { output: &self.output.bytes, complaint: &self.complaint.bytes, cut: self.output.cut }
    }

    async fn reap(&mut self) -> Option<ExitStatus> {
        let status = timeout(TO_REAP, self.child.wait()).await.ok()?;
        // From here on the number may be another's.
        self.group.0 = None;
        status.ok()
    }
}

/// What is started in there has none of our capabilities: they are the thread's own, and it is a thread for this.
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

/// Has it ended? It is not buried by this question, so that its number, and its group's, stays its own.
fn has_ended(pid: Pid) -> io::Result<bool> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), look)?.is_some())
}

/// A process group whose leader is not reaped yet.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // It fails where nobody is left.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// One pipe, read up to a bound.
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

    /// Reads on to the end or the bound; there the pipe is closed. What was read stays where this is dropped.
    async fn read(&mut self) {
        while let Some(pipe) = &mut self.pipe {
            // One byte beyond the bound tells that there is more.
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
