//! JSON output: an array with one object per check; keys are stable.

use super::table::days_left;
use super::{Probed, findings};
use crate::probe::CertificateSeen;
use jiff::Timestamp;
use serde_json::{Value, json};

/// All results.
pub(super) fn array(results: &[Probed], now: Timestamp) -> Value {
    results.iter().map(|probed| object(probed, now)).collect()
}

fn object(probed: &Probed, now: Timestamp) -> Value {
    let observed = &probed.observed;
    let phases = observed.phases.unwrap_or_default();
    let certificate = observed.certificate.as_ref().map(|seen| certificate(seen, now));
    json!({
        "check": probed.name, "type": probed.kind, "outcome": observed.outcome.name(),
        "reason": observed.reason.name(), "detail": observed.detail,
        "total_us": u64::try_from(observed.total.as_micros()).unwrap_or(u64::MAX),
        "dns_us": phases.dns_us, "connect_us": phases.connect_us, "tls_us": phases.tls_us,
        "first_byte_us": phases.first_byte_us, "transfer_us": phases.transfer_us,
        "certificate": certificate, "findings": findings::json(&observed.findings, now),
    })
}

pub(super) fn certificate(seen: &CertificateSeen, now: Timestamp) -> Value {
    json!({
        "subject": seen.subject, "issuer": seen.issuer, "not_after": seen.not_after.to_string(),
        "days_left": days_left(seen, now), "version": seen.version, "key": seen.key, "signature": seen.signature,
    })
}
