//! Explains a failed handshake to operators: which certificate, and what is wrong with it.

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::certificate::{hosts, is_signed_by, not_before, parse};
use crate::probe::CertificateSeen;

/// Describes `error` of a handshake with `host`, whose certificates were `shown`.
pub(super) fn describe(error: &Error, host: &str, shown: &[CertificateDer<'_>]) -> String {
    match error {
        Error::InvalidCertificate(wrong) => of_certificate(wrong, host, shown),
        Error::AlertReceived(alert) => of_alert(*alert, host),
        Error::NoCertificatesPresented => "the server shows no certificate".to_owned(),
        Error::InvalidMessage(_) => "what the server says is not TLS".to_owned(),
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            "the server speaks neither TLS 1.2 nor 1.3".to_owned()
        }
        Error::PeerIncompatible(lack) => {
            format!("the server and this program have too little in common: {}", spaced(lack))
        }
        Error::PeerMisbehaved(how) => format!("the server breaks the rules of TLS: {}", spaced(how)),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the server breaks the rules of TLS: a message out of turn".to_owned()
        }
        Error::DecryptError => "what the server sent cannot be decrypted".to_owned(),
        Error::PeerSentOversizedRecord => {
            "the server sent a record that is larger than TLS allows".to_owned()
        }
        Error::General(why) => format!("TLS failed: {why}"),
        other => format!("TLS failed: {}", spaced(other)),
    }
}

fn of_certificate(wrong: &CertificateError, host: &str, shown: &[CertificateDer<'_>]) -> String {
    use CertificateError as Wrong;
    let leaf = shown.first().map(AsRef::as_ref).unwrap_or_default();
    let whose = |seen: Option<CertificateSeen>| match seen {
        Some(seen) if !seen.subject.is_empty() => format!("the certificate of {}", seen.subject),
        _ => "the server's certificate".to_owned(),
    };
    let its = || whose(parse(leaf));
    match wrong {
        Wrong::Expired => ended(leaf, &its()),
        Wrong::ExpiredContext { not_after, .. } => {
            let one = shown.iter().find(|one| ends_at(one, *not_after)).map_or(leaf, |one| one.as_ref());
            ended(one, &whose(parse(one)))
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => match not_before(leaf) {
            Some(from) => format!("{} is not valid before {from}", its()),
            None => format!("{} is not valid yet", its()),
        },
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            format!("the certificate is not for {host}: it names {}", hosts(leaf))
        }
        Wrong::UnknownIssuer => untrusted(leaf, shown.len(), &its()),
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            format!("{} is not made for servers (extended key usage)", its())
        }
        Wrong::BadEncoding => format!("{} is malformed", its()),
        Wrong::Revoked => format!("{} is revoked", its()),
        Wrong::UnhandledCriticalExtension => {
            format!("{} has a critical extension that this program does not know", its())
        }
        Wrong::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
            let one = shown.iter().find(|one| is_signed_by(one, signature_algorithm_id));
            let seen = parse(one.map_or(leaf, |one| one.as_ref()));
            let signature = seen.as_ref().map_or("an algorithm", |seen| &seen.signature).to_owned();
            format!("{} is signed by {signature}, which this program does not accept", whose(seen))
        }
        // Errors in the chain's signatures are reported differently: this is the handshake's own signature.
        Wrong::BadSignature | Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            unproven(parse(leaf))
        }
        Wrong::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(error) => format!("{} {}", its(), of_webpki(error)),
            None => format!("{} is not accepted: {other}", its()),
        },
        other => format!("{} is not accepted: {}", its(), spaced(other)),
    }
}

fn ended(certificate: &[u8], whose: &str) -> String {
    match parse(certificate) {
        Some(seen) => format!("{whose} expired {}", seen.not_after),
        None => format!("{whose} has expired"),
    }
}

fn ends_at(certificate: &[u8], not_after: UnixTime) -> bool {
    let seconds = i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX);
    parse(certificate).is_some_and(|seen| seen.not_after.as_second() == seconds)
}

fn untrusted(leaf: &[u8], shown: usize, whose: &str) -> String {
    match parse(leaf) {
        Some(seen) if seen.subject == seen.issuer => {
            format!("{whose} is signed by itself, and no trusted authority vouches for it")
        }
        Some(seen) => {
            let alone = if shown == 1 { "; the server sent no intermediate certificate" } else { "" };
            format!("no trusted authority vouches for {whose}, issued by {}{alone}", seen.issuer)
        }
        None => "no trusted authority vouches for the server's certificate".to_owned(),
    }
}

fn unproven(leaf: Option<CertificateSeen>) -> String {
    match leaf {
        Some(seen) if !is_checked(&seen.key) => unchecked(&seen.key),
        _ => "the server does not prove that it holds the key of its certificate".to_owned(),
    }
}

/// Describes a key type whose signatures we do not verify.
pub(super) fn unchecked(key: &str) -> String {
    format!(
        "the server's key is {key}, and this program checks signatures by RSA from 2048 bits, P-256, P-384 and Ed25519 only; \
         verify = false accepts any"
    )
}

