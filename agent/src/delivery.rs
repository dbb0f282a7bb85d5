//! Delivers batches over HTTP as the wire contract says. Follows no redirects, uses no proxy, sends the token
//! in clear text only to loopback unless allowed, and accepts only valid replies.

mod enrol;
mod error_text;
pub mod fetch;
pub mod trust;

pub use enrol::{Enrolled, enrol};

use crate::clock::{Clock, CorrectedClock, EARLIEST};
use crate::uplink::{Deliver, Delivery};
use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use error_text::describe;
use fetch::Fetcher;
use prost::Message;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use skerry_host::secret_files;
use skerry_protocol::strict::is_loopback;
use skerry_protocol::wire;
use skerry_protocol::words::short_line;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use trust::{Fingerprint, ValidityClock, is_refused_for_dates, untrusted};
use url::Url;

/// Maximum size of an answer, bytes.
const MAX_ANSWER_BYTES: usize = 64 << 10;
const PROTOBUF: &str = "application/x-protobuf";
/// Only an aggregator sends problem details (RFC 9457).
const PROBLEM_JSON: &str = "application/problem+json";

/// Where and how to deliver.
#[derive(Clone, Debug)]
pub struct HttpDeliverySettings {
    /// Base URLs of the aggregator, not empty; the endpoint's path is appended. The first one is preferred
    /// while it answers.
    pub urls: Vec<Url>,
    /// File whose first line is the agent's token. Read for every batch, so that the token can be replaced.
    pub token_file: Option<PathBuf>,
    /// Additional trusted authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// The one accepted certificate; overrides the authorities.
    pub fingerprint: Option<Fingerprint>,
    /// Id of the accepted aggregator; if unknown, the first that answers.
    pub aggregator_id: Option<String>,
    /// Allows plain HTTP to hosts other than loopback.
    pub allow_plaintext: bool,
}

/// Posts batches to an aggregator.
#[derive(Debug)]
pub struct HttpDelivery {
    client: Client,
    endpoints: Vec<Url>,
    /// Index of the endpoint to try next.
    next: AtomicUsize,
    aggregator_id: Mutex<Option<String>>,
    token_file: Option<PathBuf>,
    time: Arc<CorrectedClock>,
    /// Fetches the time when a certificate's validity is in doubt; not needed with a pin.
    time_fetcher: Option<Fetcher>,
}

impl HttpDelivery {
    /// Prepares the HTTP client.
    ///
    /// # Errors
    /// Plain HTTP to another host is not allowed, or a certificate or token file cannot be used.
    pub fn new(settings: &HttpDeliverySettings) -> anyhow::Result<Self> {
        ensure!(!settings.urls.is_empty(), "the aggregator has no address");
        let of = |url: &Url| endpoint(url, settings.allow_plaintext);
        let endpoints = settings.urls.iter().map(of).collect::<anyhow::Result<_>>()?;
        if let Some(path) = &settings.token_file {
            read_token(path)?;
        }
        let time = Arc::new(CorrectedClock::new(Clock::open()?));
        let (ca_file, dates) =
            (settings.ca_file.as_deref(), ValidityClock::LocalOrCorrected(Arc::clone(&time)));
        let client = client(trust::trust(ca_file, settings.fingerprint, dates)?.config)?;
        let time_fetcher = match settings.fingerprint {
            None => Some(Fetcher::ignoring_validity(ca_file)?),
            Some(_) => None,
        };
        let aggregator_id = Mutex::new(settings.aggregator_id.clone());
        let token_file = settings.token_file.clone();
        let next = AtomicUsize::new(0);
        Ok(Self { client, endpoints, next, aggregator_id, token_file, time, time_fetcher })
    }

    /// Returns our aggregator's id if the answer is from another one.
    fn foreign_aggregator(&self, id: &str) -> Option<String> {
        let mut ours = self.aggregator_id.lock().unwrap_or_else(PoisonError::into_inner);
        match ours.as_deref() {
            Some(ours) if ours != id => Some(ours.to_owned()),
            Some(_) => None,
            None => {
                *ours = (!id.is_empty()).then(|| id.to_owned());
                None
            }
        }
    }

