//! The `http` check: name resolution, connect, TLS, first byte and transfer, each measured on its own, then
//! what is asked of the answer.
//!
//! A new connection for each request unless the check reuses it. Everything a target sends is bounded: head,
//! body, redirects, addresses. hyper rather than reqwest, whose connector cannot time TCP and TLS apart.

mod assertion;
pub(super) mod connection;
mod exchange;
pub(super) mod failure;
pub(super) mod hostile;
mod idle;
mod redirect;
mod request;

use std::sync::Arc;

use skerry_protocol::check::{Check, Http};
use skerry_protocol::wire::Reason;
use tokio::time::Instant;

use super::Observed;
use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Doing, Run, add};
use super::tls::Tls;
use exchange::Answer;
use idle::Idle;
use redirect::Hop;

const FIRST_BYTE: Doing = Doing::Target(Reason::Timeout, "no complete head of an answer within the timeout");
const TRANSFER: Doing = Doing::Target(Reason::Timeout, "the body did not end within the timeout");

/// Runs `http` checks.
pub(super) struct HttpProber {
    resolver: Arc<Resolver>,
    tls: Arc<Tls>,
    idle: Idle,
}

impl HttpProber {
    pub(super) fn new(resolver: Arc<Resolver>, tls: Arc<Tls>) -> Self {
        Self { resolver, tls, idle: Idle::default() }
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
        let mut visited: Vec<Hop> = Vec::new();
        loop {
            let answer = self.exchange(check, http, &hop, authorization.as_ref(), run).await?;
            if http.redirects == 0 || !redirect::is_redirect(answer.status()) {
                return self.finish(check, http, &hop, answer, run).await;
            }
            let next = redirect::follow(&hop, answer.status(), answer.headers())?;
            visited.push(hop);
            if visited.contains(&next) {
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
        assertion::check_body(http, answer.headers(), &whole.bytes)?;
        if http.reuse_connection && whole.to_the_end {
            let mut connection = answer.into_connection();
            if connection.is_reusable().await {
                self.idle.put(idle::Key::new(check, http, &hop.url), connection);
            }
        }
        Ok(())
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
