//! The endpoint of jobs: `/heartbeat/<token>`, and below it `start`, `fail`, `log` or an exit code, as on
//! healthchecks.io; or with the parameters `status`, `msg` and `ping`, as in Uptime Kuma. An unknown token is answered
//! like a path that does not exist.

use super::headers::{method_not_allowed, uncached};
use super::problem::problem;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use skerry_protocol::words::one_line;
use std::time::Duration;

/// The route of all heartbeat addresses.
pub(super) const PATH: &str = "/heartbeat/{call:.*}";
/// Bytes of a body that are kept.
const MAX_TEXT_BYTES: usize = 200;
/// Bytes of a body that are read.
const MAX_BODY_BYTES: usize = 100_000;
const BODY_TIME: Duration = Duration::from_secs(10);
/// Bytes of a run's id; a UUID has 36.
const MAX_RUN_ID_BYTES: usize = 64;
/// A year; a longer duration is ignored.
const MAX_RUN_MS: f64 = 366.0 * 86_400_000.0;

/// One call of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The event of the run.
    pub what: CallKind,
    /// The job's id of this run (`rid`), at most 64 bytes, lower case; empty if it sends none.
    pub run: String,
    /// The duration that the job reports (`ping`), in ms.
    pub took_ms: Option<u64>,
    /// The first line of the body, or else `msg`; private.
    pub words: String,
}

/// The event that a call reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// The run begins.
    Start,
    /// The run ended with this exit code; 0 is success. Some systems have codes of more than 32 bits.
    Ended(i64),
    /// Text only; no event.
    Log,
}

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallAnswer {
    /// 200: the call is committed.
    Taken,
    /// 404: there is no such token.
    Unknown,
    /// 503: a fault of the aggregator. The job calls again later.
    Later {
        /// Seconds.
        retry_after: u32,
    },
}

/// Accepts the calls of jobs.
#[async_trait]
pub trait Heartbeats: Send + Sync {
    /// Whether a heartbeat has this token.
    async fn knows(&self, token: &str) -> bool;

    /// Accepts a call. Returns once it is durable.
    async fn call(&self, token: &str, call: Call) -> CallAnswer;
}

/// Answers a call. Returns `None` if no heartbeat has its token.
pub(super) async fn call(
    heartbeats: &dyn Heartbeats,
    request: &HttpRequest,
    body: web::Payload,
) -> Option<HttpResponse> {
    let (token, what) = read_path(request.match_info().query("call"))?;
    if !heartbeats.knows(token).await {
        return None;
    }
    if ![Method::GET, Method::HEAD, Method::POST].contains(request.method()) {
        return Some(method_not_allowed("GET, HEAD, POST"));
    }
    let mut call = read_query(what, request.query_string());
    let text = read_text(body).await;
    if !text.is_empty() {
        call.words = text;
    }
    match heartbeats.call(token, call).await {
        CallAnswer::Taken => Some(uncached(StatusCode::OK, "text/plain; charset=utf-8", "OK")),
        CallAnswer::Unknown => None,
        CallAnswer::Later { retry_after } => {
            let why = "the call could not be stored; call again";
            let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, why);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
            Some(response)
        }
    }
}

fn read_path(path: &str) -> Option<(&str, CallKind)> {
    let (token, kind) = path.split_once('/').unwrap_or((path, ""));
    let what = match kind {
        "" => CallKind::Ended(0),
        "start" => CallKind::Start,
        "fail" => CallKind::Ended(1),
        "log" => CallKind::Log,
        code => {
            let digits = code.strip_prefix('-').unwrap_or(code);
            let number = !digits.is_empty() && digits.bytes().all(|one| one.is_ascii_digit());
            CallKind::Ended(number.then(|| code.parse().ok()).flatten()?)
        }
    };
    Some((token, what))
}