    /// Asks `endpoint` for the time without sending anything secret. The answer counts if its certificate,
    /// issued by a trusted authority, is valid at that time. Someone with the key of an expired certificate
    /// could fake this, but a host with a wrong clock is not locked out until somebody sets it.
    async fn fetch_time(&self, endpoint: &Url) -> bool {
        let Some(fetcher) = &self.time_fetcher else { return false };
        let Ok(fetched) = fetcher.get(endpoint, &[]).await else { return false };
        let (Some(date), Some(shown)) = (date(&fetched.headers), fetched.certificate) else { return false };
        let believable =
            (shown.not_before..=shown.not_after).contains(&date) && date.as_millisecond() >= EARLIEST;
        if believable {
            let own = jiff::Timestamp::from_millisecond(self.time.wall_times().local).unwrap_or_default();
            tracing::warn!(
                "this host's clock says {own}, at which the certificate of {endpoint} is not valid; the aggregator says \
                 {date}, at which it is, and the agent goes by that. Set this host's clock right"
            );
            self.time.set(date.as_millisecond());
        }
        believable
    }

    async fn send(&self, endpoint: &Url, body: Bytes) -> Result<reqwest::Result<Response>, String> {
        let mut request = self
            .client
            .post(endpoint.clone())
            .header(CONTENT_TYPE, PROTOBUF)
            .header(CONTENT_ENCODING, "zstd")
            .header("Skerry-Protocol", wire::PROTOCOL_VERSION)
            .body(body);
        if let Some(path) = &self.token_file {
            let token = read_token(path).map_err(|error| format!("{error:#}"))?;
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| format!("the token in {} is not a token", path.display()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        Ok(request.send().await)
    }

    async fn post(&self, endpoint: &Url, body: Bytes) -> Result<Delivery, String> {
        let sent = self.send(endpoint, body).await?;
        if let Err(error) = &sent
            && is_refused_for_dates(error)
            && self.fetch_time(endpoint).await
        {
            // A batch is placed by its arrival time, and this one is too old by now.
            let why = "the certificate was judged by a wrong clock, which was put right".to_owned();
            return Ok(Delivery::Again { after: None, why });
        }
        let response = sent.map_err(|error| {
            untrusted(&error, endpoint).map_or_else(|| describe(&error), |it| it.to_string())
        })?;
        let status = response.status();
        let (protobuf, problem) = (
            has_content_type(response.headers(), PROTOBUF),
            has_content_type(response.headers(), PROBLEM_JSON),
        );
        let after = retry_after(response.headers());
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let answer = read_bounded(response).await?;
        let told = || describe_answer(status, &answer);
        Ok(match status {
            StatusCode::PAYLOAD_TOO_LARGE => Delivery::TooLarge(told()),
            StatusCode::OK if protobuf => self.read_reply(endpoint, &answer),
            StatusCode::OK => Delivery::Again {
                after: None,
                why: format!(
                    "{endpoint} answered 200 with something that is not a reply of an aggregator (a captive portal, \
                     or a wrong address?): {}",
                    summary(&answer)
                ),
            },
            _ if status.is_redirection() => Delivery::Again {
                after,
                why: format!(
                    "{endpoint} answered {status} and redirects to {} (a captive portal, or a wrong address?); \
                     redirects are not followed",
                    location.as_deref().unwrap_or("nowhere")
                ),
            },
            // A proxy must not speak for the aggregator: it can neither reject the agent nor judge a batch.
            _ if !status.is_success() && !problem => Delivery::Again {
                after,
                why: format!("{}; that is not an aggregator's answer (a proxy in between?)", told()),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Delivery::Unauthorized(told()),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Delivery::Malformed(told()),
            _ => Delivery::Again { after, why: told() },
        })
    }

    /// Interprets the reply of `endpoint` to a batch.
    fn read_reply(&self, endpoint: &Url, answer: &[u8]) -> Delivery {
        let why = match wire::Reply::decode(answer) {
            Ok(reply) if reply.protocol > 0 => match self.foreign_aggregator(&reply.aggregator_id) {
                None => {
                    self.time.set(reply.wall_now_ms);
                    return Delivery::Accepted(reply);
                }
                Some(ours) => format!(
                    "{endpoint} is another aggregator ({}, and this agent belongs to {ours}): take that \
                     address out of url and further_urls, or enrol this agent anew",
                    reply.aggregator_id
                ),
            },
            _ => "the aggregator's reply cannot be read".to_owned(),
        };
        Delivery::Again { after: None, why }
    }
}

#[async_trait]
impl Deliver for HttpDelivery {
    async fn deliver(&self, body: Bytes) -> Delivery {
        let first = self.next.load(Ordering::Relaxed) % self.endpoints.len();
        let mut refused = None;
        // An endpoint that rejects us may belong to someone else: we are rejected only if all of them do.
        for at in (first..first + self.endpoints.len()).map(|at| at % self.endpoints.len()) {
            let posted = self.post(&self.endpoints[at], body.clone()).await;
            match posted.unwrap_or_else(|why| Delivery::Again { after: None, why }) {
                Delivery::Unauthorized(why) => refused = refused.or(Some(why)),
                delivery => {
                    let next = at + usize::from(matches!(delivery, Delivery::Again { .. }));
                    self.next.store(next, Ordering::Relaxed);
                    return delivery;
                }
            }
        }
        self.next.store(first + 1, Ordering::Relaxed);
        Delivery::Unauthorized(refused.unwrap_or_default())
    }
}

/// The URL that batches are posted to.
pub(crate) fn endpoint(url: &Url, allow_plaintext: bool) -> anyhow::Result<Url> {
    match url.scheme() {
        "https" => {}
        "http" if allow_plaintext || is_loopback(url) => {}
        "http" => bail!(
            "[aggregator] url = \"{url}\" would send the token in the clear: use https, or set allow_plaintext = true"
        ),
        other => bail!("[aggregator] url has the scheme {other}; it must be https or http"),
    }
    let mut endpoint = url.clone();
    endpoint.set_path(&format!("{}{}", url.path().trim_end_matches('/'), wire::BATCH_PATH));
    Ok(endpoint)
}

fn client(tls: rustls::ClientConfig) -> anyhow::Result<Client> {
    builder(tls).build().context("cannot prepare the HTTP client")
}

/// A client for requests that are no deliveries. It trusts the authorities of this host, follows no redirect and uses no
/// proxy. So many `idle` connections to a host are kept; a peer that closes them after seconds is better met with none.
///
/// # Errors
/// The host's authorities cannot be read.
pub fn client_of_host(idle: usize) -> anyhow::Result<Client> {
    let tls = trust::trust(None, None, ValidityClock::Local)?.config;
    let client = builder(tls).user_agent(concat!("skerry/", env!("CARGO_PKG_VERSION")));
    client.pool_max_idle_per_host(idle).build().context("cannot prepare the HTTP client")
}

fn builder(tls: rustls::ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(1)
        .user_agent(concat!("skerry-agent/", env!("CARGO_PKG_VERSION")))
}

/// Reads the first line of a file that only its owner and group may read.
pub(crate) fn read_token(path: &Path) -> anyhow::Result<String> {
    let no_token = || format!("[aggregator] token_file {} holds no token", path.display());
    let token = secret_files::token(path).with_context(no_token)?;
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode());
    ensure!(mode & 0o007 == 0, "others can read {}: chmod 600 it, and exchange the token", path.display());
    String::from_utf8(token).with_context(no_token)
}

fn has_content_type(headers: &HeaderMap, kind: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case(kind))
}

/// `Retry-After` (RFC 9110, section 10.2.3) in seconds or as a date.
#[expect(clippy::disallowed_methods, reason = "a date can only be waited for on the wall clock")]
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    // Uses the sender's own clock if it sends a `Date`.
    let now = date(headers).map_or_else(SystemTime::now, SystemTime::from);
    SystemTime::from(until).duration_since(now).ok()
}

fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    Some(jiff::fmt::rfc2822::parse(headers.get(DATE)?.to_str().ok()?).ok()?.timestamp())
}

async fn read_bounded(mut response: Response) -> Result<Bytes, String> {
    let mut answer = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| describe(&error))? {
        let room = MAX_ANSWER_BYTES - answer.len();
        answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(answer.freeze())
}

/// A short description of the answer, on one line.
fn describe_answer(status: StatusCode, answer: &[u8]) -> String {
    let line = summary(answer);
    if line.is_empty() { format!("it answered {status}") } else { format!("it answered {status}: {line}") }
}

/// The detail of a problem, the title of a page, or the beginning of the text.
fn summary(answer: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
    let text = detail.map_or_else(|| String::from_utf8_lossy(answer), Into::into);
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let text = title.map_or(text.as_ref(), |(title, _)| title);
    let line = short_line(text, 400);
    line.trim().to_owned()
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
