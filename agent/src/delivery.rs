//! Delivery of batches over HTTP, by the wire's own contract. Follows no redirect, asks no proxy, sends the
//! token in the clear only to loopback unless it is told to, and believes only an answer that is a reply.

use crate::uplink::{Deliver, Delivery};
use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use prost::Message;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use skerry_protocol::wire;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 64 << 10;
const PROTOBUF: &str = "application/x-protobuf";

/// Where batches go, and how.
#[derive(Clone, Debug)]
pub struct HttpDeliverySettings {
    /// Address of the aggregator; the endpoint's path is put after its own.
    pub url: Url,
    /// File whose first line is the agent's token. Read for every batch, so that it can be exchanged.
    pub token_file: Option<PathBuf>,
    /// Further trusted authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// Plain HTTP is allowed to others than loopback.
    pub allow_plaintext: bool,
}

/// Posts batches to an aggregator.
#[derive(Debug)]
pub struct HttpDelivery {
    client: Client,
    endpoint: Url,
    token_file: Option<PathBuf>,
}

impl HttpDelivery {
    /// Prepares the client.
    ///
    /// # Errors
    /// Plain HTTP to another host without leave, a certificate or token file that cannot be used.
    pub fn new(settings: &HttpDeliverySettings) -> anyhow::Result<Self> {
        let url = &settings.url;
        match url.scheme() {
            "https" => {}
            "http" if settings.allow_plaintext || is_loopback(url) => {}
            "http" => bail!(
                "uplink.url = \"{url}\" would send the token in the clear: use https, or set allow_plaintext = true"
            ),
            other => bail!("uplink.url has the scheme {other}; it must be https or http"),
        }
        let mut endpoint = url.clone();
        endpoint.set_path(&format!("{}{}", url.path().trim_end_matches('/'), wire::BATCH_PATH));
        if let Some(path) = &settings.token_file {
            read_token(path)?;
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls(settings.ca_file.as_deref())?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(1)
            .user_agent(concat!("skerry-agent/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot prepare the HTTP client")?;
        Ok(Self { client, endpoint, token_file: settings.token_file.clone() })
    }

    async fn post(&self, body: Bytes) -> Result<Delivery, String> {
        let mut request = self
            .client
            .post(self.endpoint.clone())
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
        let response = request.send().await.map_err(|error| chain(&error))?;
        let status = response.status();
        let protobuf = is_protobuf(response.headers());
        let after = retry_after(response.headers());
        let answer = read_bounded(response).await?;
        let words = || said(status, &answer);
        Ok(match status {
            StatusCode::OK if !protobuf => Delivery::Again {
                after: None,
                why: format!(
                    "{} answered 200 with something that is not a reply of an aggregator (a captive portal, or \
                     a wrong address?)",
                    self.endpoint
                ),
            },
            StatusCode::OK => match wire::Reply::decode(answer.as_ref()) {
                Ok(reply) if reply.protocol > 0 => Delivery::Accepted(reply),
                _ => Delivery::Again { after: None, why: "the aggregator's reply cannot be read".to_owned() },
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Delivery::Unauthorized(words()),
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                Delivery::Malformed(words())
            }
            _ => Delivery::Again { after, why: words() },
        })
    }
}

#[async_trait]
impl Deliver for HttpDelivery {
    async fn deliver(&self, body: Bytes) -> Delivery {
        self.post(body).await.unwrap_or_else(|why| Delivery::Again { after: None, why })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn tls(ca_file: Option<&Path>) -> anyhow::Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let certificates = CertificateDer::pem_file_iter(path)
            .with_context(|| format!("cannot read uplink.ca_file {}", path.display()))?;
        let mut count = 0;
        for certificate in certificates {
            let certificate =
                certificate.with_context(|| format!("{} is not a PEM of certificates", path.display()))?;
            roots.add(certificate).with_context(|| format!("{} holds a bad certificate", path.display()))?;
            count += 1;
        }
        ensure!(count > 0, "{} holds no certificate", path.display());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The first line of a file that only its owner (and group) may read.
fn read_token(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read uplink.token_file {}", path.display()))?;
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode());
    ensure!(mode & 0o007 == 0, "others can read {}: chmod 600 it, and exchange the token", path.display());
    let token = text.lines().next().unwrap_or("").trim();
    ensure!(!token.is_empty(), "{} is empty", path.display());
    Ok(token.to_owned())
}

fn is_protobuf(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(PROTOBUF))
}

/// `Retry-After` (RFC 9110, 10.2.3) in seconds or as a date.
#[expect(clippy::disallowed_methods, reason = "a date can only be waited for on the wall clock")]
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    SystemTime::from(date.timestamp()).duration_since(SystemTime::now()).ok()
}

async fn read_bounded(mut response: Response) -> Result<Bytes, String> {
    let mut answer = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| chain(&error))? {
        let room = LONGEST_ANSWER - answer.len();
        answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(answer.freeze())
}

/// What the aggregator said, on one line and short.
fn said(status: StatusCode, answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    format!("it answered {status} {}", line.trim()).trim_end().to_owned()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        words = format!("{words}: {deeper}");
        source = deeper.source();
    }
    words
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
