//! One request over HTTP to an address that somebody named. Every address is checked when a connection is made: a literal
//! before the request, a name when it has been resolved, and it is connected to what was checked. Redirects are not followed,
//! no proxy is used, no cookie is kept, and nothing of an answer is shown but its status.

mod fault;
mod resolver;
mod status;

pub use resolver::{HostResolver, Resolve};

use crate::destination::Reach;
use crate::outcome::{Answer, Class, Outcome};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Client, Response};
use resolver::CheckedResolver;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// So much of an answer is read; what a service says of a message that it took is far shorter.
const MOST_READ: usize = 8 << 10;
/// For so long the body of an answer is waited for: its status has decided already.
const BODY: Duration = Duration::from_secs(3);
/// Connections that wait for the next message to the same host.
const IDLE_CONNECTIONS: usize = 1;
const IDLE: Duration = Duration::from_secs(30);

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// For the connection, with TLS.
    pub connect: Duration,
    /// For all of it.
    pub total: Duration,
}

impl Default for Deadlines {
    /// Statuspage waits for 30 seconds, too.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30) }
    }
}

/// What a client may reach, and how.
#[derive(Debug)]
pub struct HttpSettings {
    /// Which addresses.
    pub reach: Reach,
    /// Trusted beside the authorities of this host.
    pub authorities: Vec<CertificateDer<'static>>,
    /// What resolves names: [`HostResolver`], but in tests.
    pub resolver: Arc<dyn Resolve>,
    /// How long a request may take.
    pub deadlines: Deadlines,
}

/// Sends requests. It is shared: connections are kept for a while.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client,
    reach: Reach,
}

/// A request. Its URL, headers and body may hold secrets, so that it shows its host only.
#[derive(Clone)]
pub struct Request {
    /// POST, for most.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// With its content type.
    pub headers: HeaderMap,
    /// What is said.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.host_str().unwrap_or_default())
    }
}

/// What came of a request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    /// `None`: there was no answer.
    pub(crate) status: Option<StatusCode>,
    /// The beginning of the answer, for a channel that needs to know what a service calls the message.
    pub(crate) body: Bytes,
}

impl Reply {
    fn unanswered(outcome: Outcome) -> Self {
        Self { outcome, status: None, body: Bytes::new() }
    }

    /// The same reply for a service by which this message, or any, is not taken for good.
    pub(crate) fn refused(mut self, class: Class) -> Self {
        if let Outcome::Later { answer, .. } = self.outcome {
            self.outcome = Outcome::Refused(Answer { class, ..answer });
        }
        self
    }
}

impl HttpClient {
    /// Prepares a client.
    ///
    /// # Errors
    /// TLS cannot be set up, or an authority's certificate cannot be read.
    pub fn new(settings: HttpSettings) -> Result<Self, ClientFault> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for authority in settings.authorities {
            roots.add(authority)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let resolver = CheckedResolver { reach: settings.reach.clone(), resolver: settings.resolver };
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(settings.deadlines.connect)
            .timeout(settings.deadlines.total)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("skerry/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, reach: settings.reach })
    }

    /// Posts `body` once.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: impl Into<Bytes>) -> Outcome {
        let request = Request { method: Method::POST, url: url.clone(), headers, body: body.into() };
        self.send(request).await.outcome
    }

    /// Sends a request once.
    pub(crate) async fn send(&self, request: Request) -> Reply {
        // Literals are connected to without asking the resolver.
        if literal(&request.url).is_some_and(|address| !self.reach.allows(address)) {
            return Reply::unanswered(Outcome::Refused(fault::forbidden()));
        }
        let Request { method, url, headers, body } = request;
        match self.client.request(method, url).headers(headers).body(body).send().await {
            Err(error) => Reply::unanswered(fault::outcome(&error)),
            Ok(response) => {
                let (status, outcome) = (response.status(), status::outcome(&response));
                // What its body says changes nothing, and neither does its end.
                let body = tokio::time::timeout(BODY, beginning(response)).await.unwrap_or_default();
                Reply { outcome, status: Some(status), body }
            }
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error("the HTTP client cannot be prepared")]
    Client(#[from] reqwest::Error),
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// The first bytes of an answer, as far as they came.
async fn beginning(mut response: Response) -> Bytes {
    let mut read = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MOST_READ - read.len();
        read.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    read.freeze()
}
