//! The one request of a host that is to become an agent.

use super::trust::{Dates, Fingerprint, trust};
use super::words::words;
use super::{PROTOBUF, client, is_loopback, is_of, read_bounded, refusal, said};
use anyhow::{Context, bail, ensure};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use skerry_protocol::wire::{self, EnrolReply, EnrolRequest, JoinToken};
use std::path::Path;
use std::sync::atomic::Ordering;
use url::Url;

/// What came of it.
#[derive(Debug)]
pub struct Enrolled {
    /// The credential, and whose it is.
    pub reply: EnrolReply,
    /// Where the aggregator answered.
    pub url: Url,
    /// The certificate to pin; `None` where an authority vouches for it too, so that it may be renewed.
    pub pin: Option<Fingerprint>,
}

/// Exchanges `token` for a credential at the first of its addresses that answers.
///
/// # Errors
/// In words what to do. Where nobody answered the token is not used.
pub async fn enrol(
    token: &JoinToken,
    ca_file: Option<&Path>,
    allow_plaintext: bool,
) -> anyhow::Result<Enrolled> {
    let pin: Option<Fingerprint> = token.fingerprint.as_slice().try_into().ok();
    let trust = trust(ca_file, pin, Dates::Own)?;
    let vouched = trust.vouched;
    let client = client(trust.config)?;
    let mut failures = Vec::new();
    for address in &token.addresses {
        let url: Url = address.parse().with_context(|| format!("the token names {address:?}"))?;
        ensure!(
            url.scheme() == "https" || allow_plaintext || is_loopback(&url),
            "the token is for {url}, where the credential could be read on the way. Give the aggregator's \
             listener a certificate (it makes its own unless allow_plaintext is set), or run this again with \
             --allow-plaintext if the network is yours alone"
        );
        let mut endpoint = url.clone();
        endpoint.set_path(&format!("{}{}", url.path().trim_end_matches('/'), wire::ENROL_PATH));
        let request = EnrolRequest { protocol: wire::PROTOCOL_VERSION, secret: token.secret.clone() };
        let sent = client.post(endpoint).header(CONTENT_TYPE, PROTOBUF).body(request.to_bytes());
        let response = match sent.send().await {
            Ok(response) => response,
            Err(error) => {
                let other = || format!("{url}: {}", words(&error));
                failures.push(refusal(&error, &url).map_or_else(other, |refusal| refusal.to_string()));
                continue;
            }
        };
        let (status, protobuf) = (response.status(), is_of(response.headers(), PROTOBUF));
        let answer = read_bounded(response).await.map_err(anyhow::Error::msg)?;
        match status {
            StatusCode::OK if protobuf => {
                let reply = EnrolReply::from_bytes(&answer);
                let reply = reply.with_context(|| format!("the reply of {url} cannot be read"))?;
                let pin = pin.filter(|_| url.scheme() == "https" && !vouched.load(Ordering::Relaxed));
                return Ok(Enrolled { reply, url, pin });
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if failures.is_empty() => {
                bail!(said(status, &answer))
            }
            _ => failures.push(format!("{url}: {}", said(status, &answer))),
        }
    }
    bail!("no aggregator accepted the token; it was not used:\n{}", failures.join("\n"))
}
