//! Whom the agent believes to be its aggregator: the certificate pinned when it enrolled, or one that an
//! authority vouches for. Says in words what to do about one that is neither.

use crate::belief::{Judge, Shown, believing, is_of_dates};
use crate::clock::CorrectedClock;
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

/// `sha256:` and 64 hexadecimal digits, with or without colons between. `None`: it is none.
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

/// As [`read_fingerprint`] reads it.
#[must_use]
pub fn write_fingerprint(fingerprint: &Fingerprint) -> String {
    let digits: String = fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// How the aggregator's certificate is judged.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) config: ClientConfig,
    /// After a handshake with a pin: an authority vouches for the certificate too.
    pub(super) vouched: Arc<AtomicBool>,
}

/// By which time a certificate that an authority vouches for must be valid. A pinned one is believed at any.
#[derive(Clone, Debug)]
pub(super) enum Dates {
    /// This host's own.
    Own,
    /// This host's own, or the corrected one: either clock may be the wrong one, and an agent is never locked out for it.
    Either(Arc<CorrectedClock>),
    /// None: for a look that tells no secret.
    Any,
}

/// By `pin` where there is one, else by the host's authorities and those of `ca_file`.
pub(super) fn trust(ca_file: Option<&Path>, pin: Option<Fingerprint>, dates: Dates) -> anyhow::Result<Trust> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(roots(ca_file)?);
    let vouched = Arc::new(AtomicBool::new(false));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    let authorities = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().ok();
    let verifier = match pin {
        None => believing(Vouched { authorities, dates }, &provider),
        Some(fingerprint) => {
            believing(Pinned { fingerprint, authorities, vouched: Arc::clone(&vouched) }, &provider)
        }
    };
    let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(Trust { config, vouched })
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

/// Believes what an authority vouches for.
#[derive(Debug)]
struct Vouched {
    /// `None`: this host has none.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    dates: Dates,
}

impl Judge for Vouched {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), rustls::Error> {
        let authorities = self
            .authorities
            .as_ref()
            .ok_or(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let now = shown.by(authorities);
        match (&self.dates, now) {
            (Dates::Either(clock), Err(error)) if is_of_dates(&error) => match clock.readings().corrected {
                Some(corrected) => shown.at(corrected).by(authorities),
                None => Err(error),
            },
            (Dates::Any, Err(error)) if is_of_dates(&error) => shown.while_valid(0).by(authorities),
            (_, now) => now,
        }
    }
}

/// Believes one certificate, whatever its name and dates.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    /// `None`: a host without any authority can still pin.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    vouched: Arc<AtomicBool>,
}

impl Judge for Pinned {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), rustls::Error> {
        if Sha256::digest(shown.certificate).as_slice() != self.fingerprint {
            return Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        let vouched = self.authorities.as_ref().is_some_and(|authorities| shown.by(authorities).is_ok());
        self.vouched.store(vouched, Ordering::Relaxed);
        Ok(())
    }
}

/// A certificate that is not believed, or none where there should be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whose it is, and what is wrong with it.
    pub wrong: String,
    /// What an agent's owner does about it.
    pub remedy: &'static str,
    /// It is another one than the pinned one.
    pub exchanged: bool,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}. {}", self.wrong, self.remedy)
    }
}

/// What is wrong with the certificate of `url`, and what to do. `None`: the failure was another one.
pub(super) fn refusal(error: &(dyn std::error::Error + 'static), url: &url::Url) -> Option<Refusal> {
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
                return Some(Refusal { wrong, remedy, exchanged: false });
            }
        },
        rustls::Error::InvalidMessage(_) => {
            ("does not speak TLS", "Correct the port, or write http where the aggregator is on this host")
        }
        _ => return None,
    };
    let exchanged =
        matches!(error, rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
    Some(Refusal { wrong: format!("{url} {wrong}"), remedy, exchanged })
}

/// Was the certificate refused for when it was shown?
pub(super) fn is_refused_for_its_dates(error: &(dyn std::error::Error + 'static)) -> bool {
    tls_error(error).is_some_and(is_of_dates)
}

/// The failure of TLS among the causes of `error`.
pub(super) fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An I/O error names what it wraps, but not as its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|wrapped| tls_error(wrapped)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}
