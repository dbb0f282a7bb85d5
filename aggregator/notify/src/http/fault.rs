//! Why a request was not answered, in one line and a class.

use super::resolver::{NoAddress, NotPublic};
use crate::outcome::{Answer, Class, Outcome};
use rustix::io::Errno;
use rustls::CertificateError;
use std::error::Error;
use std::io;

/// An address that must not be connected to.
pub(super) fn forbidden() -> Answer {
    Answer { class: Class::Forbidden, text: "its address is not public: nothing was sent".to_owned() }
}

/// What came of a request that was not answered. All of it may be different the next time, even where a name points.
pub(super) fn outcome(error: &reqwest::Error) -> Outcome {
    Outcome::Later { answer: answer(error), after: None }
}

fn answer(error: &reqwest::Error) -> Answer {
    let told = |class, text: &str| Answer { class, text: text.to_owned() };
    if find::<NotPublic>(error).is_some() {
        return forbidden();
    }
    if let Some(fault) = find::<rustls::Error>(error) {
        return Answer { class: Class::Tls, text: format!("TLS: {}", tls(fault)) };
    }
    if let Some(NoAddress(why)) = find(error) {
        return match Errno::from_io_error(why) {
            Some(errno) => of_system(errno),
            None => Answer { class: Class::Unreachable, text: format!("its name is not resolved: {why}") },
        };
    }
    if let Some(errno) = find::<io::Error>(error).and_then(Errno::from_io_error) {
        return of_system(errno);
    }
    if error.is_timeout() {
        let of = if error.is_connect() { "no connection in time" } else { "no answer in time" };
        return told(Class::Timeout, of);
    }
    if error.is_builder() {
        return told(Class::Own, "the request cannot be made");
    }
    if error.is_connect() {
        return told(Class::Unreachable, "no connection");
    }
    told(Class::Unreachable, "the connection ended without an answer")
}

fn of_system(errno: Errno) -> Answer {
    let (class, text) = match errno {
        Errno::CONNREFUSED => (Class::Unreachable, "connect: refused".to_owned()),
        Errno::CONNRESET | Errno::PIPE => (Class::Unreachable, "the connection was reset".to_owned()),
        Errno::HOSTUNREACH | Errno::NETUNREACH => (Class::Unreachable, "connect: no route".to_owned()),
        Errno::TIMEDOUT => (Class::Timeout, "no answer in time".to_owned()),
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS | Errno::ADDRNOTAVAIL => {
            (Class::Own, format!("this host is short of something: {errno}"))
        }
        _ => (Class::Unreachable, format!("connect: {errno}")),
    };
    Answer { class, text }
}

fn tls(fault: &rustls::Error) -> String {
    let known = match fault {
        rustls::Error::InvalidCertificate(fault) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate is self-signed or of an unknown authority, or an intermediate certificate is missing"
            }
            CertificateError::Revoked => "its certificate is revoked",
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                "its certificate is self-signed"
            }
            _ => "its certificate is not acceptable",
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS",
        _ => return fault.to_string().chars().take(200).collect(),
    };
    known.to_owned()
}

/// The first cause of this kind. What an I/O error was made of is no source of it.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    None
}
