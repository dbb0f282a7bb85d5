//! What a target may send, read as a run reads it. See [`crate::hostile`].

use super::fault::{Fault, detail};
use skerry_protocol::words::is_unfit_to_show;

/// The head and body of an HTTP answer: a status in the first two bytes, header lines, an empty line, the body.
pub fn http_answer(bytes: &[u8]) {
    super::http::hostile::answer(bytes);
}

/// A DNS message with any id, as an answer to a question for the record that the first byte chooses.
pub fn dns_answer(bytes: &[u8]) {
    super::dns::hostile::answer(bytes);
}

/// What a plugin prints.
pub fn plugin_output(bytes: &[u8]) {
    super::exec::hostile::output(bytes);
}

/// What a server says before TLS begins, in the protocol that the first byte chooses.
pub fn starttls(bytes: &[u8]) {
    super::handshake::hostile::before_tls(bytes);
}

/// A certificate (DER), and a server's answer in records of TLS in which one may be shown.
pub fn certificate(bytes: &[u8]) {
    super::tls::hostile_certificate(bytes);
    super::tls::hostile_answer(bytes);
}

/// What an operator is shown of a fault is one short line, whatever the target wrote.
pub(super) fn is_fit_to_show(fault: &Fault) {
    let shown = detail(&fault.detail);
    assert!(shown.len() <= super::MAX_DETAIL_BYTES, "a detail of {} bytes", shown.len());
    is_harmless(&shown);
}

/// No text of a stranger speaks to a terminal or forges a line of a log.
pub(super) fn is_harmless(text: &str) {
    assert!(!text.contains(is_unfit_to_show), "a control character in {text:?}");
}
