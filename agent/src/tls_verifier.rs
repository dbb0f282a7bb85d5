//! Builds TLS certificate verifiers from our own policies: stricter than webpki, pinned, or without any
//! check. Every verifier still checks that the server holds the private key of the certificate it presents.

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

/// The certificates that a server presented, and the name it was asked for.
#[derive(Clone, Copy)]
pub(crate) struct PresentedChain<'a> {
    pub(crate) certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    pub(crate) name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    pub(crate) now: UnixTime,
}

impl PresentedChain<'_> {
    /// The same chain, verified at another time (ms since 1970 UTC).
    pub(crate) fn at(self, ms: i64) -> Self {
        let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        Self { now, ..self }
    }

    /// The same chain, verified at the time within its validity that is nearest to `ms`.
    pub(crate) fn within_validity(self, ms: i64) -> Self {
        validity(self.certificate).map_or(self, |(from, to)| self.at(ms.clamp(from, to.max(from))))
    }

    /// Verifies the chain with webpki.
    ///
    /// # Errors
    /// The chain is not trusted.
    pub(crate) fn verify_with(&self, authorities: &WebPkiServerVerifier) -> Result<(), Error> {
        let Self { certificate, intermediates, name, ocsp, now } = *self;
        authorities.verify_server_cert(certificate, intermediates, name, ocsp, now).map(drop)
    }
}

/// Start and end of a certificate's validity, ms since 1970 UTC.
pub(crate) fn validity(certificate: &[u8]) -> Option<(i64, i64)> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let validity = parsed.validity();
    Some((
        validity.not_before.timestamp().saturating_mul(1_000),
        validity.not_after.timestamp().saturating_mul(1_000),
    ))
}

/// Whether the error is about the validity period and nothing else.
pub(crate) fn is_date_error(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        Error::InvalidCertificate(Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
    )
}

/// Decides whether a presented certificate is accepted.
pub(crate) trait CertificatePolicy: Debug + Send + Sync + 'static {
    /// # Errors
    /// The certificate is refused.
    fn verify(&self, shown: &PresentedChain<'_>) -> Result<(), Error>;
}

/// Builds a verifier that accepts what `policy` accepts.
pub(crate) fn verifier_with(
    policy: impl CertificatePolicy,
    provider: &CryptoProvider,
) -> Arc<dyn ServerCertVerifier> {
    Arc::new(PolicyVerifier { policy, algorithms: provider.signature_verification_algorithms })
}

#[derive(Debug)]
struct PolicyVerifier<P> {
    policy: P,
    algorithms: WebPkiSupportedAlgorithms,
}

impl<P: CertificatePolicy> ServerCertVerifier for PolicyVerifier<P> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.policy.verify(&PresentedChain { certificate, intermediates, name, ocsp, now })?;
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
