//! One handshake: begun, and what its end shows, well or not.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::{AlertDescription, CertificateError, ClientConfig};
use rustls_pki_types::{CertificateDer, ServerName};
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::verifier::{OwnClock, Watching};
use super::{Offer, certificate, second_look, words};
use crate::probe::fault::Fault;
use crate::probe::handshake::Before;
use crate::probe::run::{Doing, Run, add};
use crate::probe::{CertificateSeen, HandshakeSeen};

/// Most certificates of a chain that are shown.
const MAX_CHAIN: usize = 8;

/// A finished handshake.
pub(in crate::probe) struct Opened {
    pub(in crate::probe) stream: TlsStream<TcpStream>,
    /// The certificate that ends first of those on the verified path; the server's own where none is verified.
    pub(in crate::probe) certificate: Option<CertificateSeen>,
}

/// One full handshake with a server of this name; notes in `run` how long it took.
pub(in crate::probe) async fn begin(
    offer: Offer,
    name: &Host<impl AsRef<str>>,
    stream: TcpStream,
    run: &mut Run,
) -> Result<Opened, Fault> {
    begin_after(None, offer, name, stream, run).await
}

/// As [`begin`], where these words in plain text came `before`.
pub(in crate::probe) async fn begin_after(
    before: Option<&Before>,
    offer: Offer,
    name: &Host<impl AsRef<str>>,
    stream: TcpStream,
    run: &mut Run,
) -> Result<Opened, Fault> {
    run.doing = Doing::TLS;
    let start = Instant::now();
    let name = name.to_string();
    let host = name.trim_matches(['[', ']']);
    let asked = ServerName::try_from(host.trim_end_matches('.').to_owned())
        .map_err(|_| Fault::down(Reason::TlsFailed, format!("{host} cannot be a name in a certificate")))?;
    let address = stream.peer_addr();
    let watching = Arc::new(Watching::new(Arc::clone(&offer.verifier)));
    let mut configuration = ClientConfig::clone(&offer.configuration);
    configuration.dangerous().set_certificate_verifier(Arc::clone(&watching) as Arc<dyn ServerCertVerifier>);
    let error = match TlsConnector::from(Arc::new(configuration)).connect(asked, stream).await {
        Ok(stream) => {
            add(&mut run.phases.tls_us, start.elapsed());
            let certificate = offer.ends_first(&stream);
            return Ok(Opened { stream, certificate });
        }
        Err(error) => error,
    };
    let shown = watching.shown();
    let mut fault = in_words(&error, host, &shown);
    if run.certificate.is_none() {
        run.certificate = shown.first().and_then(|leaf| certificate::parse(leaf));
    }
    if let Ok(address) = address
        && is_worth_a_second_look(&error)
        && let Some(words) =
            second_look::look(address, host, before, offer.configuration.crypto_provider(), run.left() / 2)
                .await
    {
        fault = Fault::down(Reason::TlsFailed, words);
    }
    Err(fault)
}

impl Offer {
    fn ends_first(&self, stream: &TlsStream<TcpStream>) -> Option<CertificateSeen> {
        let chain = stream.get_ref().1.peer_certificates()?;
        let on_path = self.authorities.as_ref().and_then(|all| all.ends_first(chain, self.clock.readings()));
        on_path.or_else(|| certificate::parse(chain.first()?))
    }
}

/// May it be that the server speaks what this program does not?
fn is_worth_a_second_look(error: &std::io::Error) -> bool {
    use AlertDescription as Alert;
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => matches!(
            alert,
            Alert::HandshakeFailure
                | Alert::InsufficientSecurity
                | Alert::ProtocolVersion
                | Alert::IllegalParameter
                | Alert::DecodeError
                | Alert::InternalError
        ),
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::PeerIncompatible(_)) => true,
        Some(_) => false,
        // Some just leave.
        None => {
            matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset)
        }
    }
}

/// What a finished handshake shows.
pub(in crate::probe) fn seen(stream: &TlsStream<TcpStream>) -> HandshakeSeen {
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates().unwrap_or_default();
    HandshakeSeen {
        version: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or_default(),
        cipher_suite: connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or_default(),
        chain: chain.iter().take(MAX_CHAIN).filter_map(|one| certificate::parse(one)).collect(),
    }
}

/// Sorts an error of the stream after a handshake.
pub(in crate::probe) fn fault(error: &std::io::Error) -> Fault {
    in_words(error, "of this name", &[])
}

/// Sorts an error of a handshake with `host`, which had `shown` these certificates, or of the stream after it.
fn in_words(error: &std::io::Error, host: &str, shown: &[CertificateDer<'_>]) -> Fault {
    match tls_error(error) {
        Some(tls) => match of_clocks(tls) {
            Some(doubt) => Fault::own_clock(doubt.to_string()),
            None => Fault::down(reason(tls), words::of(tls, host, shown)),
        },
        // The kernel gave up on a connection that was open.
        None if error.kind() == std::io::ErrorKind::TimedOut => {
            Fault::down(Reason::ConnectionReset, error.to_string())
        }
        // The words of the library lead to its manual.
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => Fault::down(
            Reason::ConnectionReset,
            "the server closed the connection during TLS, without close_notify",
        ),
        None => Fault::from_io(error),
    }
}

/// Has this error of a stream words of ours?
pub(in crate::probe) fn has_words(error: &std::io::Error) -> bool {
    tls_error(error).is_some() || error.kind() == std::io::ErrorKind::UnexpectedEof
}

fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn of_clocks(error: &rustls::Error) -> Option<&OwnClock> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}

fn reason(error: &rustls::Error) -> Reason {
    use CertificateError as Wrong;
    match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            Wrong::Expired | Wrong::ExpiredContext { .. } => Reason::TlsExpired,
            Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => Reason::TlsNotYetValid,
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => Reason::TlsWrongName,
            Wrong::UnknownIssuer => Reason::TlsUntrusted,
            _ => Reason::TlsFailed,
        },
        _ => Reason::TlsFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_error_has_its_reason() {
        for (error, expected) in [
            (CertificateError::Expired, Reason::TlsExpired),
            (CertificateError::NotValidYet, Reason::TlsNotYetValid),
            (CertificateError::NotValidForName, Reason::TlsWrongName),
            (CertificateError::UnknownIssuer, Reason::TlsUntrusted),
            (CertificateError::Revoked, Reason::TlsFailed),
        ] {
            assert_eq!(reason(&error.into()), expected);
        }
        let closed = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        assert_eq!(fault(&closed).reason, Reason::ConnectionReset);
    }
}
