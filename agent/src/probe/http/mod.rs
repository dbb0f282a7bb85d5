//! The `http` check: measures name resolution, connect, TLS, first byte and transfer separately, then checks
//! the assertions.
//!
//! Opens a new connection for each request unless the check reuses it. Everything from the target is bounded:
//! head, body (encoded and decoded), redirects, addresses, cookies. Uses no client library: reqwest cannot
//! time TCP and TLS separately, and hyper, used here for HTTP/2, is stricter about HTTP/1 than browsers.

mod assertion;
pub(super) mod connection;
mod content;
mod cookies;
mod exchange;
mod failure;
pub(super) mod hostile;
mod http1;
pub(super) mod message;
mod pool;
mod redirect;
mod request;
pub(super) mod transport;

use std::sync::Arc;

use skerry_protocol::check::{Check, Http};
use skerry_protocol::wire::Reason;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Observed;
use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Run, Stage, add};
use super::tls::Tls;
use content::charset::Text;
use content::coding::Codings;
use cookies::Jar;
use exchange::{Answer, Credentials};
use pool::ConnectionPool;
use redirect::Hop;

const FIRST_BYTE: Stage = Stage::Target(Reason::Timeout, "no complete head of an answer within the timeout");
const TRANSFER: Stage = Stage::Target(Reason::Timeout, "the body did not end within the timeout");

const DECODING: Stage = Stage::Local("the body came, but was not decoded within the timeout");
/// Maximum of bodies decoded at the same time, each on its own thread.
const DECODERS: usize = 4;

/// Runs `http` checks.
pub(super) struct HttpProber {
    resolver: Arc<Resolver>,
    tls: Arc<Tls>,
    pool: ConnectionPool,
    decoders: Arc<Semaphore>,
}

impl HttpProber {
    pub(super) fn new(resolver: Arc<Resolver>, tls: Arc<Tls>) -> Self {
        Self { resolver, tls, pool: ConnectionPool::default(), decoders: Arc::new(Semaphore::new(DECODERS)) }
    }

    pub(super) async fn observe(&self, check: &Check, http: &Http, deadline: Instant) -> Observed {
        let mut run = Run::start(deadline);
        let ended = tokio::time::timeout_at(deadline, self.run(check, http, &mut run)).await;
        run.finish(check, self.tls.days_left(http.certificate_days), ended)
    }

    /// Runs from the first request to the last assertion that does not need the clock.
    async fn run(&self, check: &Check, http: &Http, run: &mut Run) -> Result<(), Fault> {
        let authorization = match &http.auth {
            Some(auth) => Some(request::authorization(auth).await?),
            None => None,
        };
        let mut hop = Hop {
            url: http.url.clone(),
            method: http.method.clone(),
            with_body: http.body.is_some(),
            at_origin: true,
        };
        let (mut jar, mut cookies) = (Jar::default(), None);
        let mut visited = Vec::new();
        loop {
            let credentials =
                Credentials { authorization: authorization.as_ref(), cookies: cookies.as_ref() };
            let answer = self.exchange(check, http, &hop, credentials, run).await?;
            let next = match http.redirects {
                0 => None,
                _ => redirect::follow(&hop, answer.status(), answer.headers())?,
            };
            let Some(next) = next else { return self.finish(check, http, &hop, answer, run).await };
            jar.take(&hop.url, answer.headers(), self.tls.now());
            visited.push((hop, cookies));
            cookies = jar.header(&next.url);
            // The same location with another cookie is not a loop.
            if visited.iter().any(|(hop, sent)| (hop, sent) == (&next, &cookies)) {
                let detail = format!("a redirect loop at {}", redirect::place(&next.url));
                return Err(Fault::down(Reason::TooManyRedirects, detail));
            }
            if visited.len() > http.redirects as usize {
                let detail = format!(
                    "more than {} redirects, the last to {}",
                    http.redirects,
                    redirect::place(&next.url)
                );
                return Err(Fault::down(Reason::TooManyRedirects, detail));
            }
            hop = next;
        }
    }

    /// Reads and checks the last response.
    async fn finish(
        &self,
        check: &Check,
        http: &Http,
        hop: &Hop,
        mut answer: Answer,
        run: &mut Run,
    ) -> Result<(), Fault> {
        assertion::check_head(http, answer.status(), answer.headers())?;
        run.stage = TRANSFER;
        let keep = assertion::asks_for_body(http);
        let body = answer.read_body(http.max_body, keep).await;
        let end = Instant::now();
        run.end = Some(end);
        add(&mut run.phases.transfer_us, end - answer.first_byte);
        let whole = body?;
        if keep {
            self.check_body(http, &answer, whole.bytes, run).await?;
        }
        if http.reuse_connection && whole.to_the_end {
            let mut connection = answer.into_connection();
            if connection.is_reusable().await {
                self.pool.put(pool::Key::new(check, http, &hop.url), connection);
            }
        }
        Ok(())
    }

    /// Checks a complete body once it is decoded to text.
    async fn check_body(
        &self,
        http: &Http,
        answer: &Answer,
        bytes: Vec<u8>,
        run: &mut Run,
    ) -> Result<(), Fault> {
        let codings = Codings::of(answer.headers());
        let unknown = codings.unknown.clone();
        let bytes = if codings.is_empty() || bytes.is_empty() {
            bytes
        } else {
            run.stage = DECODING;
            self.decode(codings, bytes, http.max_body).await?
        };
        assertion::check_body(http, &Text::of(answer.headers(), &bytes), unknown.as_deref())
    }

    /// Removes `codings` from `bytes` on a separate thread, because a malicious body may keep it busy.
    async fn decode(&self, codings: Codings, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, Fault> {
        let lacking = |why: &dyn std::fmt::Display| Fault::own(format!("the body cannot be decoded: {why}"));
        let turn = Arc::clone(&self.decoders).acquire_owned().await.map_err(|error| lacking(&error))?;
        let decoding = move || {
            // Held until it is done, whether anybody still waits for it or not.
            let _turn = turn;
            codings.decode(bytes, limit)
        };
        let decoded = tokio::task::spawn_blocking(decoding).await;
        decoded.unwrap_or_else(|error| Err(lacking(&error)))
    }
}

/// A check with only its URL set and all other keys at their defaults.
#[cfg(test)]
pub(crate) fn example() -> Http {
    use skerry_protocol::check::{HttpVersion, IpVersion, StatusRange};
    Http {
        url: url::Url::parse("http://example.test/").expect("a URL"),
        method: ::http::Method::GET,
        headers: Vec::new(),
        body: None,
        auth: None,
        status: vec![StatusRange { from: 200, to: 299 }],
        redirects: 5,
        body_contains: Vec::new(),
        body_matches: Vec::new(),
        json: Vec::new(),
        response_headers: Vec::new(),
        certificate_days: None,
        verify: true,
        ca_file: None,
        max_body: 1 << 20,
        version: HttpVersion::Auto,
        ip: IpVersion::Any,
        reuse_connection: false,
    }
}
