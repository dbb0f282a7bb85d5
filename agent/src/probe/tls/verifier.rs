//! Certificate verification of probes: by webpki and the exact certificates of a `ca_file`, or none at all.
//! The corrected time decides about validity.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{ActiveKeyExchange, CryptoProvider, SupportedKxGroup, ring};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, NamedGroup, OtherError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate;
use super::error_text::is_checked;
use crate::clock::{CorrectedClock, TimeFailure, WallTimes};
use crate::tls_verifier::{CertificatePolicy, PresentedChain, is_date_error};

/// Verifies with webpki, and also accepts exactly the certificates in `ca_file`: webpki rejects a self-signed
/// certificate marked as an authority, which common tools create.
#[derive(Debug)]
pub(super) struct RootsPolicy {
    pub(super) chains: Arc<WebPkiServerVerifier>,
    pub(super) named: Vec<CertificateDer<'static>>,
    pub(super) clock: Arc<CorrectedClock>,
}

impl CertificatePolicy for RootsPolicy {
    fn verify(&self, shown: &PresentedChain<'_>) -> Result<(), Error> {
        let times = self.clock.wall_times();
        times.check(|ms| self.verify_at(&shown.at(ms))).map_err(|fails| match fails {
            TimeFailure::Uncertain(error) if is_date_error(&error) => {
                // An error at any time has nothing to do with the clocks.
                let lasting = self.verify_at(&shown.within_validity(times.local)).err();
                lasting.filter(|error| !is_date_error(error)).unwrap_or_else(|| clock_dependent(times))
            }
            TimeFailure::Certain(error) | TimeFailure::Uncertain(error) => error,
        })
    }
}

/// Whether a certificate is valid depends on which clock is right.
#[derive(Debug, thiserror::Error)]
#[error("whether the certificate is valid depends on which clock is right: {0}")]
pub(super) struct OwnClock(String);

/// The certificate's issuer is trusted by name, but its key type is not supported.
#[derive(Debug, thiserror::Error)]
#[error("the key of its authority {subject} is {key}, whose signatures this program does not check")]
struct UncheckedKey {
    subject: String,
    key: String,
}

fn clock_dependent(times: WallTimes) -> Error {
    let why = OwnClock(times.to_string());
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

impl RootsPolicy {
    fn verify_at(&self, shown: &PresentedChain<'_>) -> Result<(), Error> {
        use Error::InvalidCertificate;
        match shown.verify_with(&self.chains) {
            Err(InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
                if is_self_issued(shown.certificate) =>
            {
                if !self.named.iter().any(|named| named.as_ref() == shown.certificate.as_ref()) {
                    return Err(InvalidCertificate(CertificateError::UnknownIssuer));
                }
                check_validity(shown.certificate, shown.now)?;
                verify_server_name(&ParsedCertificate::try_from(shown.certificate)?, shown.name)
            }
            // Another authority with the same name signed this certificate, or ours did with a key type that we
            // do not verify.
            Err(InvalidCertificate(
                CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
            )) => Err(InvalidCertificate(
                self.unchecked_issuer(shown.certificate).unwrap_or(CertificateError::UnknownIssuer),
            )),
            other => other,
        }
    }

    fn unchecked_issuer(&self, certificate: &CertificateDer<'_>) -> Option<CertificateError> {
        let issuer = certificate::parse(certificate)?.issuer;
        let named = self.named.iter().filter_map(|one| certificate::parse(one));
        let unchecked = named.into_iter().find(|one| one.subject == issuer && !is_checked(&one.key))?;
        let why = UncheckedKey { subject: unchecked.subject, key: unchecked.key };
        Some(CertificateError::Other(OtherError(Arc::new(why))))
    }
}

fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| parsed.subject() == parsed.issuer())
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let now = now.as_secs() as i64;
    if now > parsed.validity().not_after.timestamp() {
        return Err(CertificateError::Expired.into());
    }
    if now < parsed.validity().not_before.timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    Ok(())
}

/// `verify = false`: accepts any certificate that parses, whatever its version, key and signatures. Does not
/// check that the server holds its key either, because we may not support the key type.
#[derive(Debug)]
pub(super) struct AnyCertificate;

/// Every scheme that a server may sign with.
const ANY_SCHEME: [SignatureScheme; 14] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::ECDSA_SHA1_Legacy,
    SignatureScheme::RSA_PKCS1_SHA1,
    // RSASSA-PSS with a key of that type.
    SignatureScheme::Unknown(0x0809),
];

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ANY_SCHEME.to_vec()
    }
}

/// The provider with an additional curve that is offered for certificates only: a TLS 1.2 server sends no
/// certificate on a curve that the client does not offer (RFC 8422, section 5.1). It comes last, so that no
/// server prefers it for the key exchange.
pub(super) fn with_any_curve() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.kx_groups.push(&P521);
    provider
}

static P521: NoExchange = NoExchange(NamedGroup::secp521r1);

#[derive(Debug)]
struct NoExchange(NamedGroup);

impl SupportedKxGroup for NoExchange {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Err(Error::General("the server exchanges keys on P-521 only, and this program does not".to_owned()))
    }

    fn name(&self) -> NamedGroup {
        self.0
    }
}

/// A verifier for one handshake that records the server's certificates: a failed handshake keeps nothing
/// else.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    verifier: Arc<dyn ServerCertVerifier>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl RecordingVerifier {
    pub(super) fn new(verifier: Arc<dyn ServerCertVerifier>) -> Self {
        Self { verifier, shown: Mutex::default() }
    }

    /// The server's certificates, its own first.
    pub(super) fn shown(&self) -> Vec<CertificateDer<'static>> {
        std::mem::take(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(certificate).chain(intermediates);
        let chain = chain.map(|one| one.clone().into_owned()).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        self.verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
