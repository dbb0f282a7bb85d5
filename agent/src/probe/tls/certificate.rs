//! Reads fields of a certificate. Nothing about its issuer is trusted here.

use rustls_pki_types::CertificateDer;
use skerry_protocol::words::one_line;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::{
    AlgorithmIdentifier, FromDer, GeneralName, SubjectPublicKeyInfo, X509Certificate,
};
use x509_parser::public_key::PublicKey;

use crate::probe::CertificateSeen;
use crate::probe::hostile::is_harmless;

/// Maximum number of names shown.
const MAX_NAMES: usize = 4;

/// Names of signature algorithms by object identifier.
const SIGNATURES: [(&str, &str); 15] = [
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.2.840.113549.1.1.11", "RSA with SHA-256"),
    ("1.2.840.113549.1.1.12", "RSA with SHA-384"),
    ("1.2.840.113549.1.1.13", "RSA with SHA-512"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.3.2", "ECDSA with SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA with SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10040.4.3", "DSA with SHA-1"),
];
const KEYS: [(&str, &str); 8] = [
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10045.3.1.7", "ECDSA P-256"),
    ("1.3.132.0.34", "ECDSA P-384"),
    ("1.3.132.0.35", "ECDSA P-521"),
    ("1.3.132.0.10", "ECDSA secp256k1"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
];

/// The fields to show; `None` if it cannot be parsed.
pub(super) fn parse(certificate: &[u8]) -> Option<CertificateSeen> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let not_after = parsed.validity().not_after.timestamp();
    Some(CertificateSeen {
        subject: one_line(&parsed.subject().to_string()),
        issuer: one_line(&parsed.issuer().to_string()),
        // The year 9999 means that it never expires.
        not_after: jiff::Timestamp::from_second(not_after).unwrap_or(jiff::Timestamp::MAX),
        version: parsed.version().0.saturating_add(1),
        key: key(parsed.public_key()),
        signature: named(&SIGNATURES, parsed.signature_algorithm.oid()),
    })
}

fn key(key: &SubjectPublicKeyInfo<'_>) -> String {
    if let Ok(PublicKey::RSA(rsa)) = key.parsed() {
        return format!("RSA {} bits", bits(rsa.modulus));
    }
    let curve = |algorithm: &AlgorithmIdentifier<'_>| {
        algorithm.parameters.as_ref()?.as_oid().ok().map(|oid| oid.to_id_string())
    };
    match curve(&key.algorithm) {
        Some(curve) => {
            known(&KEYS, &curve).map_or_else(|| format!("ECDSA on the curve {curve}"), str::to_owned)
        }
        None => named(&KEYS, key.algorithm.oid()),
    }
}

fn bits(modulus: &[u8]) -> usize {
    let first = modulus.iter().position(|byte| *byte != 0).unwrap_or(modulus.len());
    let rest = &modulus[first..];
    rest.len() * 8 - rest.first().map_or(0, |byte| byte.leading_zeros() as usize)
}

fn named(table: &[(&str, &str)], oid: &Oid<'_>) -> String {
    let id = oid.to_id_string();
    known(table, &id).map_or_else(|| format!("algorithm {id}"), str::to_owned)
}

fn known<'t>(table: &[(&str, &'t str)], id: &str) -> Option<&'t str> {
    table.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

/// Some of the hosts that a certificate names, in words.
pub(super) fn hosts(certificate: &[u8]) -> String {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return "no host".to_owned() };
    let alternative = parsed.subject_alternative_name().ok().flatten();
    let general = alternative.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let names: Vec<String> = general.iter().filter_map(host).collect();
    match names.len() {
        0 => "no host (subjectAltName; a common name does not count)".to_owned(),
        many if many > MAX_NAMES => {
            format!("{} and {} more", names[..MAX_NAMES].join(", "), many - MAX_NAMES)
        }
        _ => names.join(", "),
    }
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(one_line(name)),
        GeneralName::IPAddress(octets) => match <[u8; 4]>::try_from(*octets) {
            Ok(four) => Some(std::net::Ipv4Addr::from(four).to_string()),
            Err(_) => <[u8; 16]>::try_from(*octets).ok().map(|six| std::net::Ipv6Addr::from(six).to_string()),
        },
        _ => None,
    }
}

/// Whether this is the identifier of its signature algorithm.
pub(super) fn is_signed_by(certificate: &[u8], algorithm: &[u8]) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return false };
    let oid = parsed.signature_algorithm.oid().as_bytes();
    algorithm.windows(oid.len()).any(|window| window == oid)
}

/// Start of its validity.
pub(super) fn not_before(certificate: &[u8]) -> Option<jiff::Timestamp> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    jiff::Timestamp::from_second(parsed.validity().not_before.timestamp()).ok()
}

/// Parses a certificate as a server may send it. See [`crate::hostile`].
pub(in crate::probe) fn hostile(bytes: &[u8]) {
    let certificate = CertificateDer::from(bytes.to_vec());
    is_harmless(&hosts(&certificate));
    if let Some(seen) = parse(&certificate) {
        for text in [&seen.subject, &seen.issuer, &seen.key, &seen.signature] {
            is_harmless(text);
        }
    }
}
