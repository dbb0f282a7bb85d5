//! Webhooks, signed as Standard Webhooks says: HMAC-SHA256 over id, time and body. ring signs, which this program has
//! already; its key shows nowhere. The tests verify with the standard's own library.

pub mod payload;

use crate::http::HttpClient;
use crate::outcome::Outcome;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use std::fmt;
use url::Url;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

const PREFIX: &str = "whsec_";
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Bytes of a key that we make: as many as the hash has.
const NEW_KEY_BYTES: usize = 32;

/// The secret by which an endpoint knows that a webhook is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    key: Vec<u8>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Why a text is no secret of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// It does not begin with the prefix.
    #[error("must begin with {PREFIX}")]
    Prefix,
    /// What follows is no base64.
    #[error("must be base64 after {PREFIX}")]
    Base64,
    /// It is too short or too long.
    #[error("must hold {least} to {most} bytes; it holds {0}", least = KEY_BYTES.start(), most = KEY_BYTES.end())]
    Length(usize),
}

impl Secret {
    /// A new secret, from the operating system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self { key: skerry_host::random::bytes::<NEW_KEY_BYTES>().to_vec() }
    }

    /// Reads `whsec_` and base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// Why it is none; the message holds nothing of it.
    pub fn read(text: &str) -> Result<Self, SecretFault> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(SecretFault::Prefix)?;
        let key = STANDARD.decode(encoded).map_err(|_| SecretFault::Base64)?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(SecretFault::Length(key.len()));
        }
        Ok(Self { key })
    }

    /// As its owner enters it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.key))
    }

    fn sign(&self, signed: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed)))
    }
}

/// A webhook with its secrets.
#[derive(Clone)]
pub struct Webhook {
    /// Names the message: the same in all attempts, so that an endpoint takes it once. Letters, digits, `-` and `_`.
    pub id: String,
    /// JSON.
    pub body: Bytes,
    /// One, or two while the secret is exchanged: an endpoint that knows either accepts the signature. Without one nothing is
    /// signed.
    pub secrets: Vec<Secret>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Webhook {
    /// The headers of an attempt at this time, in seconds since 1970.
    ///
    /// # Errors
    /// The id cannot stand in a header.
    pub fn headers(&self, at: i64) -> Result<HeaderMap, http::header::InvalidHeaderValue> {
        let signed = [self.id.as_bytes(), b".", at.to_string().as_bytes(), b".", &self.body].concat();
        let signatures: Vec<String> = self.secrets.iter().map(|secret| secret.sign(&signed)).collect();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ID, HeaderValue::from_str(&self.id)?);
        headers.insert(TIMESTAMP, HeaderValue::from(at));
        if !signatures.is_empty() {
            headers.insert(SIGNATURE, HeaderValue::from_str(&signatures.join(" "))?);
        }
        Ok(headers)
    }

    /// Sends it once, at this time.
    pub async fn send(&self, client: &HttpClient, url: &Url, at: i64) -> Outcome {
        match self.headers(at) {
            Ok(headers) => client.post(url, headers, self.body.clone()).await,
            Err(_) => Outcome::own("the id of the webhook cannot stand in a header"),
        }
    }
}

#[cfg(test)]
#[path = "webhook_test.rs"]
mod tests;
