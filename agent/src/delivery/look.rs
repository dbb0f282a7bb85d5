//! A look at what answers at an address, for a person who asks whether all is well. Follows no redirect and
//! believes whom deliveries believe.

use super::trust::{Dates, Fingerprint, Refusal, trust};
use super::words::{speaks_no_tls, words};
use super::{builder, read_bounded, refusal};
use anyhow::Context;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use sha2::{Digest, Sha256};
use std::path::Path;
use url::Url;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Looks at addresses.
#[derive(Debug)]
pub struct Looker(Client);

/// What answered.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Status code.
    pub status: u16,
    /// Its fields.
    pub headers: HeaderMap,
    /// The first 64 KiB, as they came.
    pub body: Bytes,
    /// The certificate shown, where TLS was spoken.
    pub certificate: Option<Shown>,
}

/// A certificate that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its beginning.
    pub not_before: jiff::Timestamp,
    /// Its end.
    pub not_after: jiff::Timestamp,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
}

/// Why nothing was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// Nobody answers, in words.
    Silent(String),
    /// Whoever answers is not believed.
    Disbelieved(Refusal),
}

impl Sight {
    /// A field's value, where it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Looker {
    /// Believes the host's authorities and those of `ca_file`, or the one certificate `pin`.
    ///
    /// # Errors
    /// `ca_file` cannot be used.
    pub fn new(ca_file: Option<&Path>, pin: Option<Fingerprint>) -> anyhow::Result<Self> {
        Self::by(ca_file, pin, Dates::Own)
    }

    /// Believes certificates of the host's authorities and of `ca_file` at any time: for a look that tells no secret.
    pub(super) fn at_any_time(ca_file: Option<&Path>) -> anyhow::Result<Self> {
        Self::by(ca_file, None, Dates::Any)
    }

    fn by(ca_file: Option<&Path>, pin: Option<Fingerprint>, dates: Dates) -> anyhow::Result<Self> {
        let client = builder(trust(ca_file, pin, dates)?.config).tls_info(true).build();
        Ok(Self(client.context("cannot prepare the HTTP client")?))
    }

    /// `GET url`.
    ///
    /// # Errors
    /// Nobody answers who is believed.
    pub async fn get(&self, url: &Url, fields: &[(&'static str, &str)]) -> Result<Sight, Unseen> {
        self.ask(Method::GET, url, fields, Bytes::new()).await
    }

    /// `POST url`.
    ///
    /// # Errors
    /// Nobody answers who is believed.
    pub async fn post(
        &self,
        url: &Url,
        fields: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Sight, Unseen> {
        self.ask(Method::POST, url, fields, body).await
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        fields: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Sight, Unseen> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let mut value =
                HeaderValue::from_str(value).map_err(|_| Unseen::Silent(format!("{name} cannot be sent")))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let sent = self.0.request(method, url.clone()).headers(headers).body(body).send().await;
        let response = sent.map_err(|error| {
            let refused = if speaks_no_tls(&error) { None } else { refusal(&error, url) };
            refused.map_or_else(|| Unseen::Silent(words(&error)), Unseen::Disbelieved)
        })?;
        let info = response.extensions().get::<reqwest::tls::TlsInfo>();
        let certificate = info.and_then(|info| info.peer_certificate()).and_then(shown);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read_bounded(response).await.map_err(Unseen::Silent)?;
        Ok(Sight { status, headers, body, certificate })
    }
}

fn shown(der: &[u8]) -> Option<Shown> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let not_after = jiff::Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?;
    let not_before = jiff::Timestamp::from_second(parsed.validity().not_before.timestamp()).ok()?;
    Some(Shown { not_before, not_after, fingerprint: Sha256::digest(der).into() })
}
