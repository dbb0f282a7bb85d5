//! Whom a handshake believes: what webpki believes and the very certificates of a `ca_file`, or anyone. Whether a
//! certificate is valid now is asked by the corrected time.

use std::sync::Arc;

use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, OtherError};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::belief::{Judge, Shown, is_of_dates};
use crate::clock::{CorrectedClock, Fails, Readings};

/// Judges as webpki does, and also accepts a server that shows the very certificate named in `ca_file`:
/// webpki refuses a self-signed one marked as an authority, which is what common tools make.
#[derive(Debug)]
pub(super) struct Trusting {
    pub(super) chains: Arc<WebPkiServerVerifier>,
    pub(super) named: Vec<CertificateDer<'static>>,
    pub(super) clock: Arc<CorrectedClock>,
}

impl Judge for Trusting {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let readings = self.clock.readings();
        readings.judge(|ms| self.judge_at(&shown.at(ms))).map_err(|fails| match fails {
            Fails::Doubtfully(error) if is_of_dates(&error) => {
                // What is wrong with it at any time is no matter of clocks.
                let lasting = self.judge_at(&shown.while_valid(readings.own)).err();
                lasting.filter(|error| !is_of_dates(error)).unwrap_or_else(|| doubtful(readings))
            }
            Fails::Surely(error) | Fails::Doubtfully(error) => error,
        })
    }
}

/// Whether a certificate is valid depends on which clock is right.
#[derive(Debug, thiserror::Error)]
#[error("whether the certificate is valid depends on which clock is right: {0}")]
pub(super) struct OwnClock(String);

fn doubtful(readings: Readings) -> Error {
    let why = OwnClock(readings.to_string());
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

impl Trusting {
    fn judge_at(&self, shown: &Shown<'_>) -> Result<(), Error> {
        use Error::InvalidCertificate;
        match shown.by(&self.chains) {
            Err(InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
                if is_self_issued(shown.certificate) =>
            {
                if !self.named.iter().any(|named| named.as_ref() == shown.certificate.as_ref()) {
                    return Err(InvalidCertificate(CertificateError::UnknownIssuer));
                }
                check_validity(shown.certificate, shown.now)?;
                verify_server_name(&ParsedCertificate::try_from(shown.certificate)?, shown.name)
            }
            // Another authority of the same name: whoever signed this is not the one we trust.
            Err(InvalidCertificate(
                CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
            )) => Err(InvalidCertificate(CertificateError::UnknownIssuer)),
            other => other,
        }
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

/// `verify = false`: any certificate will do, it is still read.
#[derive(Debug)]
pub(super) struct AcceptAny;

impl Judge for AcceptAny {
    fn judge(&self, _shown: &Shown<'_>) -> Result<(), Error> {
        Ok(())
    }
}
