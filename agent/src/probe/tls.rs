//! TLS for probes: few shared configurations, handshakes that are always full, errors by name.
//!
//! Sessions are never resumed: a resumed handshake shows no certificate and takes no time worth measuring.
//! The system's authorities are read once; those of a `ca_file` again when the file changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::Context;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use skerry_protocol::check::HttpVersion;
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::CertificateSeen;
use super::fault::Fault;

/// Largest `ca_file` read, bytes.
const MAX_CA_FILE: u64 = 8 << 20;
/// In the order of [`alpn_index`].
const ALPN: [&[&[u8]]; 3] = [&[b"h2", b"http/1.1"], &[b"http/1.1"], &[b"h2"]];

/// The shared configurations.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    roots: Vec<CertificateDer<'static>>,
    /// None where the system has no authorities to verify with.
    verified: Option<[Arc<ClientConfig>; 3]>,
    unverified: [Arc<ClientConfig>; 3],
    with_ca_file: Mutex<HashMap<PathBuf, WithCaFile>>,
}

struct WithCaFile {
    stamp: (u64, Option<SystemTime>),
    configurations: [Arc<ClientConfig>; 3],
}

impl Tls {
    pub(super) fn from_system() -> anyhow::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "some of the system's trusted authorities cannot be read");
        }
        let roots = found.certs;
        let verified = match verifier(&provider, &roots, &[])? {
            Some(verifier) => Some(configurations(&provider, &verifier)?),
            None => None,
        };
        let accept_any: Arc<dyn ServerCertVerifier> = Arc::new(AcceptAny { provider: Arc::clone(&provider) });
        let unverified = configurations(&provider, &accept_any)?;
        Ok(Self { provider, roots, verified, unverified, with_ca_file: Mutex::default() })
    }

    /// The configuration for a check. An unreadable `ca_file` is our own fault.
    pub(super) async fn configuration(
        &self,
        verify: bool,
        ca_file: Option<&Path>,
        version: HttpVersion,
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
        let verifier = verifier(&self.provider, &self.roots, &extra)
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

fn alpn_index(version: HttpVersion) -> usize {
    match version {
        HttpVersion::Auto => 0,
        HttpVersion::Http1 => 1,
        HttpVersion::Http2 => 2,
    }
}

/// None when there is no authority at all.
fn verifier(
    provider: &Arc<CryptoProvider>,
    system: &[CertificateDer<'static>],
    extra: &[CertificateDer<'static>],
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
    Ok(Some(Arc::new(Trusting { chains, named: extra.to_vec() })))
}

fn configurations(
    provider: &Arc<CryptoProvider>,
    verifier: &Arc<dyn ServerCertVerifier>,
) -> anyhow::Result<[Arc<ClientConfig>; 3]> {
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

/// Verifies as webpki does, and also accepts a server that shows the very certificate named in `ca_file`:
/// webpki refuses a self-signed one marked as an authority, which is what common tools make.
#[derive(Debug)]
struct Trusting {
    chains: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use rustls::Error::InvalidCertificate;
        let chain =
            self.chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match chain {
            Err(InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
                if is_self_issued(end_entity) =>
            {
                if !self.named.iter().any(|named| named.as_ref() == end_entity.as_ref()) {
                    return Err(InvalidCertificate(CertificateError::UnknownIssuer));
                }
                check_validity(end_entity, now)?;
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            // Another authority of the same name: whoever signed this is not the one we trust.
            Err(InvalidCertificate(
                CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
            )) => Err(InvalidCertificate(CertificateError::UnknownIssuer)),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| parsed.subject() == parsed.issuer())
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), rustls::Error> {
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

/// `verify = false`: any certificate will do, it is still read. Handshake signatures are checked, so that
/// the server holds the key of what it shows.
#[derive(Debug)]
struct AcceptAny {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// One full handshake with `host` (a name or an IP address without brackets).
pub(super) async fn handshake(
    configuration: Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Fault> {
    let name = ServerName::try_from(host.trim_end_matches('.').to_owned())
        .map_err(|_| Fault::down(Reason::TlsFailed, format!("{host} cannot be a name in a certificate")))?;
    TlsConnector::from(configuration).connect(name, stream).await.map_err(|error| fault(&error))
}

/// The leaf certificate of a finished handshake.
pub(super) fn certificate(stream: &TlsStream<TcpStream>) -> Option<CertificateSeen> {
    let leaf = stream.get_ref().1.peer_certificates()?.first()?;
    let (_, parsed) = X509Certificate::from_der(leaf).ok()?;
    Some(CertificateSeen {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_after: jiff::Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?,
    })
}

/// Sorts an error of a handshake or of the stream after it.
pub(super) fn fault(error: &std::io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(tls) => Fault::down(reason(tls), tls.to_string()),
        // The kernel gave up on a connection that was open.
        None if error.kind() == std::io::ErrorKind::TimedOut => {
            Fault::down(Reason::ConnectionReset, error.to_string())
        }
        None => Fault::from_io(error),
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
        let tls = Tls::from_system().expect("the provider works");
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ca.pem");
        let missing = tls.configuration(true, Some(&file), HttpVersion::Auto).await.expect_err("no file");
        assert_eq!(missing.reason, Reason::OwnResources);
        assert!(missing.detail.contains("ca.pem"), "{}", missing.detail);
        std::fs::write(&file, "nothing here").expect("writes");
        let empty = tls.configuration(true, Some(&file), HttpVersion::Auto).await.expect_err("no PEM");
        assert!(empty.detail.contains("no certificate"), "{}", empty.detail);
    }
}
