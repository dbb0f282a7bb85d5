//! TLS handshakes whose certificate is judged in a way of our own: more than webpki does, by a pin, or not at
//! all. Whatever the judgement, that the server holds the key of what it shows is checked here.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// What a server shows of itself, and whom it was asked for.
pub(crate) struct Shown<'a> {
    pub(crate) certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    pub(crate) name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    pub(crate) now: UnixTime,
}

impl Shown<'_> {
    /// What webpki says of it.
    ///
    /// # Errors
    /// Why it is not believed.
    pub(crate) fn by(&self, authorities: &WebPkiServerVerifier) -> Result<(), Error> {
        let Self { certificate, intermediates, name, ocsp, now } = *self;
        authorities.verify_server_cert(certificate, intermediates, name, ocsp, now).map(drop)
    }
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
