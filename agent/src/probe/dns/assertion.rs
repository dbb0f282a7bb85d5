//! Assertions on an answer: response code, records, TTL.

use skerry_protocol::check::{Answers, Dns, Rcode};
use skerry_protocol::wire::Reason;

use super::record::DnsAnswer;
use crate::probe::fault::Fault;

/// Checks an answer with `rcode`; `aliases` are the CNAMEs that led to the records `found`.
pub(super) fn check(
    dns: &Dns,
    rcode: Rcode,
    aliases: &[DnsAnswer],
    found: &[DnsAnswer],
) -> Result<(), Fault> {
    if rcode != dns.rcode {
        let detail = format!("{}, not {}", rcode.name(), dns.rcode.name());
        return Err(Fault::down(Reason::RcodeMismatch, detail));
    }
    if rcode != Rcode::NOERROR {
        return Ok(());
    }
    check_records(dns, found)?;
    let Some(least) = dns.min_ttl else { return Ok(()) };
    match aliases.iter().chain(found).min_by_key(|answer| answer.ttl) {
        Some(answer) if u64::from(answer.ttl) < least.as_secs() => Err(Fault::degraded(
            Reason::TtlTooLow,
            format!("a TTL of {} s, less than {} s: {answer}", answer.ttl, least.as_secs()),
        )),
        _ => Ok(()),
    }
}

fn check_records(dns: &Dns, found: &[DnsAnswer]) -> Result<(), Fault> {
    let record = dns.record.name();
    let has = |text: &String| found.iter().any(|answer| answer.text == *text);
    let wrong = match &dns.answers {
        None => found.is_empty().then(|| format!("no {record} record")),
        Some(Answers::Any(any)) => (!any.iter().any(has))
            .then(|| format!("none of the {record} records expected, but {}", list(found))),
        Some(Answers::All(all)) => {
            all.iter().find(|text| !has(text)).map(|text| format!("no {text}, but {}", list(found)))
        }
        Some(Answers::Exactly(all)) => {
            let missing = all.iter().find(|text| !has(text));
            let more = found.iter().find(|answer| !all.contains(&answer.text));
            match (missing, more) {
                (Some(text), _) => Some(format!("no {text}, but {}", list(found))),
                (None, Some(answer)) => Some(format!("{} is not expected", answer.text)),
                (None, None) => None,
            }
        }
    };
    wrong.map_or(Ok(()), |detail| Err(Fault::down(Reason::AnswerMismatch, detail)))
}

fn list(found: &[DnsAnswer]) -> String {
    match found {
        [] => "no record at all".to_owned(),
        found => found.iter().map(|answer| answer.text.as_str()).collect::<Vec<_>>().join(", "),
    }
}
