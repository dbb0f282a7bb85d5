//! The HTTP half of the channels, against servers that misbehave and names that lie.

mod answers;
mod chats;
mod corpus;
mod names;
mod private_addresses;

use http::HeaderMap;
use names::Zone;
use rustls_pki_types::CertificateDer;
use skerry_notify::destination::Reach;
use skerry_notify::http::{Deadlines, HttpClient, HttpSettings};
use skerry_notify::{Answer, Outcome};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Generous for a busy machine; tests of deadlines have their own.
const DEADLINES: Deadlines = Deadlines { connect: Duration::from_secs(20), total: Duration::from_secs(60) };

fn client(
    reach: Reach,
    zone: &Arc<Zone>,
    authorities: Vec<CertificateDer<'static>>,
    deadlines: Deadlines,
) -> HttpClient {
    let settings = HttpSettings { reach, authorities, resolver: Arc::clone(zone) as _, deadlines };
    HttpClient::new(settings).expect("a client")
}

async fn post(client: &HttpClient, url: &str) -> Outcome {
    let url = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    client.post(&url, HeaderMap::new(), "hello").await
}

fn answer(outcome: &Outcome) -> &Answer {
    outcome.answer()
}
