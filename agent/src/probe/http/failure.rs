//! Classifies errors of hyper and h2. An underlying error of the operating system takes precedence.

use std::error::Error;
use std::io;

use skerry_protocol::wire::{Outcome, Reason};
use skerry_protocol::words::error_chain;

use crate::probe::fault::Fault;
use crate::probe::tls;

/// Classifies an error of an exchange.
pub(super) fn sort(error: &hyper::Error) -> Fault {
    if error.is_user() {
        // The fault is in our request, not in the target's response.
        let detail = format!("the request cannot be sent: {}", error_chain(error));
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
    Fault::down(reason, error_chain(error))
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
        fault.detail = error_chain(error);
    }
    fault
}

fn from_h2(h2: &h2::Error, error: &hyper::Error) -> Fault {
    if let Some(io) = h2.get_io() {
        return from_stream(io, error);
    }
    let reason = if h2.is_remote() { Reason::ConnectionReset } else { Reason::ProtocolError };
    Fault::down(reason, error_chain(error))
}
