//! The connection to the aggregator: whether it answers and knows the agent, its certificate, and the
//! difference between the clocks.

use crate::clock::Clock;
use crate::config::UplinkSection;
use crate::delivery::endpoint;
use crate::delivery::fetch::{CertificateInfo, FetchError, Fetched, Fetcher};
use crate::delivery::read_token;
use crate::enrolment::Enrolment;
use bytes::Bytes;
use skerry_host::doctor::Finding;
use skerry_protocol::words::short_line;

/// Warn if the certificate expires sooner than this, days.
const DAYS_LEFT: i64 = 14;
/// Warn if the clocks differ by more. A `Date` has whole seconds and takes time to arrive.
const APART_MS: i64 = 4_000;

pub(super) async fn examine(uplink: &UplinkSection) -> Vec<Finding> {
    let enrolled_again =
        "Enrol this agent again: skerry-aggregator agent rotate NAME prints the line to run here";
    let mut token = None;
    let mut enrolment = Enrolment::default();
    if let Some(path) = &uplink.token_file {
        match read_token(path).and_then(|token| Ok((token, Enrolment::read(path)?))) {
            Ok(read) => (token, enrolment) = (Some(read.0), read.1),
            Err(error) => return vec![Finding::problem("token", format!("{error:#}"), enrolled_again)],
        }
    }
    let pin = uplink.fingerprint.or(enrolment.fingerprint);
    let fetcher = match Fetcher::new(uplink.ca_file.as_deref(), pin) {
        Ok(fetcher) => fetcher,
        Err(error) => {
            return vec![Finding::problem("certificate", format!("{error:#}"), "Correct ca_file")];
        }
    };
    let mut findings = Vec::new();
    let mut date = None;
    for url in &uplink.urls {
        let endpoint = match endpoint(url, uplink.allow_plaintext) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                findings.push(Finding::problem("aggregator", format!("{error:#}"), "Correct [aggregator]"));
                continue;
            }
        };
        let bearer = token.as_ref().map(|token| format!("Bearer {token}")).unwrap_or_default();
        let fields = [("authorization", bearer.as_str()), ("content-encoding", "zstd")];
        let fields = if bearer.is_empty() { &fields[1..] } else { &fields };
        // The body is not a batch: an aggregator that knows the token says so, and nothing else happens.
        match fetcher.post(&endpoint, fields, Bytes::from_static(b"doctor")).await {
            Ok(fetched) => {
                findings.push(judge_answer(url.as_str(), &fetched, enrolled_again));
                if let Some(shown) = fetched.certificate {
                    findings.push(examine_certificate(url.as_str(), shown, pin.is_some()));
                }
                date = date.or_else(|| fetched.header("date").map(str::to_owned));
            }
            Err(fetch_error) => findings.push(judge_fetch_error(url.as_str(), fetch_error)),
        }
    }
    findings.extend(date.and_then(|date| examine_clock(&date)));
    findings
}

/// Observations wait in the spool meanwhile.
fn judge_fetch_error(url: &str, fetch_error: FetchError) -> Finding {
    match fetch_error {
        FetchError::Unreachable(why) => Finding::problem(
            "aggregator",
            format!("{url} cannot be reached: {why}"),
            "Check the address, the network, firewalls and whether the aggregator runs; results wait in the spool \
             meanwhile",
        ),
        FetchError::Untrusted(untrusted) => {
            Finding::problem("certificate", untrusted.wrong, untrusted.remedy)
        }
    }
}

fn judge_answer(url: &str, fetched: &Fetched, enrolled_again: &str) -> Finding {
    let problem: Option<serde_json::Value> = serde_json::from_slice(&fetched.body).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
    let detail = short_line(detail.unwrap_or(""), 300);
    match (fetched.status, problem.is_some()) {
        (400, true) => Finding::ok("aggregator", format!("{url} answers and knows this agent")),
        (401, true) => Finding::problem(
            "token",
            format!("{url} does not know this agent's token: {detail}"),
            enrolled_again,
        ),
        (403, true) => {
            Finding::problem("token", format!("{url} rejects this agent: {detail}"), enrolled_again)
        }
        (429, _) => Finding::warning(
            "aggregator",
            format!("{url} answers 429 at present: {detail}"),
            "This agent sends more than it may: check the aggregator's log",
        ),
        (500..=599, _) => Finding::problem(
            "aggregator",
            format!("{url} answers {} at present and accepts nothing: {detail}", fetched.status),
            "Check the aggregator: its log and /readyz say why",
        ),
        (status, _) => Finding::problem(
            "aggregator",
            format!("{url} answers {status} and is not an aggregator's agents listener"),
            "Put the address of a [[listen]] that serves \"agents\" into url under [aggregator]",
        ),
    }
}

