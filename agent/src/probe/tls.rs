//! TLS for probes: a few shared configurations, always full handshakes, named errors.
//!
//! Sessions are never resumed: a resumed handshake shows no certificate and takes no time worth measuring.
//! The authorities of the system and of a `ca_file` are read again when they change.

mod certificate;
mod error_text;
mod handshake;
mod path;
mod roots;
mod server_offer;
mod verifier;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use arc_swap::ArcSwap;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use skerry_protocol::check::{Handshake, HttpVersion};
use tokio::time::Instant;

use super::fault::Fault;
use crate::clock::{CorrectedClock, WallTimes};
use crate::tls_verifier::verifier_with;
use path::Authorities;
use roots::Roots;
use verifier::{AnyCertificate, RootsPolicy, with_any_curve};

pub(super) use certificate::hostile as hostile_certificate;
pub(super) use handshake::{Opened, begin, begin_after, fault, has_words, seen};
pub(super) use server_offer::hostile as hostile_answer;

/// Maximum size of a `ca_file`, bytes.
const MAX_CA_FILE: u64 = 8 << 20;
/// Minimum time between checks of the system's files.
const REREAD: Duration = Duration::from_secs(5);
/// Indexed by [`alpn_index`].
const ALPN: [&[&[u8]]; 4] = [&[b"h2", b"http/1.1"], &[b"http/1.1"], &[b"h2"], &[]];

/// The configurations that all probes share.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    system: ArcSwap<System>,
    looked: Mutex<Instant>,
    unverified: [Offer; 4],
    with_ca_file: Mutex<HashMap<PathBuf, WithCaFile>>,
    clock: Arc<CorrectedClock>,
}

/// What a handshake offers and how it verifies the server.
#[derive(Clone)]
pub(super) struct Offer {
    configuration: Arc<ClientConfig>,
    verifier: Arc<dyn ServerCertVerifier>,
    /// `None` if any certificate is accepted.
    authorities: Option<Arc<Authorities>>,
    clock: Arc<CorrectedClock>,
}

/// The authorities of this host.
struct System {
    roots: Roots,
    /// `None` if this host has no authorities.
    verified: Option<[Offer; 4]>,
}

/// The required remaining validity in days, and the clocks that decide it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DaysLeft {
    pub(super) days: u32,
    pub(super) times: WallTimes,
}

struct WithCaFile {
    stamp: (u64, Option<SystemTime>),
    /// The system authorities that it was combined with.
    system: Arc<System>,
    offers: [Offer; 4],
}

impl Tls {
    /// Verifies validity by `clock`.
    pub(super) fn from_system(clock: Arc<CorrectedClock>) -> anyhow::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let system = System::of(Roots::read(), &provider, &clock)?;
        let any: Arc<dyn ServerCertVerifier> = Arc::new(AnyCertificate);
        let unverified = offers(&Arc::new(with_any_curve()), &any, None, &clock)?;
        Ok(Self {
            provider,
            system: ArcSwap::from_pointee(system),
            looked: Mutex::new(Instant::now()),
            unverified,
            with_ca_file: Mutex::default(),
            clock,
        })
    }

    /// The time by which certificates are judged, where one time is enough.
    pub(super) fn now(&self) -> jiff::Timestamp {
        let times = self.clock.wall_times();
        let now = times.corrected.unwrap_or(times.local);
        jiff::Timestamp::from_millisecond(now).unwrap_or_default()
    }

    /// The requirement that a certificate is valid for `days` from now.
    pub(super) fn days_left(&self, days: Option<u32>) -> Option<DaysLeft> {
        days.map(|days| DaysLeft { days, times: self.clock.wall_times() })
    }

    /// What a check offers; without a `version` no HTTP. An unreadable `ca_file` is our own fault.
    pub(super) async fn configuration(
        &self,
        verify: bool,
        ca_file: Option<&Path>,
        version: Option<HttpVersion>,
    ) -> Result<Offer, Fault> {
        let index = alpn_index(version);
        if !verify {
            return Ok(self.unverified[index].clone());
        }
        self.reread_when_changed().await;
        if let Some(file) = ca_file {
            return self.with_ca_file(file, index).await;
        }
        match &self.system.load().verified {
            Some(offers) => Ok(offers[index].clone()),
            None => Err(Fault::own(
                "this host has no trusted certificate authorities: install ca-certificates or set ca_file",
            )),
        }
    }

    /// What a handshake offers; without a `version` no HTTP.
    pub(super) async fn of_handshake(
        &self,
        asked: &Handshake,
        version: Option<HttpVersion>,
    ) -> Result<Offer, Fault> {
        self.configuration(asked.verify, asked.ca_file.as_deref(), version).await
    }

    async fn with_ca_file(&self, file: &Path, index: usize) -> Result<Offer, Fault> {
        let unreadable =
            |why: &dyn std::fmt::Display| Fault::own(format!("ca_file {}: {why}", file.display()));
        let metadata = tokio::fs::metadata(file).await.map_err(|error| unreadable(&error))?;
        let stamp = (metadata.len(), metadata.modified().ok());
        let system = self.system.load_full();
        {
            let known = self.with_ca_file.lock().unwrap_or_else(PoisonError::into_inner);
            let known = known.get(file).filter(|known| known.stamp == stamp);
            if let Some(known) = known.filter(|known| Arc::ptr_eq(&known.system, &system)) {
                return Ok(known.offers[index].clone());
            }
        }
        if !metadata.is_file() || metadata.len() > MAX_CA_FILE {
            return Err(unreadable(&"not a regular file of at most 8 MiB"));
        }
        let pem = tokio::fs::read(file).await.map_err(|error| unreadable(&error))?;
        let extra = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable(&error))?;
        let offers = verified(&self.provider, &system.roots.certificates, &extra, &self.clock)
            .map_err(|error| unreadable(&error))?
            .filter(|_| !extra.is_empty())
            .ok_or_else(|| unreadable(&"no certificate in it"))?;
        let chosen = offers[index].clone();
        let mut known = self.with_ca_file.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(file.to_owned(), WithCaFile { stamp, system, offers });
        Ok(chosen)
    }

    async fn reread_when_changed(&self) {
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.elapsed() < REREAD {
                return;
            }
            *looked = Instant::now();
        }
        let before = self.system.load_full();
        let reading = tokio::task::spawn_blocking(move || before.roots.read_if_changed()).await;
        let Ok(Some(roots)) = reading else { return };
        match System::of(roots, &self.provider, &self.clock) {
            Ok(system) => {
                let authorities = system.roots.certificates.len();
                tracing::info!(
                    authorities,
                    "the system's trusted authorities have changed and are read anew"
                );
                self.system.store(Arc::new(system));
            }
            Err(error) => tracing::warn!("the system's trusted authorities cannot be used: {error:#}"),
        }
    }
}

