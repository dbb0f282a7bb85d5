//! The path from a server's certificate to a trusted authority, and which certificate on it expires first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use super::certificate;
use crate::clock::WallTimes;
use crate::probe::CertificateSeen;

/// Maximum number of chains whose result is cached.
const MOST_KNOWN: usize = 1_024;

/// The trusted authorities, to rebuild the path of a verified handshake. Each chain is processed once,
/// because every run shows the same one.
pub(super) struct Authorities {
    anchors: Vec<TrustAnchor<'static>>,
    certificates: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
    known: Mutex<HashMap<[u8; 32], CertificateSeen>>,
}

impl Authorities {
    /// The authorities of `roots`.
    pub(super) fn new(
        roots: &RootCertStore,
        certificates: Vec<CertificateDer<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { anchors: roots.roots.clone(), certificates, algorithms, known: Mutex::default() }
    }

    /// The certificate that expires first on the path of a verified `chain`. A server certificate that is
    /// trusted itself has no path.
    pub(super) fn ends_first(
        &self,
        chain: &[CertificateDer<'_>],
        times: WallTimes,
    ) -> Option<CertificateSeen> {
        let id = id(chain);
        let now = times.corrected.unwrap_or(times.local);
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            // Past an expired certificate another path may exist.
            if let Some(known) = known.get(&id).filter(|known| known.not_after.as_millisecond() > now) {
                return Some(known.clone());
            }
        }
        let seen = [now, times.local].into_iter().find_map(|ms| self.walk(chain, ms))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(id, seen.clone());
        Some(seen)
    }

    fn walk(&self, chain: &[CertificateDer<'_>], now_ms: i64) -> Option<CertificateSeen> {
        let (leaf, intermediates) = chain.split_first()?;
        let server = EndEntityCert::try_from(leaf).ok()?;
        let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now_ms).ok()?));
        let path = server
            .verify_for_usage(
                self.algorithms.all,
                &self.anchors,
                intermediates,
                now,
                KeyUsage::server_auth(),
                None,
                None,
            )
            .ok()?;
        let between = path.intermediate_certificates().map(webpki::Cert::der);
        let mut seen: Vec<CertificateSeen> =
            std::iter::once(leaf.clone()).chain(between).filter_map(|one| certificate::parse(&one)).collect();
        seen.extend(self.authority_of(&path));
        // Of those that expire together, the nearest to the server.
        seen.into_iter().min_by_key(|one| one.not_after)
    }

    /// The authority at the end of the path. If it was renewed with the same key it exists more than once;
    /// the latest expiry counts.
    fn authority_of(&self, path: &VerifiedPath<'_>) -> Option<CertificateSeen> {
        let anchor = path.anchor();
        let same = |certificate: &&CertificateDer<'static>| {
            webpki::anchor_from_trusted_cert(certificate).is_ok_and(|one| {
                one.subject == anchor.subject && one.subject_public_key_info == anchor.subject_public_key_info
            })
        };
        let same = self.certificates.iter().filter(same);
        same.filter_map(|one| certificate::parse(one)).max_by_key(|one| one.not_after)
    }
}

fn id(chain: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for certificate in chain {
        hasher.update(&(certificate.len() as u64).to_le_bytes());
        hasher.update(certificate);
    }
    *hasher.finalize().as_bytes()
}
