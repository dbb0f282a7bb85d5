//! One handshake, and what it shows whether it succeeds or fails.

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

use super::verifier::{OwnClock, RecordingVerifier};
use super::{Offer, certificate, error_text, server_offer};
use crate::probe::fault::Fault;
use crate::probe::handshake::StartTlsUpgrade;
use crate::probe::run::{Run, Stage, add};
use crate::probe::{CertificateSeen, HandshakeSeen};

/// Maximum number of certificates shown.
const MAX_CHAIN: usize = 8;

/// A completed handshake.
pub(in crate::probe) struct Opened {
    pub(in crate::probe) stream: TlsStream<TcpStream>,
    /// The certificate that expires first on the verified path, or the server's own if none is verified.
    pub(in crate::probe) certificate: Option<CertificateSeen>,
}

/// Performs a full handshake with a server of this name; records its duration in `run`.
pub(in crate::probe) async fn begin(
    offer: Offer,
    name: &Host<impl AsRef<str>>,
    stream: TcpStream,
    run: &mut Run,
) -> Result<Opened, Fault> {
    begin_after(None, offer, name, stream, run).await
}

/// Like [`begin`], after a STARTTLS dialogue.
pub(in crate::probe) async fn begin_after(
    starttls: Option<&StartTlsUpgrade>,
    offer: Offer,
    name: &Host<impl AsRef<str>>,
    stream: TcpStream,
    run: &mut Run,
) -> Result<Opened, Fault> {
    run.stage = Stage::TLS;
    let start = Instant::now();
    let name = name.to_string();
    let host = name.trim_matches(['[', ']']);
    let asked = ServerName::try_from(host.trim_end_matches('.').to_owned())
        .map_err(|_| Fault::down(Reason::TlsFailed, format!("{host} cannot be a name in a certificate")))?;
    let address = stream.peer_addr();
    let recorder = Arc::new(RecordingVerifier::new(Arc::clone(&offer.verifier)));
    let mut configuration = ClientConfig::clone(&offer.configuration);
    configuration.dangerous().set_certificate_verifier(Arc::clone(&recorder) as Arc<dyn ServerCertVerifier>);
    let error = match TlsConnector::from(Arc::new(configuration)).connect(asked, stream).await {
        Ok(stream) => {
            add(&mut run.phases.tls_us, start.elapsed());
            let certificate = offer.ends_first(&stream);
            return Ok(Opened { stream, certificate });
        }
        Err(error) => error,
    };
    let shown = recorder.shown();
    let mut fault = in_words(&error, host, &shown);
    if run.certificate.is_none() {
        run.certificate = shown.first().and_then(|leaf| certificate::parse(leaf));
    }
    if let Ok(address) = address
        && may_lack_common_parameters(&error)
        && let Some(words) = server_offer::explain(
            address,
            host,
            starttls,
            offer.configuration.crypto_provider(),
            run.left() / 2,
        )
        .await
    {
        fault = Fault::down(Reason::TlsFailed, words);
    }
    Err(fault)
}

impl Offer {
    fn ends_first(&self, stream: &TlsStream<TcpStream>) -> Option<CertificateSeen> {
        let chain = stream.get_ref().1.peer_certificates()?;
        let on_path =
            self.authorities.as_ref().and_then(|all| all.ends_first(chain, self.clock.wall_times()));
        on_path.or_else(|| certificate::parse(chain.first()?))
    }
}

/// Whether the server may lack every version and suite that this program speaks.
fn may_lack_common_parameters(error: &std::io::Error) -> bool {
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
        // Some servers just disconnect.
        None => {
            matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset)
        }
    }
}

/// The parameters of a completed handshake.
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

/// Classifies an error of the stream after the handshake.
pub(in crate::probe) fn fault(error: &std::io::Error) -> Fault {
    in_words(error, "of this name", &[])
}

/// Classifies an error of the handshake with `host`, whose certificates were `shown`, or of the stream after
/// it.
fn in_words(error: &std::io::Error, host: &str, shown: &[CertificateDer<'_>]) -> Fault {
    match tls_error(error) {
        Some(tls) => match of_clocks(tls) {
            Some(doubt) => Fault::own_clock(doubt.to_string()),
            None => Fault::down(reason(tls), error_text::describe(tls, host, shown)),
        },
        // The kernel gave up on an open connection.
        None if error.kind() == std::io::ErrorKind::TimedOut => {
            Fault::down(Reason::ConnectionReset, error.to_string())
        }
        // The library's message refers to its manual.
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => Fault::down(
            Reason::ConnectionReset,
            "the server closed the connection during TLS, without close_notify",
        ),
        None => Fault::from_io(error),
    }
}

/// Whether we have our own message for this stream error.
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
