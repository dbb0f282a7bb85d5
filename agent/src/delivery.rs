//! Delivery of batches over HTTP, by the wire's own contract. Follows no redirect, asks no proxy, sends the
//! token in the clear only to loopback unless it is told to, and believes only an answer that is a reply.

mod enrol;
pub mod look;
pub mod trust;
mod words;

pub use enrol::{Enrolled, enrol};

use crate::clock::{Clock, CorrectedClock, EARLIEST};
use crate::uplink::{Deliver, Delivery};
use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use look::Looker;
use prost::Message;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use skerry_protocol::secret;
use skerry_protocol::wire;
use skerry_protocol::words::one_line;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use trust::{Dates, Fingerprint, is_refused_for_its_dates, refusal};
use url::Url;
use words::words;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 64 << 10;
const PROTOBUF: &str = "application/x-protobuf";
/// Only an aggregator explains itself like this (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Where batches go, and how.
#[derive(Clone, Debug)]
pub struct HttpDeliverySettings {
    /// Addresses of the aggregator, not empty; the endpoint's path is put after their own. The first is kept
    /// to while it answers.
    pub urls: Vec<Url>,
    /// File whose first line is the agent's token. Read for every batch, so that it can be exchanged.
    pub token_file: Option<PathBuf>,
    /// Further trusted authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// The one certificate that is believed, whatever authorities say.
    pub fingerprint: Option<Fingerprint>,
    /// The one aggregator that is believed; the first that answers, where it is not known.
    pub aggregator_id: Option<String>,
    /// Plain HTTP is allowed to others than loopback.
    pub allow_plaintext: bool,
}

/// Posts batches to an aggregator.
#[derive(Debug)]
pub struct HttpDelivery {
    client: Client,
    endpoints: Vec<Url>,
    /// The endpoint that is tried next.
    next: AtomicUsize,
    aggregator_id: Mutex<Option<String>>,
    token_file: Option<PathBuf>,
    time: Arc<CorrectedClock>,
    /// Asks for the time where the dates of a certificate are in doubt; not needed where it is pinned.
    time_asker: Option<Looker>,
}

impl HttpDelivery {
    /// Prepares the client.
    ///
    /// # Errors
    /// Plain HTTP to another host without leave, a certificate or token file that cannot be used.
    pub fn new(settings: &HttpDeliverySettings) -> anyhow::Result<Self> {
        ensure!(!settings.urls.is_empty(), "the aggregator has no address");
        let of = |url: &Url| endpoint(url, settings.allow_plaintext);
        let endpoints = settings.urls.iter().map(of).collect::<anyhow::Result<_>>()?;
        if let Some(path) = &settings.token_file {
            read_token(path)?;
        }
        let time = Arc::new(CorrectedClock::new(Clock::open()?));
        let (ca_file, dates) = (settings.ca_file.as_deref(), Dates::Either(Arc::clone(&time)));
        let client = client(trust::trust(ca_file, settings.fingerprint, dates)?.config)?;
        let time_asker = match settings.fingerprint {
            None => Some(Looker::at_any_time(ca_file)?),
            Some(_) => None,
        };
        let aggregator_id = Mutex::new(settings.aggregator_id.clone());
        let token_file = settings.token_file.clone();
        let next = AtomicUsize::new(0);
        Ok(Self { client, endpoints, next, aggregator_id, token_file, time, time_asker })
    }