/// Whether we verify signatures by this type of key.
pub(super) fn is_checked(key: &str) -> bool {
    let rsa = key.strip_prefix("RSA ").and_then(|rest| rest.strip_suffix(" bits"));
    match rsa.and_then(|bits| bits.parse::<u32>().ok()) {
        Some(bits) => (2_048..=8_192).contains(&bits),
        None => ["ECDSA P-256", "ECDSA P-384", "Ed25519"].contains(&key),
    }
}

/// Continues a sentence that starts with the certificate's owner.
fn of_webpki(error: &webpki::Error) -> String {
    use webpki::Error as Wrong;
    let words = match error {
        Wrong::UnsupportedCertVersion => "is of X.509 version 1 or 2, and only version 3 names hosts",
        Wrong::CaUsedAsEndEntity => "is an authority's own, not a server's",
        Wrong::EndEntityUsedAsCa => "is signed by a certificate that is no authority's",
        Wrong::PathLenConstraintViolated => "is signed by an authority that may not have one below itself",
        Wrong::NameConstraintViolation => "is for a name that its authority may not certify",
        Wrong::MaximumPathDepthExceeded
        | Wrong::MaximumPathBuildCallsExceeded
        | Wrong::MaximumSignatureChecksExceeded
        | Wrong::MaximumNameConstraintComparisonsExceeded => "has a chain that is too long to be checked",
        Wrong::UnsupportedCriticalExtension => "has a critical extension that this program does not know",
        Wrong::InvalidSerialNumber => "has a serial number that is not allowed",
        other => return format!("is not accepted: {}", spaced(other)),
    };
    words.to_owned()
}

fn of_alert(alert: AlertDescription, host: &str) -> String {
    use AlertDescription as Alert;
    match alert {
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            "the server accepts nothing of what this program offers".to_owned()
        }
        Alert::ProtocolVersion => "the server speaks neither TLS 1.2 nor 1.3".to_owned(),
        Alert::CertificateRequired | Alert::NoCertificate => {
            "the server asks for a client certificate, and this program shows none".to_owned()
        }
        Alert::UnrecognisedName => format!("the server knows no host {host}"),
        Alert::InternalError => "the server ended the handshake: internal error (alert 80)".to_owned(),
        Alert::NoApplicationProtocol => {
            "the server speaks no protocol that this check asks for (ALPN)".to_owned()
        }
        other => match other.as_str() {
            Some(_) => {
                format!("the server ended the handshake: {} (alert {})", spaced(&other), u8::from(other))
            }
            None => format!("the server ended the handshake with alert {}", u8::from(other)),
        },
    }
}

/// Turns the name of a variant into words: `NoKxGroupsInCommon` becomes "no kx groups in common". Drops its
/// fields.
fn spaced(case: &dyn std::fmt::Debug) -> String {
    let name = format!("{case:?}");
    let name = name.split(['(', '{', ' ']).next().unwrap_or_default();
    let mut words = String::with_capacity(name.len() + 8);
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_are_those_of_the_library() {
        use CertificateError as Wrong;
        for (error, words) in [
            (Wrong::Expired.into(), "the server's certificate has expired"),
            (Wrong::UnknownIssuer.into(), "no trusted authority vouches for the server's certificate"),
            (Wrong::NotValidForName.into(), "the certificate is not for shop.test: it names no host"),
            (
                Wrong::BadSignature.into(),
                "the server does not prove that it holds the key of its certificate",
            ),
            (
                Wrong::ApplicationVerificationFailure.into(),
                "the server's certificate is not accepted: application verification failure",
            ),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                "the server speaks neither TLS 1.2 nor 1.3",
            ),
            (
                Error::AlertReceived(AlertDescription::DecodeError),
                "the server ended the handshake: decode error (alert 50)",
            ),
            (
                Error::AlertReceived(AlertDescription::Unknown(199)),
                "the server ended the handshake with alert 199",
            ),
            (
                PeerIncompatible::NoKxGroupsInCommon.into(),
                "the server and this program have too little in common: no kx groups in common",
            ),
            (
                rustls::PeerMisbehaved::SelectedUnofferedCipherSuite.into(),
                "the server breaks the rules of TLS: selected unoffered cipher suite",
            ),
            (Error::General("no room".to_owned()), "TLS failed: no room"),
            (Error::FailedToGetRandomBytes, "TLS failed: failed to get random bytes"),
        ] {
            assert_eq!(describe(&error, "shop.test", &[]), words, "{error:?}");
        }
    }

    #[test]
    fn keys_whose_signatures_are_checked_are_told_apart() {
        for (key, checked) in [
            ("RSA 2048 bits", true),
            ("RSA 1024 bits", false),
            ("RSA 16384 bits", false),
            ("ECDSA P-384", true),
            ("ECDSA P-521", false),
            ("Ed25519", true),
            ("Ed448", false),
        ] {
            assert_eq!(is_checked(key), checked, "{key}");
        }
        assert!(unchecked("ECDSA on the curve 1.2.840.10045.3.0.20").len() <= 200);
    }
}
