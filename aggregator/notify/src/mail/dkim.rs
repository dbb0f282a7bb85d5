//! Signatures by DKIM (RFC 6376), relaxed in headers and body, by RSA or by Ed25519 (RFC 8463).

mod canonical;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canonical::{body, header, headers};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is signed, where it stands in the mail. Names that stand here twice are signed as present once only, so that
/// nobody adds a second one.
const SIGNED: [&str; 17] = [
    "From",
    "From",
    "To",
    "To",
    "Subject",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// Lines of a signature are this long.
const LINE: usize = 72;

/// A key by which a domain signs its mails.
pub struct DkimKey {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A file that is no key for signing. The message continues a sentence that begins with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// It is not PEM, or none of a private key.
    #[error(
        "holds no private key in PEM: make one with openssl genpkey -algorithm ed25519, or -algorithm rsa -pkeyopt rsa_keygen_bits:2048"
    )]
    NoKey,
    /// It is a key that DKIM or this program does not know.
    #[error("holds a key that cannot sign mails: it must be RSA of 2048 to 4096 bits, or Ed25519")]
    Kind,
    /// The domain or the selector cannot stand in a signature.
    #[error("cannot be used: the domain and the selector must be names in DNS")]
    Name,
}

impl std::fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DkimKey").field("domain", &self.domain).field("selector", &self.selector).finish()
    }
}

impl DkimKey {
    /// The key in the PEM of a file: PKCS #8, or PKCS #1 for RSA.
    ///
    /// # Errors
    /// It cannot sign mails.
    pub fn from_pem(domain: &str, selector: &str, pem: &[u8]) -> Result<Self, UnusableKey> {
        let fits = |one: u8| one.is_ascii_alphanumeric() || b"-._".contains(&one);
        let is_name = |name: &str| (1..=253).contains(&name.len()) && name.bytes().all(fits);
        if !is_name(domain) || !is_name(selector) {
            return Err(UnusableKey::Name);
        }
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| UnusableKey::NoKey)? {
            PrivateKeyDer::Pkcs1(der) => Key::Rsa(Box::new(
                RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(|_| UnusableKey::Kind)?,
            )),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                // openssl writes no public key beside an Ed25519 one.
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(key) => Key::Ed25519(key),
                    Err(_) => Key::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(|_| UnusableKey::Kind)?)),
                }
            }
            _ => return Err(UnusableKey::Kind),
        };
        Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), key })
    }

    /// The name in DNS below which receivers look for the public key.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The text that has to stand there.
    #[must_use]
    pub fn record(&self) -> String {
        match &self.key {
            Key::Rsa(key) => {
                format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public_key_info(key.public_key().as_ref())))
            }
            Key::Ed25519(key) => {
                format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(key.public_key().as_ref()))
            }
        }
    }

    /// The header that signs a message, with the end of its line: it is put in front.
    pub(super) fn signature(&self, message: &[u8], at: SystemTime) -> String {
        let (head, content) = canonical::split(message);
        let mut present = headers(head);
        let mut signed = String::new();
        let mut names = Vec::new();
        for name in SIGNED {
            // From the last one upwards, as receivers count.
            match present.iter().rposition(|(one, _)| one.eq_ignore_ascii_case(name)) {
                Some(at) => {
                    let (name, value) = present.remove(at);
                    signed.push_str(&header(name, value));
                    signed.push_str("\r\n");
                }
                // Signed as absent only if it is one of those that may stand once.
                None if names.contains(&name) => {}
                None => continue,
            }
            names.push(name);
        }
        let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed;\r\n\td={}; s={};\r\n\tt={seconds}; h={};\r\n\tbh={};\r\n\tb=",
            self.domain,
            self.selector,
            folded(&names),
            STANDARD.encode(digest(&SHA256, &body(content))),
        );
        signed.push_str(&header("DKIM-Signature", &unsigned));
        let signature = STANDARD.encode(self.sign(signed.as_bytes()));
        let lines: Vec<_> = signature.as_bytes().chunks(LINE).map(String::from_utf8_lossy).collect();
        format!("DKIM-Signature: {unsigned}{}\r\n", lines.join("\r\n\t "))
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // It fails for a buffer of another length only.
                let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature);
                debug_assert!(signed.is_ok(), "the buffer has the length of the modulus");
                signature
            }
            Key::Ed25519(key) => key.sign(digest(&SHA256, bytes).as_ref()).as_ref().to_vec(),
        }
    }
}

/// Names with colons, broken between two of them.
fn folded(names: &[&str]) -> String {
    let mut out = String::new();
    let mut width = 0;
    for name in names {
        if !out.is_empty() {
            out.push(':');
        }
        if width + name.len() > LINE {
            out.push_str("\r\n\t ");
            width = 0;
        }
        out.push_str(name);
        width += name.len() + 1;
    }
    out
}

/// The form in which receivers expect an RSA key: a `SubjectPublicKeyInfo` around the key.
fn public_key_info(key: &[u8]) -> Vec<u8> {
    /// `rsaEncryption` without parameters.
    const ALGORITHM: [u8; 15] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
    let bits = [&[0], key].concat();
    der(0x30, &[&ALGORITHM[..], &der(3, &bits)].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<_> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | length.len() as u8);
    }
    out.extend(length);
    out.extend(content);
    out
}

#[cfg(test)]
#[path = "dkim_test.rs"]
mod tests;