/// Reports the remaining days of a certificate; a `pinned` one is accepted whatever its validity.
#[must_use]
pub fn examine_certificate(of: &str, shown: CertificateInfo, pinned: bool) -> Finding {
    let now = Clock::open().map_or(0, |clock| clock.now().wall_ms);
    let days = (shown.not_after.as_millisecond() - now).div_euclid(86_400_000);
    let says = format!("the certificate of {of} expires {} ({days} days)", shown.not_after);
    match days {
        _ if pinned => Finding::ok("certificate", format!("the certificate of {of} is the pinned one")),
        ..0 => Finding::problem("certificate", says, "Renew it and restart the aggregator"),
        0..DAYS_LEFT => Finding::warning("certificate", says, "Renew it and restart the aggregator"),
        _ => Finding::ok("certificate", says),
    }
}

fn examine_clock(date: &str) -> Option<Finding> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond();
    let ours = Clock::open().ok()?.now().wall_ms;
    Some(judge_clock(ours - theirs))
}

fn judge_clock(apart_ms: i64) -> Finding {
    if apart_ms.abs() <= APART_MS {
        return Finding::ok("clock", "this host's clock agrees with the aggregator's to a few seconds");
    }
    let direction = if apart_ms > 0 { "ahead of" } else { "behind" };
    Finding::warning(
        "clock",
        format!("this host's clock is {} s {direction} the aggregator's", apart_ms.abs() / 1_000),
        "Set both by NTP (timedatectl set-ntp true, or chrony); until then times are corrected by the difference",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_host::doctor::Level;

    fn fetched(status: u16, body: &'static str) -> Fetched {
        let (headers, body) = (http::HeaderMap::new(), Bytes::from_static(body.as_bytes()));
        Fetched { status, headers, body, certificate: None }
    }

    #[test]
    fn every_answer_has_its_finding() {
        let problem = "{\"detail\":\"because\\u0007\"}";
        let cases = [
            (400, problem, Level::Ok, "knows this agent"),
            (401, problem, Level::Problem, "does not know this agent's token: because"),
            (403, problem, Level::Problem, "rejects this agent: because"),
            (503, problem, Level::Problem, "accepts nothing: because"),
            (429, problem, Level::Warning, "at present: because"),
            (502, "<html>", Level::Problem, "502"),
            (200, "<html>", Level::Problem, "not an aggregator's"),
            (404, "", Level::Problem, "not an aggregator's"),
            (400, "<html>", Level::Problem, "not an aggregator's"),
        ];
        for (status, body, level, says) in cases {
            let finding = judge_answer("https://a", &fetched(status, body), "enrol");
            assert_eq!(finding.level, level, "{status} {body}");
            assert!(finding.says.contains(says) && !finding.says.contains('\u{7}'), "{}", finding.says);
        }
    }

    #[test]
    fn clocks_and_certificates_are_judged_by_what_is_left() {
        assert_eq!(judge_clock(-4_000).level, Level::Ok);
        let behind = judge_clock(-61_000);
        assert!(behind.level == Level::Warning && behind.says.contains("61 s behind"), "{}", behind.says);
        assert!(judge_clock(5_000).says.contains("ahead of"));
        let now = Clock::open().expect("a clock").now().wall_ms;
        let ends = |days: i64| {
            let not_after = jiff::Timestamp::from_millisecond(now + days * 86_400_000 + 3_600_000);
            let not_after = not_after.expect("a time");
            CertificateInfo { not_before: not_after, not_after, fingerprint: [0; 32] }
        };
        let level = |days, pinned| examine_certificate("a", ends(days), pinned).level;
        assert_eq!(level(14, false), Level::Ok);
        assert_eq!(level(13, false), Level::Warning);
        assert_eq!(level(-1, false), Level::Problem);
        assert_eq!(level(-1, true), Level::Ok);
    }
}
