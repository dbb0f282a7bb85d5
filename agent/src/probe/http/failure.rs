//! Errors of hyper and h2 over HTTP/2, by name. An error of the operating system below them decides first.

use std::error::Error;
use std::io;

use skerry_protocol::wire::{Outcome, Reason};

use crate::probe::fault::Fault;
use crate::probe::tls;

/// Sorts an error of an exchange.
pub(super) fn sort(error: &hyper::Error) -> Fault {
    if error.is_user() {
        // Our request, not the target's answer.
        let detail = format!("the request cannot be sent: {}", chain(error));
        return Fault { outcome: Outcome::Inconclusive, reason: Reason::Other, detail };
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return from_stream(io, error);
        }
        if let Some(h2) = cause.downcast_ref::<h2::Error>() {
            return from_h2(h2, error);
        }
        source = cause.source();
    }
    let reason = if error.is_parse() { Reason::ProtocolError } else { Reason::ConnectionReset };
    Fault::down(reason, chain(error))
}

fn from_stream(io: &io::Error, error: &hyper::Error) -> Fault {
    if io.kind() == io::ErrorKind::UnexpectedEof {
        return Fault::down(
            Reason::ConnectionReset,
            "the server closed the connection in the middle of the answer",
        );
    }
    let mut fault = tls::fault(io);
    if fault.outcome == Outcome::Down && !tls::has_words(io) {
        fault.detail = chain(error);
    }
    fault
}

fn from_h2(h2: &h2::Error, error: &hyper::Error) -> Fault {
    if let Some(io) = h2.get_io() {
        return from_stream(io, error);
    }
    let reason = if h2.is_remote() { Reason::ConnectionReset } else { Reason::ProtocolError };
    Fault::down(reason, chain(error))
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}
