//! The `http` check: name resolution, connect, TLS, first byte and transfer, each measured on its own, then
//! what is asked of the answer.
//!
//! A new connection for each request unless the check reuses it. Everything a target sends is bounded: head,
//! body, redirects, addresses. hyper rather than reqwest, whose connector cannot time TCP and TLS apart.

mod assertion;
mod connection;
mod exchange;
mod failure;
mod idle;
mod redirect;
mod request;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use skerry_protocol::check::{Check, Http};
use skerry_protocol::wire::{Outcome, Phases, Reason};
use tokio::time::Instant;

use super::fault::{Fault, detail};
use super::resolve::Resolver;
use super::tls::Tls;
use super::{CertificateSeen, Observed};
use exchange::Answer;
use idle::Idle;
use redirect::Hop;

/// A timer this late means that this host stood still, not the target.
const STALLED: Duration = Duration::from_secs(1);
const SECONDS_PER_DAY: i64 = 86_400;

/// Runs `http` checks.
pub(super) struct HttpProber {
    resolver: Resolver,
    tls: Tls,
    idle: Idle,
}

/// What a run has seen so far. Outlives a run that is cut off by its deadline.
struct Progress {
    phase: Phase,
    phases: Phases,
    certificate: Option<CertificateSeen>,
    /// When the last byte was read.
    end: Option<Instant>,
}

/// What a run is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Prepare,
    Dns,
    Connect,
    Tls,
    FirstByte,
    Transfer,
}

impl HttpProber {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self { resolver: Resolver::from_system()?, tls: Tls::from_system()?, idle: Idle::default() })
    }

    pub(super) async fn observe(&self, check: &Check, http: &Http, deadline: Instant) -> Observed {
        let start = Instant::now();
        let mut progress =
            Progress { phase: Phase::Prepare, phases: Phases::default(), certificate: None, end: None };
        let ended = match tokio::time::timeout_at(deadline, self.run(check, http, &mut progress)).await {
            Ok(ended) => ended,
            Err(_) => Err(cut_off(progress.phase, deadline)),
        };
        let total = progress.end.unwrap_or_else(Instant::now) - start;
        let judged = ended.and_then(|()| judge(check, http, total, progress.certificate.as_ref()));
        let (outcome, reason, words) = match judged {
            Ok(()) => (Outcome::Up, Reason::None, String::new()),
            Err(fault) => (fault.outcome, fault.reason, detail(&fault.detail)),
        };
        Observed {
            outcome,
            reason,
            detail: words,
            total,
            phases: Some(progress.phases),
            certificate: progress.certificate,
        }
    }

    /// From the first request to the last assertion that does not need the clock.
    async fn run(&self, check: &Check, http: &Http, progress: &mut Progress) -> Result<(), Fault> {
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
            let answer = self.exchange(check, http, &hop, authorization.as_ref(), progress).await?;
            if http.redirects == 0 || !redirect::is_redirect(answer.status()) {
                return self.finish(check, http, &hop, answer, progress).await;
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
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        assertion::check_head(http, answer.status(), answer.headers())?;
        progress.phase = Phase::Transfer;
        let keep = assertion::asks_for_body(http);
        let body = answer.read_body(http.max_body, keep).await;
        let end = Instant::now();
        progress.end = Some(end);
        add(&mut progress.phases.transfer_us, end - answer.first_byte);
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

/// Why the deadline ended a run.
fn cut_off(phase: Phase, deadline: Instant) -> Fault {
    let late = Instant::now() - deadline;
    if late > STALLED {
        return Fault::own(format!("this host stood still: the timeout came {} ms late", late.as_millis()));
    }
    let (reason, words) = match phase {
        Phase::Prepare => return Fault::own("the files of the check could not be read within its timeout"),
        Phase::Dns => (Reason::DnsFailed, "no answer from the resolver within the timeout"),
        Phase::Connect => (Reason::ConnectTimeout, "the connection did not open within the timeout"),
        Phase::Tls => (Reason::Timeout, "the TLS handshake did not end within the timeout"),
        Phase::FirstByte => (Reason::Timeout, "no complete head of an answer within the timeout"),
        Phase::Transfer => (Reason::Timeout, "the body did not end within the timeout"),
    };
    Fault::down(reason, words)
}

/// What makes a run that went well `degraded`: the certificate before the time it took.
#[expect(clippy::disallowed_methods, reason = "a certificate ends by the wall clock")]
fn judge(
    check: &Check,
    http: &Http,
    total: Duration,
    certificate: Option<&CertificateSeen>,
) -> Result<(), Fault> {
    if let (Some(days), Some(certificate)) = (http.certificate_days, certificate) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64;
        let left = certificate.not_after.as_second() - now;
        if left < i64::from(days) * SECONDS_PER_DAY {
            let detail = format!(
                "the certificate ends {}, in {} days",
                certificate.not_after,
                left.div_euclid(SECONDS_PER_DAY)
            );
            return Err(Fault::degraded(Reason::TlsExpiresSoon, detail));
        }
    }
    match check.degraded_above {
        Some(limit) if total > limit => Err(Fault::degraded(
            Reason::Slow,
            format!("took {} ms, more than {} ms", total.as_millis(), limit.as_millis()),
        )),
        _ => Ok(()),
    }
}

/// Adds a duration to a phase, µs.
fn add(phase: &mut Option<u32>, duration: Duration) {
    let microseconds = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    *phase = Some(phase.unwrap_or(0).saturating_add(microseconds));
}

/// A check as the configuration makes it when only its address is given.
#[cfg(test)]
fn example() -> Http {
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
