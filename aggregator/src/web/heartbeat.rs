//! Where jobs call: `/heartbeat/<token>` and below it `start`, `fail` or an exit code, in the manner of
//! healthchecks.io. An address that nobody has is answered as a path that does not exist.

use super::headers::{method_not_allowed, uncached};
use super::problem::problem;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use skerry_protocol::words::one_line;
use std::time::Duration;

/// Where the addresses begin.
pub(super) const PATH: &str = "/heartbeat/{call:.*}";
/// Most of a body that is kept, bytes.
const MOST_WORDS: usize = 200;
/// Most of a body that is read, bytes.
const MOST_BODY: usize = 100_000;
const BODY_TIME: Duration = Duration::from_secs(10);
/// Longest name of a run, bytes; a UUID has 36.
const LONGEST_RUN: usize = 64;

/// What a job tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// It begins; nothing else is told.
    pub start: bool,
    /// How it ended; 0 is well.
    pub code: u8,
    /// Its name for this run (`rid`), at most 64 bytes.
    pub run: String,
    /// The first line of what it sent; private.
    pub words: String,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallAnswer {
    /// It is committed: 200.
    Taken,
    /// Nobody has this address: 404.
    Unknown,
    /// Our own fault: 503, to be tried again.
    Later {
        /// Seconds.
        retry_after: u32,
    },
}

/// What takes calls.
#[async_trait]
pub trait Heartbeats: Send + Sync {
    /// Somebody has this address. Answered from memory.
    fn knows(&self, token: &str) -> bool;

    /// Takes a call. Returns only when it is durable.
    async fn call(&self, token: &str, call: Call) -> CallAnswer;
}

/// `None`: no such address.
pub(super) async fn call(
    heartbeats: &dyn Heartbeats,
    request: &HttpRequest,
    body: web::Payload,
) -> Option<HttpResponse> {
    let (token, mut call) = read_path(request.match_info().query("call"))?;
    if !heartbeats.knows(token) {
        return None;
    }
    if ![Method::GET, Method::HEAD, Method::POST].contains(request.method()) {
        return Some(method_not_allowed("GET, HEAD, POST"));
    }
    call.run = run_of(request.query_string());
    call.words = words(body).await;
    match heartbeats.call(token, call).await {
        CallAnswer::Taken => Some(uncached(StatusCode::OK, "text/plain; charset=utf-8", "OK")),
        CallAnswer::Unknown => None,
        CallAnswer::Later { retry_after } => {
            let why = "the call could not be kept; make it again";
            let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, why);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
            Some(response)
        }
    }
}

fn read_path(path: &str) -> Option<(&str, Call)> {
    let (token, tells) = path.split_once('/').unwrap_or((path, ""));
    let call = match tells {
        "" => Call::default(),
        "start" => Call { start: true, ..Call::default() },
        "fail" => Call { code: 1, ..Call::default() },
        code if code.bytes().all(|one| one.is_ascii_digit()) => {
            Call { code: code.parse().ok()?, ..Call::default() }
        }
        _ => return None,
    };
    Some((token, call))
}

fn run_of(query: &str) -> String {
    let run = query.split('&').find_map(|pair| pair.strip_prefix("rid=")).unwrap_or_default();
    let plain = run.len() <= LONGEST_RUN && run.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-');
    if plain { run.to_owned() } else { String::new() }
}

/// The first line of a body, as far as it is kept. A body that is slow, broken or long keeps no call back.
async fn words(mut body: web::Payload) -> String {
    let mut read = 0;
    let mut kept = Vec::new();
    let all = async {
        while let Some(Ok(chunk)) = body.next().await {
            read += chunk.len();
            kept.extend(chunk.iter().take(MOST_WORDS - kept.len().min(MOST_WORDS)));
            if read > MOST_BODY {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(BODY_TIME, all).await;
    let text = String::from_utf8_lossy(&kept);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    one_line(line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_what_happened() {
        let told =
            |path: &str| read_path(path).map(|(token, call)| (token.to_owned(), call.start, call.code));
        let of = |start, code| Some(("t".to_owned(), start, code));
        for (path, expected) in [
            ("t", of(false, 0)),
            ("t/", of(false, 0)),
            ("t/start", of(true, 0)),
            ("t/fail", of(false, 1)),
            ("t/0", of(false, 0)),
            ("t/255", of(false, 255)),
            ("t/256", None),
            ("t/-1", None),
            ("t/log", None),
            ("t/start/again", None),
        ] {
            assert_eq!(told(path), expected, "{path}");
        }
        assert_eq!(run_of("create=1&rid=0b1e-2f"), "0b1e-2f");
        assert_eq!(run_of("rid=%00"), "");
        assert_eq!(run_of(&format!("rid={}", "a".repeat(65))), "");
    }
}