impl System {
    fn of(roots: Roots, provider: &Arc<CryptoProvider>, clock: &Arc<CorrectedClock>) -> anyhow::Result<Self> {
        let verified = verified(provider, &roots.certificates, &[], clock)?;
        Ok(Self { roots, verified })
    }
}

fn alpn_index(version: Option<HttpVersion>) -> usize {
    match version {
        Some(HttpVersion::Auto) => 0,
        Some(HttpVersion::Http1) => 1,
        Some(HttpVersion::Http2) => 2,
        None => 3,
    }
}

/// `None` if there is no authority at all.
fn verified(
    provider: &Arc<CryptoProvider>,
    system: &[CertificateDer<'static>],
    extra: &[CertificateDer<'static>],
    clock: &Arc<CorrectedClock>,
) -> anyhow::Result<Option<[Offer; 4]>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(system.iter().cloned());
    for certificate in extra {
        roots.add(certificate.clone()).context("a certificate in it cannot be used")?;
    }
    if roots.is_empty() {
        return Ok(None);
    }
    let certificates = [system, extra].concat();
    let algorithms = provider.signature_verification_algorithms;
    let authorities = Arc::new(Authorities::new(&roots, certificates, algorithms));
    let chains =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?;
    let verifier =
        verifier_with(RootsPolicy { chains, named: extra.to_vec(), clock: Arc::clone(clock) }, provider);
    offers(provider, &verifier, Some(&authorities), clock).map(Some)
}

fn offers(
    provider: &Arc<CryptoProvider>,
    verifier: &Arc<dyn ServerCertVerifier>,
    authorities: Option<&Arc<Authorities>>,
    clock: &Arc<CorrectedClock>,
) -> anyhow::Result<[Offer; 4]> {
    let mut base = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier))
        .with_no_client_auth();
    base.resumption = Resumption::disabled();
    Ok(ALPN.map(|protocols| {
        let mut configuration = base.clone();
        configuration.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Offer {
            configuration: Arc::new(configuration),
            verifier: Arc::clone(verifier),
            authorities: authorities.cloned(),
            clock: Arc::clone(clock),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_protocol::wire::Reason;

    #[tokio::test]
    async fn a_ca_file_that_cannot_be_used_is_our_own_fault_and_is_named() {
        let tls = Tls::from_system(Arc::new(CorrectedClock::local())).expect("the provider works");
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ca.pem");
        let Err(missing) = tls.configuration(true, Some(&file), None).await else { panic!("no file") };
        assert_eq!(missing.reason, Reason::OwnResources);
        assert!(missing.detail.contains("ca.pem"), "{}", missing.detail);
        std::fs::write(&file, "nothing here").expect("writes");
        let Err(empty) = tls.configuration(true, Some(&file), None).await else { panic!("no PEM") };
        assert!(empty.detail.contains("no certificate"), "{}", empty.detail);
    }
}
