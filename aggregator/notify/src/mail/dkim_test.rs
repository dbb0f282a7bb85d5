use super::*;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use std::time::Duration;

/// The private key of RFC 8463, appendix A.2, in PKCS #8.
const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
/// The message of appendix A.3.
const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const RSA_KEY: &str = include_str!("../../tests/fixtures/dkim-rsa2048.pem");

fn key(pem: &str) -> DkimKey {
    DkimKey::from_pem("football.example.com", "brisbane", pem.as_bytes()).expect("a key")
}

#[test]
fn the_example_of_the_standard() {
    let key = key(ED25519_KEY);
    assert_eq!(key.record_name(), "brisbane._domainkey.football.example.com");
    assert_eq!(key.record(), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    let (head, content) = canonical::split(MESSAGE.as_bytes());
    let hash = BASE64_STANDARD.encode(digest(&SHA256, &body(content)));
    assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    // What the example's own header signs, in its order.
    let present = headers(head);
    let mut signed = String::new();
    for name in ["from", "to", "subject", "date", "message-id"] {
        let (name, value) = present.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).expect("there");
        signed.push_str(&header(name, value));
        signed.push_str("\r\n");
    }
    let unsigned = " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
        i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
        subject : date : message-id : from : subject : date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    signed.push_str(&header("DKIM-Signature", unsigned));
    assert_eq!(
        BASE64_STANDARD.encode(key.sign(signed.as_bytes())),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
}

#[test]
fn both_kinds_of_keys_sign_so_that_the_public_key_agrees() {
    for (key, verifier) in [
        (key(ED25519_KEY), &ED25519 as &dyn ring::signature::VerificationAlgorithm),
        (key(RSA_KEY), &RSA_PKCS1_2048_8192_SHA256),
    ] {
        let signature = key.signature(MESSAGE.as_bytes(), UNIX_EPOCH + Duration::from_secs(1_795_191_044));
        assert!(signature.lines().all(|line| line.len() <= 78), "{signature}");
        let (_, value) = signature.split_once(": ").expect("a header");
        let (unsigned, signed_with) = value.rsplit_once("b=").expect("a signature");
        let mut text = String::new();
        for (name, value) in headers(canonical::split(MESSAGE.as_bytes()).0) {
            text.push_str(&header(name, value));
            text.push_str("\r\n");
        }
        // The example has them in another order.
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_by_key(|line| SIGNED.iter().position(|name| line.starts_with(&name.to_ascii_lowercase())));
        let text =
            format!("{}\r\n{}", lines.join("\r\n"), header("DKIM-Signature", &format!("{unsigned}b=")));
        let signed_with: String = signed_with.split_whitespace().collect();
        let (public, text) = match &key.key {
            Key::Rsa(key) => (key.public_key().as_ref().to_vec(), text.into_bytes()),
            Key::Ed25519(key) => {
                (key.public_key().as_ref().to_vec(), digest(&SHA256, text.as_bytes()).as_ref().to_vec())
            }
        };
        let bytes = BASE64_STANDARD.decode(signed_with).expect("base64");
        assert!(UnparsedPublicKey::new(verifier, public).verify(&text, &bytes).is_ok(), "{key:?}");
        for signed in [
            "h=From:From:To:To:Subject:Subject:Date:Message-ID;",
            "t=1795191044;",
            "d=football.example.com; s=brisbane;",
        ] {
            assert!(signature.contains(signed), "{signed} in {signature}");
        }
    }
}

#[test]
fn what_is_no_key_is_refused_in_words() {
    for (pem, why) in [
        ("", UnusableKey::NoKey),
        ("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n", UnusableKey::NoKey),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", UnusableKey::Kind),
        (include_str!("../../tests/fixtures/dkim-rsa1024.pem"), UnusableKey::Kind),
        (include_str!("../../tests/fixtures/dkim-ec.pem"), UnusableKey::Kind),
    ] {
        assert_eq!(DkimKey::from_pem("example.com", "s", pem.as_bytes()).expect_err(pem), why);
    }
    for (domain, selector) in [("", "s"), ("example.com", ""), ("a;b", "s"), ("example.com", "s\r\nBcc: x")] {
        assert_eq!(
            DkimKey::from_pem(domain, selector, RSA_KEY.as_bytes()).expect_err(domain),
            UnusableKey::Name
        );
    }
    assert!(!format!("{:?}", key(ED25519_KEY)).contains("key:"), "a key is never shown");
}