/// Reads `rid` as healthchecks.io does; `status`, `msg` and `ping` as the push monitors of Uptime Kuma do, for which
/// every status except `up` means down.
fn read_query(mut what: CallKind, query: &str) -> Call {
    let (mut run, mut took_ms, mut words) = (String::new(), None, String::new());
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "rid" => run = run_id(&value),
            "msg" => words = first_line(&value),
            "ping" => took_ms = milliseconds(&value),
            "status" if what == CallKind::Ended(0) && !matches!(&*value.to_ascii_lowercase(), "" | "up") => {
                what = CallKind::Ended(1);
            }
            _ => {}
        }
    }
    Call { what, run, took_ms, words }
}

fn milliseconds(value: &str) -> Option<u64> {
    let ms: f64 = value.parse().ok()?;
    (0.0..MAX_RUN_MS).contains(&ms).then_some(ms as u64)
}

fn run_id(run: &str) -> String {
    let plain =
        run.len() <= MAX_RUN_ID_BYTES && run.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-');
    if plain { run.to_ascii_lowercase() } else { String::new() }
}

/// The first line that is not blank, within [`MAX_TEXT_BYTES`].
fn first_line(text: &str) -> String {
    let end = (0..=MAX_TEXT_BYTES.min(text.len())).rfind(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let line = text[..end].lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    one_line(line.trim())
}

/// Returns the first line of a body. A slow, broken or long body does not hold up its call.
async fn read_text(mut body: web::Payload) -> String {
    let mut read = 0;
    let mut kept = Vec::new();
    let all = async {
        while let Some(Ok(chunk)) = body.next().await {
            read += chunk.len();
            kept.extend(chunk.iter().take(MAX_TEXT_BYTES - kept.len().min(MAX_TEXT_BYTES)));
            if read > MAX_BODY_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(BODY_TIME, all).await;
    first_line(&String::from_utf8_lossy(&kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_event() {
        let of = |what| Some(("t".to_owned(), what));
        for (path, expected) in [
            ("t", of(CallKind::Ended(0))),
            ("t/", of(CallKind::Ended(0))),
            ("t/start", of(CallKind::Start)),
            ("t/fail", of(CallKind::Ended(1))),
            ("t/log", of(CallKind::Log)),
            ("t/0", of(CallKind::Ended(0))),
            ("t/000", of(CallKind::Ended(0))),
            ("t/255", of(CallKind::Ended(255))),
            ("t/256", of(CallKind::Ended(256))),
            ("t/-1", of(CallKind::Ended(-1))),
            ("t/3221225786", of(CallKind::Ended(3_221_225_786))),
            ("t/-1073741510", of(CallKind::Ended(-1_073_741_510))),
            ("t/-", None),
            ("t/1e3", None),
            ("t/+1", None),
            ("t/99999999999999999999", None),
            ("t/start/again", None),
        ] {
            assert_eq!(read_path(path).map(|(token, what)| (token.to_owned(), what)), expected, "{path}");
        }
    }

    #[test]
    fn the_query_adds_run_status_text_and_duration() {
        let read = |query: &str| read_query(CallKind::Ended(0), query);
        assert_eq!(read("create=1&rid=0B1E-2f").run, "0b1e-2f");
        assert_eq!(read("rid=%00").run, "");
        assert_eq!(read(&format!("rid={}", "a".repeat(65))).run, "");
        let pushed = read("status=down&msg=disk+full%0Aagain&ping=12.5");
        let (what, words) = (CallKind::Ended(1), "disk full".to_owned());
        assert_eq!(pushed, Call { what, run: String::new(), took_ms: Some(12), words });
        for (query, code) in
            [("status=up", 0), ("status=UP&msg=OK&ping=", 0), ("status=DOWN", 1), ("status=", 0), ("", 0)]
        {
            assert_eq!(read(query).what, CallKind::Ended(code), "{query}");
        }
        assert_eq!(read_query(CallKind::Ended(7), "status=up").what, CallKind::Ended(7));
        assert_eq!(read_query(CallKind::Start, "status=down").what, CallKind::Start);
        for wrong in ["ping=-1", "ping=NaN", "ping=1e300", "ping=x"] {
            assert_eq!(read(wrong).took_ms, None, "{wrong}");
        }
    }
}
