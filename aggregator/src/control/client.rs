//! The client of the control socket. It asks the running aggregator; if none runs, it locks the database and carries
//! out the command with an engine of its own. While an aggregator starts or stops, it waits for one of the two.

use super::agents::AgentChange;
use super::execute::execute;
use super::request::{Beside, Done, Request, Response};
use super::{Reach, socket_of};
use crate::engine::{Actor, Engine, Envelope};
use crate::subscriptions::{Intake, UrlRules};
use anyhow::{Context, bail};
use rustix::process::geteuid;
use skerry_domain::step::{self, Asked, Ids};
use skerry_domain::time::Timestamp;
use skerry_domain::workspaces::Target;
use skerry_host::clock::wall_ms;
use skerry_host::random;
use skerry_store::{Store, StoreError};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long the client waits for an aggregator to start or stop.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_millis(20);
/// How long the client waits for an answer: longer than a healthy disk stalls.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Nothing was sent yet.
const NOT_READY: &str = "the aggregator did not take this command within a minute, and nothing was changed: its log says what it does";
/// No aggregator publishes what a command changed.
const NOBODY: &str = "No aggregator runs: it is stored, and visitors see it when one starts.";
/// The command was sent.
const NO_ANSWER: &str = "the aggregator did not answer within a minute; it may still carry this out";
/// The longest answer, bytes.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Carries out a request; returns when it is durable.
///
/// # Errors
/// Why it was not carried out, for an operator.
pub fn carry_out(database: &Path, request: Request) -> anyhow::Result<Done> {
    carry_out_all(database, vec![request]).map(|mut done| done.pop().unwrap_or_default())
}

/// Carries out requests one after the other; returns when all are durable.
///
/// # Errors
/// Why one was not carried out, for an operator. Those before it were.
pub fn carry_out_all(database: &Path, requests: Vec<Request>) -> anyhow::Result<Vec<Done>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut done, mut left) = (Vec::new(), VecDeque::from(requests));
        let mut begun = Instant::now();
        while let Some(request) = left.front() {
            if let Some(stream) = connect(database).await?
                && let Some(one) = ask(stream, request).await?
            {
                done.push(one);
                left.pop_front();
                begun = Instant::now();
                continue;
            }
            match Store::open_existing(database) {
                Ok(store) => {
                    done.extend(alone(database, store, left.into()).await?);
                    return Ok(done);
                }
                Err(StoreError::InUse { .. }) if begun.elapsed() < START_TIMEOUT => {
                    tokio::time::sleep(RETRY_INTERVAL).await;
                }
                Err(StoreError::InUse { .. }) => {
                    // This fails with a message of its own if the schema has another version.
                    drop(Store::open_unlocked(database)?);
                    bail!(
                        "the aggregator that serves from {} does not listen at {}: see its log, or restart it",
                        database.display(),
                        socket_of(database).display()
                    );
                }
                // Agents can be changed despite damage elsewhere in the database.
                Err(damaged @ StoreError::Damaged { .. }) => {
                    return in_damaged(database, request).unwrap_or_else(|| Err(damaged.into())).map(|one| vec![one]);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    })
}

/// Connects; `None` if nobody listens.
async fn connect(database: &Path) -> anyhow::Result<Option<UnixStream>> {
    let socket = socket_of(database);
    let stream = match UnixStream::connect(&Reach::of(&socket)?.path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => {
            let what = "run this as root, or as the user that runs skerry-aggregator";
            return Err(error).with_context(|| format!("{}: {what}", socket.display()));
        }
    };
    let (server, owner) = (stream.peer_cred()?.uid(), std::fs::metadata(database)?.uid());
    if server != 0 && server != owner && server != geteuid().as_raw() {
        bail!("{}: another user listens there (uid {server}), and is told nothing", socket.display());
    }
    Ok(Some(stream))
}

/// Sends the request; `None` if the aggregator closed the connection before it read anything.
async fn ask(stream: UnixStream, request: &Request) -> anyhow::Result<Option<Done>> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(MAX_ANSWER_BYTES));
    match read_response(&mut reader, NOT_READY).await? {
        None => return Ok(None),
        Some(Response::Refused { reason }) => bail!(reason),
        Some(Response::Ready | Response::Done(_)) => {}
    }
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    let lost = "the aggregator went away and may have carried this out: look, and try again";
    writer.write_all(&line).await.context(lost)?;
    match read_response(&mut reader, NO_ANSWER).await?.context(lost)? {
        Response::Done(done) => Ok(Some(done)),
        Response::Ready => Ok(Some(Done::default())),
        Response::Refused { reason } => bail!(reason),
    }
}