    /// `None`: it is ours. Otherwise whose answer this was.
    fn stranger(&self, id: &str) -> Option<String> {
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

    /// Asks `endpoint` what time it is, telling it nothing. Its answer is taken where its certificate, which an
    /// authority vouches for, is valid at that time: whoever has the key of an ended one could say so too, but a host
    /// whose clock is wrong is not locked out until somebody comes and sets it.
    async fn learn_the_time(&self, endpoint: &Url) -> bool {
        let Some(asker) = &self.time_asker else { return false };
        let Ok(sight) = asker.get(endpoint, &[]).await else { return false };
        let (Some(date), Some(shown)) = (date(&sight.headers), sight.certificate) else { return false };
        let believable =
            (shown.not_before..=shown.not_after).contains(&date) && date.as_millisecond() >= EARLIEST;
        if believable {
            let own = jiff::Timestamp::from_millisecond(self.time.readings().own).unwrap_or_default();
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
            && is_refused_for_its_dates(error)
            && self.learn_the_time(endpoint).await
        {
            // A batch is placed by when it arrives: this one is too old by now.
            let why = "the certificate was judged by a wrong clock, which was put right".to_owned();
            return Ok(Delivery::Again { after: None, why });
        }
        let response = sent
            .map_err(|error| refusal(&error, endpoint).map_or_else(|| words(&error), |it| it.to_string()))?;
        let status = response.status();
        let (protobuf, problem) = (is_of(response.headers(), PROTOBUF), is_of(response.headers(), PROBLEM));
        let after = retry_after(response.headers());
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let answer = read_bounded(response).await?;
        let told = || said(status, &answer);
        Ok(match status {
            StatusCode::PAYLOAD_TOO_LARGE => Delivery::TooLarge(told()),
            StatusCode::OK if protobuf => self.replied(endpoint, &answer),
            StatusCode::OK => Delivery::Again {
                after: None,
                why: format!(
                    "{endpoint} answered 200 with something that is not a reply of an aggregator (a captive portal, \
                     or a wrong address?): {}",
                    line(&answer)
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
            // What stands in between may not speak for the aggregator: neither refuse us nor judge a batch.
            _ if !status.is_success() && !problem => Delivery::Again {
                after,
                why: format!("{}; that is not an aggregator's answer (a proxy in between?)", told()),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Delivery::Unauthorized(told()),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Delivery::Malformed(told()),
            _ => Delivery::Again { after, why: told() },
        })
    }

    /// What `endpoint` replied to a batch.
    fn replied(&self, endpoint: &Url, answer: &[u8]) -> Delivery {
        let why = match wire::Reply::decode(answer) {
            Ok(reply) if reply.protocol > 0 => match self.stranger(&reply.aggregator_id) {
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
        // Who refuses us may be a stranger: we are refused once all of them do.
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

/// Where batches are posted to.
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

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The first line of a file that only its owner (and group) may read.
pub(crate) fn read_token(path: &Path) -> anyhow::Result<String> {
    let read = std::fs::read(path)
        .with_context(|| format!("cannot read [aggregator] token_file {}", path.display()))?;
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode());
    ensure!(mode & 0o007 == 0, "others can read {}: chmod 600 it, and exchange the token", path.display());
    let no_token = || format!("{} does not hold a token", path.display());
    let token = std::str::from_utf8(secret::token(&read).with_context(no_token)?).with_context(no_token)?;
    Ok(token.to_owned())
}

fn is_of(headers: &HeaderMap, kind: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case(kind))
}

/// `Retry-After` (RFC 9110, 10.2.3) in seconds or as a date.
#[expect(clippy::disallowed_methods, reason = "a date can only be waited for on the wall clock")]
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    // By the clock of whoever says so, where it tells what that says.
    let now = date(headers).map_or_else(SystemTime::now, SystemTime::from);
    SystemTime::from(until).duration_since(now).ok()
}

fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    Some(jiff::fmt::rfc2822::parse(headers.get(DATE)?.to_str().ok()?).ok()?.timestamp())
}

async fn read_bounded(mut response: Response) -> Result<Bytes, String> {
    let mut answer = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| words(&error))? {
        let room = LONGEST_ANSWER - answer.len();
        answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(answer.freeze())
}

/// What was said, on one line and short.
fn said(status: StatusCode, answer: &[u8]) -> String {
    let line = line(answer);
    if line.is_empty() { format!("it answered {status}") } else { format!("it answered {status}: {line}") }
}

/// The detail of a problem, the title of a page, or the beginning of the text.
fn line(answer: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
    let text = detail.map_or_else(|| String::from_utf8_lossy(answer), Into::into);
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let text = title.map_or(text.as_ref(), |(title, _)| title);
    let line: String = one_line(text).chars().take(400).collect();
    line.trim().to_owned()
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
