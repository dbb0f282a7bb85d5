//! Which server the agent accepts as its aggregator: the certificate pinned at enrolment, or one issued by a
//! trusted authority. Explains what to do about any other.

use crate::clock::CorrectedClock;
use crate::tls_verifier::{CertificatePolicy, PresentedChain, is_date_error, verifier_with};
use anyhow::{Context, ensure};
use rustls::client::WebPkiServerVerifier;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// SHA-256 of a certificate (DER).
pub type Fingerprint = [u8; 32];

/// Reads `sha256:` and 64 hexadecimal digits, with or without colons between bytes.
#[must_use]
pub fn read_fingerprint(text: &str) -> Option<Fingerprint> {
    let digits: Vec<u8> = text.trim().strip_prefix("sha256:")?.bytes().filter(|byte| *byte != b':').collect();
    let mut fingerprint = [0; 32];
    if digits.len() != 2 * fingerprint.len() {
        return None;
    }
    for (byte, pair) in fingerprint.iter_mut().zip(digits.chunks(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? * 16 + digit(1)?) as u8;
    }
    Some(fingerprint)
}

/// Formats a fingerprint for [`read_fingerprint`].
#[must_use]
pub fn write_fingerprint(fingerprint: &Fingerprint) -> String {
    let digits: String = fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// The TLS configuration for the aggregator.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) config: ClientConfig,
    /// Set by a handshake with a pin if a trusted authority issued the certificate, too.
    pub(super) ca_trusted: Arc<AtomicBool>,
}

/// Which clock decides whether a certificate is within its validity. A pinned one is accepted at any time.
#[derive(Clone, Debug)]
pub(super) enum ValidityClock {
    /// This host's clock.
    Local,
    /// This host's clock or the corrected one: either may be wrong, and an agent must not be locked out for
    /// it.
    LocalOrCorrected(Arc<CorrectedClock>),
    /// No clock: for requests without secrets.
    Ignored,
}

/// Trusts `pin` if there is one, otherwise the host's authorities and those of `ca_file`.
pub(super) fn trust(
    ca_file: Option<&Path>,
    pin: Option<Fingerprint>,
    clock: ValidityClock,
) -> anyhow::Result<Trust> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(roots(ca_file)?);
    let ca_trusted = Arc::new(AtomicBool::new(false));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    let authorities = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().ok();
    let verifier = match pin {
        None => verifier_with(AuthorityPolicy { authorities, clock }, &provider),
        Some(fingerprint) => verifier_with(
            PinPolicy { fingerprint, authorities, ca_trusted: Arc::clone(&ca_trusted) },
            &provider,
        ),
    };
    let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(Trust { config, ca_trusted })
}

fn roots(ca_file: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let certificates = CertificateDer::pem_file_iter(path)
            .with_context(|| format!("cannot read [aggregator] ca_file {}", path.display()))?;
        let mut count = 0;
        for certificate in certificates {
            let certificate =
                certificate.with_context(|| format!("{} is not a PEM of certificates", path.display()))?;
            roots.add(certificate).with_context(|| format!("{} holds a bad certificate", path.display()))?;
            count += 1;
        }
        ensure!(count > 0, "{} holds no certificate", path.display());
    }
    Ok(roots)
}

/// Accepts certificates that a trusted authority issued.
#[derive(Debug)]
struct AuthorityPolicy {
    /// `None`: this host has no authorities.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    clock: ValidityClock,
}

impl CertificatePolicy for AuthorityPolicy {
    fn verify(&self, shown: &PresentedChain<'_>) -> Result<(), rustls::Error> {
        let authorities = self
            .authorities
            .as_ref()
            .ok_or(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let now = shown.verify_with(authorities);
        match (&self.clock, now) {
            (ValidityClock::LocalOrCorrected(corrected), Err(error)) if is_date_error(&error) => {
                match corrected.wall_times().corrected {
                    Some(corrected) => shown.at(corrected).verify_with(authorities),
                    None => Err(error),
                }
            }
            (ValidityClock::Ignored, Err(error)) if is_date_error(&error) => {
                shown.within_validity(0).verify_with(authorities)
            }
            (_, now) => now,
        }
    }
}

/// Accepts one certificate, whatever its name and validity.
#[derive(Debug)]
struct PinPolicy {
    fingerprint: Fingerprint,
    /// `None`: a host without authorities can still pin.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    ca_trusted: Arc<AtomicBool>,
}

impl CertificatePolicy for PinPolicy {
    fn verify(&self, shown: &PresentedChain<'_>) -> Result<(), rustls::Error> {
        if Sha256::digest(shown.certificate).as_slice() != self.fingerprint {
            return Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        let ca_trusted =
            self.authorities.as_ref().is_some_and(|authorities| shown.verify_with(authorities).is_ok());
        self.ca_trusted.store(ca_trusted, Ordering::Relaxed);
        Ok(())
    }
}

/// A certificate that is not accepted, or a server without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntrustedCertificate {
    /// What is wrong with which certificate.
    pub wrong: String,
    /// What the agent's owner can do about it.
    pub remedy: &'static str,
    /// The certificate differs from the pinned one.
    pub pin_mismatch: bool,
}

impl std::fmt::Display for UntrustedCertificate {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}. {}", self.wrong, self.remedy)
    }
}

/// Describes why the certificate of `url` is not accepted. `None`: the error has another cause.
pub(super) fn untrusted(
    error: &(dyn std::error::Error + 'static),
    url: &url::Url,
) -> Option<UntrustedCertificate> {
    let error = tls_error(error)?;
    let (wrong, remedy) = match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            CertificateError::ApplicationVerificationFailure => (
                "shows another certificate than the pinned one",
                "If it was replaced on purpose, enrol this agent again (skerry-aggregator agent rotate); if not, \
                 somebody intercepts the connection",
            ),
            CertificateError::UnknownIssuer => (
                "shows a certificate of an authority that this host does not trust",
                "Name the authority with ca_file under [aggregator], or enrol with a token of skerry-aggregator \
                 agent add, which pins the certificate",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                "shows a certificate for another name",
                "Put the name it was made for into url under [aggregator]",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "shows a certificate that has expired",
                "Renew it on the aggregator, or set this host's clock right",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("shows a certificate that is not valid yet", "Set this host's clock right")
            }
            other => {
                let wrong = format!("{url} shows a certificate that is refused: {other}");
                let remedy = "Give the aggregator's listener a certificate made for its name";
                return Some(UntrustedCertificate { wrong, remedy, pin_mismatch: false });
            }
        },
        rustls::Error::InvalidMessage(_) => {
            ("does not speak TLS", "Correct the port, or write http where the aggregator is on this host")
        }
        _ => return None,
    };
    let pin_mismatch =
        matches!(error, rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
    Some(UntrustedCertificate { wrong: format!("{url} {wrong}"), remedy, pin_mismatch })
}

/// Whether the certificate was rejected only for its validity period.
pub(super) fn is_refused_for_dates(error: &(dyn std::error::Error + 'static)) -> bool {
    tls_error(error).is_some_and(is_date_error)
}

/// The TLS error in the source chain of `error`.
pub(super) fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An I/O error does not return the error it wraps as its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|wrapped| tls_error(wrapped)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}
