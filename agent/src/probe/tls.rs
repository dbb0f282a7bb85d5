//! TLS for probes: few shared configurations, handshakes that are always full, errors by name.
//!
//! Sessions are never resumed: a resumed handshake shows no certificate and takes no time worth measuring.
//! The system's authorities are read once; those of a `ca_file` again when the file changes.

use skerry_protocol::words::one_line;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::Context;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use skerry_protocol::check::{Handshake, HttpVersion};
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::fault::Fault;
use super::hostile::is_harmless;
use super::run::{Doing, Run, add};
use super::{CertificateSeen, HandshakeSeen};
use crate::belief::believing;
use crate::clock::{CorrectedClock, Readings};
use verifier::{AcceptAny, OwnClock, Trusting};

mod verifier;

/// Largest `ca_file` read, bytes.
const MAX_CA_FILE: u64 = 8 << 20;
/// Most certificates of a chain that are shown.
const MAX_CHAIN: usize = 8;
/// In the order of [`alpn_index`].
const ALPN: [&[&[u8]]; 4] = [&[b"h2", b"http/1.1"], &[b"http/1.1"], &[b"h2"], &[]];

/// The shared configurations.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    roots: Vec<CertificateDer<'static>>,
    /// None where the system has no authorities to verify with.
    verified: Option<[Arc<ClientConfig>; 4]>,
    unverified: [Arc<ClientConfig>; 4],
    with_ca_file: Mutex<HashMap<PathBuf, WithCaFile>>,
    clock: Arc<CorrectedClock>,
}

/// How many days a certificate is to be valid for, and by which clocks they are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct DaysLeft {
    pub(super) days: u32,
    pub(super) readings: Readings,
}

struct WithCaFile {
    stamp: (u64, Option<SystemTime>),
    configurations: [Arc<ClientConfig>; 4],
}

impl Tls {
    /// Judges by `clock` whether certificates are valid.
    pub(super) fn from_system(clock: Arc<CorrectedClock>) -> anyhow::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "some of the system's trusted authorities cannot be read");
        }
        let roots = found.certs;
        let verified = match verifier(&provider, &roots, &[], &clock)? {
            Some(verifier) => Some(configurations(&provider, &verifier)?),
            None => None,
        };
        let unverified = configurations(&provider, &believing(AcceptAny, &provider))?;
        Ok(Self { provider, roots, verified, unverified, with_ca_file: Mutex::default(), clock })
    }

    /// The time by which certificates are judged where one is enough.
    pub(super) fn now(&self) -> jiff::Timestamp {
        let readings = self.clock.readings();
        let now = readings.corrected.unwrap_or(readings.own);
        jiff::Timestamp::from_millisecond(now).unwrap_or_default()
    }

    /// `days` from now.
    pub(super) fn days_left(&self, days: Option<u32>) -> Option<DaysLeft> {
        days.map(|days| DaysLeft { days, readings: self.clock.readings() })
    }

    /// The configuration for a check; without a `version` it speaks no HTTP. An unreadable `ca_file` is our
    /// own fault.
    pub(super) async fn configuration(
        &self,
        verify: bool,
        ca_file: Option<&Path>,
        version: Option<HttpVersion>,
    ) -> Result<Arc<ClientConfig>, Fault> {
        let index = alpn_index(version);
        if !verify {
            return Ok(Arc::clone(&self.unverified[index]));
        }
        if let Some(file) = ca_file {
            return self.with_ca_file(file, index).await;
        }
        match &self.verified {
            Some(configurations) => Ok(Arc::clone(&configurations[index])),
            None => Err(Fault::own(
                "this host has no trusted certificate authorities: install ca-certificates or set ca_file",
            )),
        }
    }

    /// The configuration for a handshake; without a `version` it speaks no HTTP.
    pub(super) async fn of_handshake(
        &self,
        asked: &Handshake,
        version: Option<HttpVersion>,
    ) -> Result<Arc<ClientConfig>, Fault> {
        self.configuration(asked.verify, asked.ca_file.as_deref(), version).await
    }

    async fn with_ca_file(&self, file: &Path, index: usize) -> Result<Arc<ClientConfig>, Fault> {
        let unreadable =
            |why: &dyn std::fmt::Display| Fault::own(format!("ca_file {}: {why}", file.display()));
        let metadata = tokio::fs::metadata(file).await.map_err(|error| unreadable(&error))?;
        let stamp = (metadata.len(), metadata.modified().ok());
        {
            let known = self.with_ca_file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known.get(file).filter(|known| known.stamp == stamp) {
                return Ok(Arc::clone(&known.configurations[index]));
            }
        }
        if !metadata.is_file() || metadata.len() > MAX_CA_FILE {
            return Err(unreadable(&"not a regular file of at most 8 MiB"));
        }
        let pem = tokio::fs::read(file).await.map_err(|error| unreadable(&error))?;
        let extra = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable(&error))?;
        let verifier = verifier(&self.provider, &self.roots, &extra, &self.clock)
            .map_err(|error| unreadable(&error))?
            .filter(|_| !extra.is_empty())
            .ok_or_else(|| unreadable(&"no certificate in it"))?;
        let configurations = configurations(&self.provider, &verifier).map_err(|error| unreadable(&error))?;
        let chosen = Arc::clone(&configurations[index]);
        let mut known = self.with_ca_file.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(file.to_owned(), WithCaFile { stamp, configurations });
        Ok(chosen)
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

