//! The `http` check: name resolution, connect, TLS, first byte and transfer, each measured on its own, then
//! what is asked of the answer.
//!
//! A new connection for each request unless the check reuses it. Everything a target sends is bounded: head,
//! body (as it comes and once it is decoded), redirects, addresses, cookies. No client library: reqwest cannot time
//! TCP and TLS apart, and hyper, which speaks HTTP/2 here, is stricter with HTTP/1 than what people call working.

mod assertion;
pub(super) mod connection;
mod content;
mod cookies;
mod exchange;
mod failure;
pub(super) mod hostile;
mod http1;
mod idle;
pub(super) mod message;
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
use super::run::{Doing, Run, add};
use super::tls::Tls;
use content::charset::Text;
use content::coding::Codings;
use cookies::Jar;
use exchange::{Answer, Credentials};
use idle::Idle;
use redirect::Hop;

const FIRST_BYTE: Doing = Doing::Target(Reason::Timeout, "no complete head of an answer within the timeout");
const TRANSFER: Doing = Doing::Target(Reason::Timeout, "the body did not end within the timeout");

const DECODING: Doing = Doing::Own("the body came, but was not decoded within the timeout");
/// Most bodies that are decoded at once, each on a thread of its own.
const DECODERS: usize = 4;

/// Runs `http` checks.
pub(super) struct HttpProber {
    resolver: Arc<Resolver>,
    tls: Arc<Tls>,
    idle: Idle,
    decoders: Arc<Semaphore>,
}

impl HttpProber {
    pub(super) fn new(resolver: Arc<Resolver>, tls: Arc<Tls>) -> Self {
        Self { resolver, tls, idle: Idle::default(), decoders: Arc::new(Semaphore::new(DECODERS)) }
    }

    pub(super) async fn observe(&self, check: &Check, http: &Http, deadline: Instant) -> Observed {
        let mut run = Run::start(deadline);
        let ended = tokio::time::timeout_at(deadline, self.run(check, http, &mut run)).await;
        run.finish(check, self.tls.days_left(http.certificate_days), ended)
    }

    /// From the first request to the last assertion that does not need the clock.
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
            // The same place with another cookie is not the same.
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

    /// Reads the last answer and checks it.
    async fn finish(
        &self,
        check: &Check,
        http: &Http,
        hop: &Hop,
        mut answer: Answer,
        run: &mut Run,
    ) -> Result<(), Fault> {
        assertion::check_head(http, answer.status(), answer.headers())?;
        run.doing = TRANSFER;
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
                self.idle.put(idle::Key::new(check, http, &hop.url), connection);
            }
        }
        Ok(())
    }

    /// Checks a body that was read whole, once it is text.
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
            run.doing = DECODING;
            self.decode(codings, bytes, http.max_body).await?
        };
        assertion::check_body(http, &Text::of(answer.headers(), &bytes), unknown.as_deref())
    }

    /// Takes `codings` off `bytes` on a thread that may be kept busy by what somebody made to be large.
    async fn decode(&self, codings: Codings, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, Fault> {
        let lacking = |why: &dyn std::fmt::Display| Fault::own(format!("the body cannot be decoded: {why}"));
        let turn = Arc::clone(&self.decoders).acquire_owned().await.map_err(|error| lacking(&error))?;
        let decoding = move || {
            // Kept until it is done, whether anybody still waits for it or not.
            let _turn = turn;
            codings.decode(bytes, limit)
        };
        let decoded = tokio::task::spawn_blocking(decoding).await;
        decoded.unwrap_or_else(|error| Err(lacking(&error)))
    }
}

/// A check as the configuration makes it when only its address is given.
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
