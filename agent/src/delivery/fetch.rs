//! Fetches a URL for diagnosis. Follows no redirects and trusts what deliveries trust.

use super::error_text::{describe, speaks_no_tls};
use super::trust::{Fingerprint, UntrustedCertificate, ValidityClock, trust};
use super::{builder, read_bounded, untrusted};
use anyhow::Context;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use sha2::{Digest, Sha256};
use std::path::Path;
use url::Url;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Fetches URLs.
#[derive(Debug)]
pub struct Fetcher(Client);

/// An answer.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The first 64 KiB as received.
    pub body: Bytes,
    /// The server's certificate, if the connection used TLS.
    pub certificate: Option<CertificateInfo>,
}

/// A server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// Start of its validity.
    pub not_before: jiff::Timestamp,
    /// End of its validity.
    pub not_after: jiff::Timestamp,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The server did not answer; the reason in words.
    Unreachable(String),
    /// The server is not trusted.
    Untrusted(UntrustedCertificate),
}

impl Fetched {
    /// The value of a header, if present and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Fetcher {
    /// Trusts the host's authorities and those of `ca_file`, or only the certificate `pin`.
    ///
    /// # Errors
    /// `ca_file` cannot be used.
    pub fn new(ca_file: Option<&Path>, pin: Option<Fingerprint>) -> anyhow::Result<Self> {
        Self::by(ca_file, pin, ValidityClock::Local)
    }

    /// Ignores the validity period of certificates: for requests without secrets.
    pub(super) fn ignoring_validity(ca_file: Option<&Path>) -> anyhow::Result<Self> {
        Self::by(ca_file, None, ValidityClock::Ignored)
    }

    fn by(ca_file: Option<&Path>, pin: Option<Fingerprint>, dates: ValidityClock) -> anyhow::Result<Self> {
        let client = builder(trust(ca_file, pin, dates)?.config).tls_info(true).build();
        Ok(Self(client.context("cannot prepare the HTTP client")?))
    }

    /// `GET url`.
    ///
    /// # Errors
    /// No trusted server answers.
    pub async fn get(&self, url: &Url, fields: &[(&'static str, &str)]) -> Result<Fetched, FetchError> {
        self.ask(Method::GET, url, fields, Bytes::new()).await
    }

    /// `POST url`.
    ///
    /// # Errors
    /// No trusted server answers.
    pub async fn post(
        &self,
        url: &Url,
        fields: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Fetched, FetchError> {
        self.ask(Method::POST, url, fields, body).await
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        fields: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Fetched, FetchError> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| FetchError::Unreachable(format!("{name} cannot be sent")))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let sent = self.0.request(method, url.clone()).headers(headers).body(body).send().await;
        let response = sent.map_err(|error| {
            let refused = if speaks_no_tls(&error) { None } else { untrusted(&error, url) };
            refused.map_or_else(|| FetchError::Unreachable(describe(&error)), FetchError::Untrusted)
        })?;
        let info = response.extensions().get::<reqwest::tls::TlsInfo>();
        let certificate = info.and_then(|info| info.peer_certificate()).and_then(certificate_info);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read_bounded(response).await.map_err(FetchError::Unreachable)?;
        Ok(Fetched { status, headers, body, certificate })
    }
}

fn certificate_info(der: &[u8]) -> Option<CertificateInfo> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let not_after = jiff::Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?;
    let not_before = jiff::Timestamp::from_second(parsed.validity().not_before.timestamp()).ok()?;
    Some(CertificateInfo { not_before, not_after, fingerprint: Sha256::digest(der).into() })
}