/// None when there is no authority at all.
fn verifier(
    provider: &Arc<CryptoProvider>,
    system: &[CertificateDer<'static>],
    extra: &[CertificateDer<'static>],
    clock: &Arc<CorrectedClock>,
) -> anyhow::Result<Option<Arc<dyn ServerCertVerifier>>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(system.iter().cloned());
    for certificate in extra {
        roots.add(certificate.clone()).context("a certificate in it cannot be used")?;
    }
    if roots.is_empty() {
        return Ok(None);
    }
    let chains =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?;
    Ok(Some(believing(Trusting { chains, named: extra.to_vec(), clock: Arc::clone(clock) }, provider)))
}

fn configurations(
    provider: &Arc<CryptoProvider>,
    verifier: &Arc<dyn ServerCertVerifier>,
) -> anyhow::Result<[Arc<ClientConfig>; 4]> {
    let mut base = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier))
        .with_no_client_auth();
    base.resumption = Resumption::disabled();
    Ok(ALPN.map(|protocols| {
        let mut configuration = base.clone();
        configuration.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(configuration)
    }))
}

/// One full handshake with a server of this name; notes in `run` how long it took.
pub(super) async fn begin(
    configuration: Arc<ClientConfig>,
    name: &Host<impl AsRef<str>>,
    stream: TcpStream,
    run: &mut Run,
) -> Result<TlsStream<TcpStream>, Fault> {
    run.doing = Doing::TLS;
    let start = Instant::now();
    let name = name.to_string();
    let stream = handshake(configuration, name.trim_matches(['[', ']']), stream).await?;
    add(&mut run.phases.tls_us, start.elapsed());
    Ok(stream)
}

/// One full handshake with `host` (a name or an IP address without brackets).
async fn handshake(
    configuration: Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Fault> {
    let name = ServerName::try_from(host.trim_end_matches('.').to_owned())
        .map_err(|_| Fault::down(Reason::TlsFailed, format!("{host} cannot be a name in a certificate")))?;
    TlsConnector::from(configuration).connect(name, stream).await.map_err(|error| fault(&error))
}

/// What a finished handshake shows.
pub(super) fn seen(stream: &TlsStream<TcpStream>) -> HandshakeSeen {
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates().unwrap_or_default();
    HandshakeSeen {
        version: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or_default(),
        cipher_suite: connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or_default(),
        chain: chain.iter().take(MAX_CHAIN).filter_map(parse).collect(),
    }
}

/// The leaf certificate of a finished handshake.
pub(super) fn certificate(stream: &TlsStream<TcpStream>) -> Option<CertificateSeen> {
    parse(stream.get_ref().1.peer_certificates()?.first()?)
}

fn parse(certificate: &CertificateDer<'_>) -> Option<CertificateSeen> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(CertificateSeen {
        subject: printable(&parsed.subject().to_string()),
        issuer: printable(&parsed.issuer().to_string()),
        not_after: jiff::Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?,
    })
}

/// A stranger's words, which must not speak to a terminal.
fn printable(text: &str) -> String {
    one_line(text)
}

/// A certificate as a server may show it. See [`crate::hostile`].
pub(super) fn hostile_certificate(bytes: &[u8]) {
    let certificate = CertificateDer::from(bytes.to_vec());
    if let Some(seen) = parse(&certificate) {
        is_harmless(&seen.subject);
        is_harmless(&seen.issuer);
    }
}

/// Sorts an error of a handshake or of the stream after it.
pub(super) fn fault(error: &std::io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(tls) => match of_clocks(tls) {
            Some(doubt) => Fault::own_clock(doubt.to_string()),
            None => Fault::down(reason(tls), tls.to_string()),
        },
        // The kernel gave up on a connection that was open.
        None if error.kind() == std::io::ErrorKind::TimedOut => {
            Fault::down(Reason::ConnectionReset, error.to_string())
        }
        None => Fault::from_io(error),
    }
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

    #[tokio::test]
    async fn a_ca_file_that_cannot_be_used_is_our_own_fault_and_is_named() {
        let tls = Tls::from_system(Arc::new(CorrectedClock::own())).expect("the provider works");
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ca.pem");
        let missing = tls.configuration(true, Some(&file), None).await.expect_err("no file");
        assert_eq!(missing.reason, Reason::OwnResources);
        assert!(missing.detail.contains("ca.pem"), "{}", missing.detail);
        std::fs::write(&file, "nothing here").expect("writes");
        let empty = tls.configuration(true, Some(&file), None).await.expect_err("no PEM");
        assert!(empty.detail.contains("no certificate"), "{}", empty.detail);
    }
}
