//! TLS handshakes whose certificate is judged in a way of our own: more than webpki does, by a pin, or not at
//! all. Whatever the judgement, that the server holds the key of what it shows is checked here.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a server shows of itself, and whom it was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    pub(crate) name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    pub(crate) now: UnixTime,
}

impl Shown<'_> {
    /// The same, shown at another time, ms since 1970 UTC.
    pub(crate) fn at(self, ms: i64) -> Self {
        let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        Self { now, ..self }
    }

    /// The same, shown at a time in which the certificate is valid: the one nearest to `ms`.
    pub(crate) fn while_valid(self, ms: i64) -> Self {
        validity(self.certificate).map_or(self, |(from, to)| self.at(ms.clamp(from, to.max(from))))
    }

    /// What webpki says of it.
    ///
    /// # Errors
    /// Why it is not believed.
    pub(crate) fn by(&self, authorities: &WebPkiServerVerifier) -> Result<(), Error> {
        let Self { certificate, intermediates, name, ocsp, now } = *self;
        authorities.verify_server_cert(certificate, intermediates, name, ocsp, now).map(drop)
    }
}

/// From when to when a certificate is valid, ms since 1970 UTC.
pub(crate) fn validity(certificate: &[u8]) -> Option<(i64, i64)> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let validity = parsed.validity();
    Some((
        validity.not_before.timestamp().saturating_mul(1_000),
        validity.not_after.timestamp().saturating_mul(1_000),
    ))
}

/// Is a certificate refused for when it is shown, and for nothing else?
pub(crate) fn is_of_dates(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        Error::InvalidCertificate(Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
    )
}

/// Decides whether a certificate is believed.
pub(crate) trait Judge: Debug + Send + Sync + 'static {
    /// # Errors
    /// Why it is not.
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error>;
}

/// The verifier that believes what `judge` believes.
pub(crate) fn believing(judge: impl Judge, provider: &CryptoProvider) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Believing { judge, algorithms: provider.signature_verification_algorithms })
}

#[derive(Debug)]
struct Believing<J> {
    judge: J,
    algorithms: WebPkiSupportedAlgorithms,
}

impl<J: Judge> ServerCertVerifier for Believing<J> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge.judge(&Shown { certificate, intermediates, name, ocsp, now })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
