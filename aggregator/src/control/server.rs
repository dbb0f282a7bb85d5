//! The server of the control socket. Only root and the aggregator's own user are admitted. Reads and writes have a
//! timeout of seconds, and few callers are served at once, so a caller that hangs blocks neither the aggregator nor
//! other callers for long.

use super::execute::execute;
use super::request::{Beside, Request, Response};
use super::{Reach, socket_of};
use crate::engine::Engine;
use crate::subscriptions::Intake;
use rustix::process::geteuid;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// The longest request, bytes.
const MAX_REQUEST_BYTES: u64 = 256 << 10;
/// Timeout for reading a request or writing a response.
const IO_TIMEOUT: Duration = Duration::from_secs(5);
/// The same while the aggregator stops: a command writes its request at once.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// The greatest number of simultaneous callers.
const MAX_CONNECTIONS: usize = 16;

/// A listening control socket.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
    places: Arc<Semaphore>,
    stopping: watch::Sender<()>,
}

impl Control {
    /// Listens on a socket beside the database, whose lock this process holds. A stale socket is replaced. `intake` is for
    /// addresses of subscribers.
    ///
    /// # Errors
    /// The socket cannot be created there.
    pub fn listen(engine: Engine, database: &Path, intake: Intake) -> std::io::Result<Self> {
        let path = socket_of(database);
        let draft = path.with_extension("sock.new");
        let _ = std::fs::remove_file(&draft);
        let listener = UnixListener::bind(&Reach::of(&draft)?.path)?;
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&draft, &path)?;
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let (stopping, stopped) = watch::channel(());
        let executor = Arc::new(Executor { engine, intake, database: database.to_owned() });
        let task = tokio::spawn(accept(listener, executor, Arc::clone(&places), stopped));
        Ok(Self { path, task, places, stopping })
    }

    /// Stops accepting callers, and waits until those that sent a request have their answer.
    pub async fn stop(self) {
        self.task.abort();
        self.stopping.send_replace(());
        // If this fails, the next start replaces the stale socket.
        let _ = std::fs::remove_file(&self.path);
        let _ = timeout(IO_TIMEOUT, self.places.acquire_many(MAX_CONNECTIONS as u32)).await;
    }
}

/// What carries requests out.
struct Executor {
    engine: Engine,
    intake: Intake,
    database: PathBuf,
}

async fn accept(
    listener: UnixListener,
    executor: Arc<Executor>,
    places: Arc<Semaphore>,
    stopped: watch::Receiver<()>,
) {
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (executor, stopped) = (Arc::clone(&executor), stopped.clone());
                tokio::spawn(async move {
                    let _place = place;
                    if let Err(error) = answer(stream, &executor, stopped).await {
                        tracing::debug!(%error, "a caller of the control socket is gone");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket cannot take a caller");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(
    mut stream: UnixStream,
    executor: &Executor,
    mut stopped: watch::Receiver<()>,
) -> std::io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let response = if uid == 0 || uid == geteuid().as_raw() {
        write_response(&mut stream, &Response::Ready).await?;
        let mut line = Vec::new();
        let mut reader = BufReader::new((&mut stream).take(MAX_REQUEST_BYTES));
        let mut read = std::pin::pin!(timeout(IO_TIMEOUT, reader.read_until(b'\n', &mut line)));
        tokio::select! {
            read = &mut read => read??,
            _ = stopped.changed() => timeout(STOP_TIMEOUT, read).await???,
        };
        if line.len() as u64 == MAX_REQUEST_BYTES && !line.ends_with(b"\n") {
            refused("a command may be at most 256 KiB long: shorten its text")
        } else {
            carry_out(executor, uid, &line).await
        }
    } else {
        tracing::warn!(uid, "a user who may not change anything called the control socket");
        refused("only root and the user that runs skerry-aggregator may change anything")
    };
    write_response(&mut stream, &response).await
}

async fn write_response(stream: &mut UnixStream, response: &Response) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(response)?;
    line.push(b'\n');
    timeout(IO_TIMEOUT, stream.write_all(&line)).await?
}

async fn carry_out(executor: &Executor, uid: u32, line: &[u8]) -> Response {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return refused(&format!(
                "the running aggregator does not understand this command ({error}): restart it with this version"
            ));
        }
    };
    let intake = || Ok(executor.intake.clone());
    let beside = Beside { intake: &intake, database: &executor.database };
    match execute(&executor.engine, uid, request, beside).await {
        Ok(done) => Response::Done(done),
        Err(reason) => refused(&reason),
    }
}

fn refused(reason: &str) -> Response {
    Response::Refused { reason: reason.to_owned() }
}
