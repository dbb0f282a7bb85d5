//! Plugins run by a process of another user, which can read neither the agent's token nor its credentials: a socket,
//! and over it one request and one answer for each run, a line of JSON each.

use super::ran::{Ended, Ran};
use crate::probe::fault::Fault;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use skerry_protocol::check::Exec;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

/// Longest request, bytes: 256 arguments and an environment.
const LONGEST_REQUEST: u64 = 1 << 20;
/// Longest answer, bytes: what is read of a plugin, in base64.
const LONGEST_ANSWER: u64 = 256 << 10;
/// A request arrives within this time.
const ARRIVES: Duration = Duration::from_secs(5);
/// From a run's deadline to its answer, at most: the plugin is ended meanwhile.
const ANSWERS: Duration = Duration::from_millis(450);
/// Most plugins at once; further ones wait.
const MOST_AT_ONCE: usize = 256;

/// Has the runner behind `socket` run a plugin.
///
/// # Errors
/// The runner does not answer, which says nothing of the plugin's target.
pub(super) async fn ask(socket: &Path, exec: &Exec, deadline: Instant) -> Result<Ran, Fault> {
    let asking = async {
        let start = Instant::now();
        let mut stream = UnixStream::connect(socket).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        stream.write_all(request(exec, left).as_bytes()).await?;
        let answer = line(&mut stream, LONGEST_ANSWER).await?;
        read_answer(&answer, start).ok_or_else(|| io::Error::other("the answer cannot be read"))
    };
    let answered = timeout_at(deadline + ANSWERS, asking).await;
    let why = match answered {
        Ok(Ok(ran)) => return Ok(ran),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    Err(Fault::own(format!(
        "the plugin runner at {} does not answer: {why}. Try systemctl enable --now skerry-plugins.socket",
        socket.display()
    )))
}

/// Runs the plugins that are asked for at `listener`, for ever. Who may ask is the socket's owner.
///
/// # Errors
/// It is not a listening socket.
pub async fn serve(listener: std::os::unix::net::UnixListener) -> anyhow::Result<()> {
    listener.set_nonblocking(true).context("the socket cannot be used")?;
    let listener = UnixListener::from_std(listener).context("the socket cannot be used")?;
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    loop {
        let place = Arc::clone(&room).acquire_owned().await.context("no room")?;
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(async move {
                if let Err(error) = answer(stream).await {
                    tracing::debug!("a request for a plugin was not answered: {error}");
                }
                drop(place);
            })),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(error).context("the socket does not listen");
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                // As when there are no descriptors left: they come back when a plugin ends.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One run. It ends with the connection of who asked for it.
async fn answer(mut stream: UnixStream) -> io::Result<()> {
    let asked = timeout(ARRIVES, line(&mut stream, LONGEST_REQUEST)).await??;
    let (exec, left) = read_request(&asked).ok_or_else(|| io::Error::other("the request cannot be read"))?;
    let (mut reading, mut writing) = stream.into_split();
    let mut rest = [0; 1];
    let ran = tokio::select! {
        ran = Ran::here(&exec, Instant::now() + left) => ran,
        _ = reading.read(&mut rest) => return Ok(()),
    };
    writing.write_all(write_answer(&ran).as_bytes()).await
}

async fn line(stream: &mut UnixStream, longest: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(longest)).read_until(b'\n', &mut line).await?;
    if line.last() == Some(&b'\n') { Ok(line) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn request(exec: &Exec, left: Duration) -> String {
    let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    let asked = json!({ "command": exec.command, "environment": exec.environment, "timeout_ms": left });
    format!("{asked}\n")
}

fn read_request(line: &[u8]) -> Option<(Exec, Duration)> {
    let asked: Value = serde_json::from_slice(line).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let command: Vec<String> = asked["command"].as_array()?.iter().map(text).collect::<Option<_>>()?;
    let environment = asked["environment"].as_object()?.iter();
    let environment =
        environment.map(|(name, value)| Some((name.clone(), text(value)?))).collect::<Option<_>>()?;
    let left = Duration::from_millis(asked["timeout_ms"].as_u64()?);
    (!command.is_empty()).then_some((Exec { command, environment, latency_from: None, runner: None }, left))
}

fn write_answer(ran: &Ran) -> String {
    let (ended, errno, why) = match &ran.ended {
        Ended::InTime => ("in_time", None, None),
        Ended::Late => ("late", None, None),
        Ended::NotRun(error) => ("not_run", error.raw_os_error(), Some(error.to_string())),
    };
    let answer = json!({
        "ended": ended,
        "errno": errno,
        "why": why,
        "took_us": u64::try_from(ran.took.as_micros()).unwrap_or(u64::MAX),
        "code": ran.code,
        "signal": ran.signal,
        "output": BASE64.encode(&ran.output),
        "complaint": BASE64.encode(&ran.complaint),
        "cut": ran.cut,
    });
    format!("{answer}\n")
}

fn read_answer(line: &[u8], start: Instant) -> Option<Ran> {
    let said: Value = serde_json::from_slice(line).ok()?;
    let number = |key: &str| said[key].as_i64().and_then(|number| i32::try_from(number).ok());
    let bytes = |key: &str| BASE64.decode(said[key].as_str()?).ok();
    let ended = match said["ended"].as_str()? {
        "in_time" => Ended::InTime,
        "late" => Ended::Late,
        "not_run" => Ended::NotRun(match number("errno") {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::other(said["why"].as_str().unwrap_or_default().to_owned()),
        }),
        _ => return None,
    };
    let took = Duration::from_micros(said["took_us"].as_u64()?);
    Some(Ran {
        ended,
        took: took.min(start.elapsed()),
        code: number("code"),
        signal: number("signal"),
        output: bytes("output")?,
        complaint: bytes("complaint")?,
        cut: said["cut"].as_bool()?,
    })
}
