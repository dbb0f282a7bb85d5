//! The request that enrols a host as an agent.

use super::error_text::describe;
use super::trust::{Fingerprint, ValidityClock, trust};
use super::{PROTOBUF, client, describe_answer, has_content_type, read_bounded, untrusted};
use anyhow::{Context, bail, ensure};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use skerry_protocol::strict::is_loopback;
use skerry_protocol::wire::{self, EnrolReply, EnrolRequest, JoinToken};
use std::path::Path;
use std::sync::atomic::Ordering;
use url::Url;

/// The result of an enrolment.
#[derive(Debug)]
pub struct Enrolled {
    /// The credential and the identity it belongs to.
    pub reply: EnrolReply,
    /// The address that answered.
    pub url: Url,
    /// The certificate to pin; `None` if an authority vouches for it, so that it can be renewed.
    pub pin: Option<Fingerprint>,
}

/// Exchanges `token` for a credential at the first of its addresses that answers.
///
/// # Errors
/// A message that says what to do. The token is not spent if nobody answered.
pub async fn enrol(
    token: &JoinToken,
    ca_file: Option<&Path>,
    allow_plaintext: bool,
) -> anyhow::Result<Enrolled> {
    let pin: Option<Fingerprint> = token.fingerprint.as_slice().try_into().ok();
    let trust = trust(ca_file, pin, ValidityClock::Local)?;
    let ca_trusted = trust.ca_trusted;
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
                let other = || format!("{url}: {}", describe(&error));
                failures.push(untrusted(&error, &url).map_or_else(other, |untrusted| untrusted.to_string()));
                continue;
            }
        };
        let (status, protobuf) = (response.status(), has_content_type(response.headers(), PROTOBUF));
        let answer = read_bounded(response).await.map_err(anyhow::Error::msg)?;
        match status {
            StatusCode::OK if protobuf => {
                let reply = EnrolReply::from_bytes(&answer);
                let reply = reply.with_context(|| format!("the reply of {url} cannot be read"))?;
                let pin = pin.filter(|_| url.scheme() == "https" && !ca_trusted.load(Ordering::Relaxed));
                return Ok(Enrolled { reply, url, pin });
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if failures.is_empty() => {
                bail!(describe_answer(status, &answer))
            }
            _ => failures.push(format!("{url}: {}", describe_answer(status, &answer))),
        }
    }
    bail!("no aggregator accepted the token; it was not used:\n{}", failures.join("\n"))
}
