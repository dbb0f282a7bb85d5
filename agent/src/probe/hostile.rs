//! What a target may send, parsed as a run parses it. See [`crate::hostile`].

use super::fault::{Fault, detail};
use skerry_protocol::words::is_unfit_to_show;

/// An HTTP response: the status in the first two bytes, header lines, an empty line, the body.
pub fn http_answer(bytes: &[u8]) {
    super::http::hostile::answer(bytes);
}

/// A DNS message with any id, as an answer to a query for the record type that the first byte selects.
pub fn dns_answer(bytes: &[u8]) {
    super::dns::hostile::answer(bytes);
}

/// The output of a plugin.
pub fn plugin_output(bytes: &[u8]) {
    super::exec::hostile::output(bytes);
}

/// What a server sends before TLS, in the protocol that the first byte selects.
pub fn starttls(bytes: &[u8]) {
    super::handshake::hostile::before_tls(bytes);
}

/// A certificate (DER), and a server's TLS records that may contain one.
pub fn certificate(bytes: &[u8]) {
    super::tls::hostile_certificate(bytes);
    super::tls::hostile_answer(bytes);
}

/// A fault is shown to operators as one short line, whatever the target sent.
pub(super) fn is_fit_to_show(fault: &Fault) {
    let shown = detail(&fault.detail);
    assert!(shown.len() <= super::MAX_DETAIL_BYTES, "a detail of {} bytes", shown.len());
    is_harmless(&shown);
}

/// Untrusted text must not control a terminal or forge a log line.
pub(super) fn is_harmless(text: &str) {
    assert!(!text.contains(is_unfit_to_show), "a control character in {text:?}");
}