/// Reads the next response; `None` if the connection was closed. `late` says that there was none in time.
async fn read_response(
    reader: &mut (impl tokio::io::AsyncBufRead + Unpin),
    late: &'static str,
) -> anyhow::Result<Option<Response>> {
    let mut line = Vec::new();
    match timeout(ANSWER_TIMEOUT, reader.read_until(b'\n', &mut line)).await {
        Err(_) => bail!(late),
        Ok(Err(_) | Ok(0)) => Ok(None),
        Ok(Ok(_)) => Ok(Some(serde_json::from_slice(&line).context("what listens there is no aggregator")?)),
    }
}

/// Carries out requests without an aggregator. The lock on `store` keeps one from starting meanwhile.
async fn alone(database: &Path, store: Store, requests: Vec<Request>) -> anyhow::Result<Vec<Done>> {
    let (changed, _nobody) = crossbeam_channel::unbounded();
    let (engine, writer) = match Engine::start(store, changed) {
        Ok(started) => started,
        Err(error) => {
            let first = requests.first().and_then(|request| in_damaged(database, request));
            return first.unwrap_or_else(|| Err(error.into())).map(|one| vec![one]);
        }
    };
    // The rules of the files are those of an aggregator that runs by them.
    let intake = || Intake::of(database, UrlRules::default()).map_err(|error| format!("{error:#}"));
    let (mut all, mut failed) = (Vec::new(), None);
    for request in requests {
        let shows = is_shown(&request);
        let beside = Beside { intake: &intake, database };
        match execute(&engine, geteuid().as_raw(), request, beside).await {
            Ok(mut done) => {
                done.notes.extend(shows.then(|| NOBODY.to_owned()));
                all.push(done);
            }
            Err(reason) => {
                failed = Some(reason);
                break;
            }
        }
    }
    engine.stop();
    let _ = tokio::task::spawn_blocking(move || writer.join()).await;
    match failed {
        Some(reason) => bail!(reason),
        None => Ok(all),
    }
}

/// Whether visitors see what a request changes.
fn is_shown(request: &Request) -> bool {
    matches!(
        request,
        Request::Incident { .. }
            | Request::Component { .. }
            | Request::Maintenance { .. }
            | Request::Announcement { .. }
            | Request::Correction { .. }
    )
}

/// The same if the state cannot be read as a whole: whether an agent is let in is changed by the rows of agents alone. No
/// aggregator serves from a damaged database. `None`: the command needs other rows, or those cannot be read or written
/// either.
fn in_damaged(database: &Path, request: &Request) -> Option<anyhow::Result<Done>> {
    let Request::ChangeAgent { change, .. } = request else { return None };
    if !matches!(
        change,
        AgentChange::Disable | AgentChange::Enable | AgentChange::Revoke | AgentChange::Rotate(_)
    ) {
        return None;
    }
    let mut store = Store::open_unlocked(database).ok()?;
    let workspaces = store.load_agents().ok()?;
    let now = store.time().unwrap_or_else(|_| Timestamp(wall_ms()));
    let actor = Actor::Cli { uid: geteuid().as_raw() };
    let no_key = || Err("agents need no key of subscribers".to_owned());
    let beside = Beside { intake: &no_key, database };
    let prepared = request.clone().prepare(&workspaces, now, beside).ok()?;
    let envelope = Envelope::by(actor, Target::Name(prepared.workspace), prepared.command);
    let author = envelope.author();
    // The audit may be what is damaged.
    for author in [author.as_ref(), None] {
        let context = step::Context { now, ids: Ids::from_seed(random::bytes()) };
        let asked = Asked { author, expected: None };
        match workspaces.clone().step(&envelope.commands, context, asked) {
            Ok(stepped) if store.commit(&stepped.rows).is_ok() => return Some(Ok(Done::default())),
            Ok(_) => {}
            Err(rejected) => return Some(Err(anyhow::anyhow!(rejected.reason))),
        }
    }
    None
}
