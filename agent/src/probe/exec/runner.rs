//! Runs plugins in a process of another user, which cannot read the agent's token and credentials. Each run
//! is one connection to a socket with one request and one answer, each a line of JSON.

use super::plugin_run::{PluginRun, RunEnd};
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

/// Maximum size of a request, bytes: 256 arguments and an environment.
const MAX_REQUEST_BYTES: u64 = 1 << 20;
/// Maximum size of an answer, bytes: the output of a plugin in base64.
const MAX_ANSWER_BYTES: u64 = 256 << 10;
/// Time limit for a request to arrive.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time from a run's deadline to its answer; meanwhile the plugin is killed.
const ANSWER_GRACE: Duration = Duration::from_millis(450);
/// Maximum number of concurrent plugins; others wait.
const MAX_CONCURRENT: usize = 256;

/// Asks the runner behind `socket` to run a plugin.
///
/// # Errors
/// The runner does not answer, which says nothing about the plugin's target.
pub(super) async fn ask(socket: &Path, exec: &Exec, deadline: Instant) -> Result<PluginRun, Fault> {
    let asking = async {
        let start = Instant::now();
        let mut stream = UnixStream::connect(socket).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        stream.write_all(request(exec, left).as_bytes()).await?;
        let answer = line(&mut stream, MAX_ANSWER_BYTES).await?;
        read_answer(&answer, start).ok_or_else(|| io::Error::other("the answer cannot be read"))
    };
    let answered = timeout_at(deadline + ANSWER_GRACE, asking).await;
    let why = match answered {
        Ok(Ok(run)) => return Ok(run),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    Err(Fault::own(format!(
        "the plugin runner at {} does not answer: {why}. Try systemctl enable --now skerry-plugins.socket",
        socket.display()
    )))
}

/// Runs the requested plugins for ever. The permissions of the socket decide who may ask.
///
/// # Errors
/// `listener` is not a listening socket.
pub async fn serve(listener: std::os::unix::net::UnixListener) -> anyhow::Result<()> {
    listener.set_nonblocking(true).context("the socket cannot be used")?;
    let listener = UnixListener::from_std(listener).context("the socket cannot be used")?;
    let room = Arc::new(Semaphore::new(MAX_CONCURRENT));
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
                // For example no descriptors are left: a plugin that ends frees some.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves one run. The run ends with the client's connection.
async fn answer(mut stream: UnixStream) -> io::Result<()> {
    let asked = timeout(REQUEST_TIMEOUT, line(&mut stream, MAX_REQUEST_BYTES)).await??;
    let (exec, left) = read_request(&asked).ok_or_else(|| io::Error::other("the request cannot be read"))?;
    let (mut reading, mut writing) = stream.into_split();
    let mut rest = [0; 1];
    let run = tokio::select! {
        run = PluginRun::here(&exec, Instant::now() + left) => run,
        _ = reading.read(&mut rest) => return Ok(()),
    };
    writing.write_all(write_answer(&run).as_bytes()).await
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

fn write_answer(run: &PluginRun) -> String {
    let (ended, errno, why) = match &run.ended {
        RunEnd::Exited => ("in_time", None, None),
        RunEnd::TimedOut => ("late", None, None),
        RunEnd::NotStarted(error) => ("not_run", error.raw_os_error(), Some(error.to_string())),
    };
    let answer = json!({
        "ended": ended,
        "errno": errno,
        "why": why,
        "took_us": u64::try_from(run.took.as_micros()).unwrap_or(u64::MAX),
        "code": run.code,
        "signal": run.signal,
        "output": BASE64.encode(&run.output),
        "complaint": BASE64.encode(&run.stderr),
        "cut": run.cut,
    });
    format!("{answer}\n")
}

fn read_answer(line: &[u8], start: Instant) -> Option<PluginRun> {
    let output: Value = serde_json::from_slice(line).ok()?;
    let number = |key: &str| output[key].as_i64().and_then(|number| i32::try_from(number).ok());
    let bytes = |key: &str| BASE64.decode(output[key].as_str()?).ok();
    let ended = match output["ended"].as_str()? {
        "in_time" => RunEnd::Exited,
        "late" => RunEnd::TimedOut,
        "not_run" => RunEnd::NotStarted(match number("errno") {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::other(output["why"].as_str().unwrap_or_default().to_owned()),
        }),
        _ => return None,
    };
    let took = Duration::from_micros(output["took_us"].as_u64()?);
    Some(PluginRun {
        ended,
        took: took.min(start.elapsed()),
        code: number("code"),
        signal: number("signal"),
        output: bytes("output")?,
        stderr: bytes("complaint")?,
        cut: output["cut"].as_bool()?,
    })
}
