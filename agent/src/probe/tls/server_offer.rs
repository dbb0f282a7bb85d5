//! Explains a failed handshake: asks the server once more, as an old client would, what it offers. Reads only
//! its plain-text answer and completes no handshake.

use std::net::SocketAddr;
use std::time::Duration;

use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::certificate;
use super::error_text::{is_checked, unchecked};
use crate::probe::handshake::StartTlsUpgrade;

/// Time limit.
const LONGEST: Duration = Duration::from_secs(2);
/// The versions to offer in turn: a server answers an older one with its own. An old server may not answer a
/// newer one at all.
const VERSIONS: [u16; 3] = [TLS_1_2, TLS_1_0, SSL_3_0];
const TLS_1_2: u16 = 0x0303;
const TLS_1_0: u16 = 0x0301;
const SSL_3_0: u16 = 0x0300;
/// Maximum number of bytes read from an answer.
const MOST: usize = 64 << 10;
const RECORD_OF_HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;

/// Suites of the last thirty years, including this program's TLS 1.2 suites.
const SUITES: [u16; 46] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, 0xc009, 0xc013, 0xc00a,
    0xc014, 0xc008, 0xc012, 0xc007, 0xc011, 0x009e, 0x009f, 0xccaa, 0x0067, 0x006b, 0x0033, 0x0039, 0x0016,
    0x0045, 0x0088, 0x0032, 0x0038, 0x0013, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0x0041, 0x0084,
    0x0005, 0x0004, 0x000a, 0x0009, 0x0096, 0x0007, // and that renegotiation is secure.
    0x00ff,
];
/// Groups, `ec_point_formats` and signature algorithms including SHA-1 (RFC 8422, RFC 5246).
const EXTENSIONS: [u8; 62] = [
    0, 10, 0, 16, 0, 14, 0, 0x1d, 0, 0x17, 0, 0x18, 0, 0x19, 0, 0x1e, 1, 0, 1, 1, // groups
    0, 11, 0, 2, 1, 0, // uncompressed points
    0, 13, 0, 32, 0, 30, 4, 3, 5, 3, 6, 3, 8, 7, 8, 8, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 2, 3, 2, 1, 2, 2,
    3, 1,
];

/// First bytes of servers that speak no TLS here.
const PLAIN: [(&[u8], &str); 5] =
    [(b"HTTP/", "HTTP"), (b"SSH-", "SSH"), (b"220", "SMTP or FTP"), (b"* OK", "IMAP"), (b"+OK", "POP3")];

/// The server's answer.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Chose(Offered),
    /// The server spoke this protocol in plain text.
    Plain(&'static str),
}

/// The parameters a server chose.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offered {
    version: u16,
    suite: u16,
    /// The type of key in its certificate, if it was sent.
    key: Option<String>,
}

/// Why the server at `address` has nothing in common with this program, if it shows that within the time
/// `left`.
pub(super) async fn explain(
    address: SocketAddr,
    host: &str,
    starttls: Option<&StartTlsUpgrade>,
    provider: &CryptoProvider,
    left: Duration,
) -> Option<String> {
    let look = async {
        for version in VERSIONS {
            if let Some(answer) = ask(address, host, starttls, version).await {
                return Some(answer);
            }
        }
        None
    };
    match timeout(left.min(LONGEST), look).await.ok()?? {
        Answer::Chose(offered) => in_words(&offered, provider),
        Answer::Plain(protocol) => {
            Some(format!("the server speaks {protocol} in plain text on this port, not TLS"))
        }
    }
}

async fn ask(
    address: SocketAddr,
    host: &str,
    starttls: Option<&StartTlsUpgrade>,
    version: u16,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    if let Some(starttls) = starttls {
        starttls.negotiate(&mut stream).await.ok()?;
    }
    stream.write_all(&hello(host, version)?).await.ok()?;
    let mut read = Vec::new();
    // Until the certificate has arrived or the server closes.
    while read.len() < MOST {
        let more = stream.read_buf(&mut read).await;
        if let Some((_, protocol)) = PLAIN.iter().find(|(begin, _)| read.starts_with(begin)) {
            return Some(Answer::Plain(protocol));
        }
        if offered(&read).is_some_and(|offered| offered.key.is_some()) || !matches!(more, Ok(1..)) {
            break;
        }
    }
    offered(&read).map(Answer::Chose)
}

fn in_words(offered: &Offered, provider: &CryptoProvider) -> Option<String> {
    let version = match offered.version {
        ..=SSL_3_0 => "SSL 3.0",
        TLS_1_0 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        _ => "TLS 1.2",
    };
    if offered.version < TLS_1_2 {
        return Some(format!("the server offers {version} at most; this program speaks TLS 1.2 and 1.3"));
    }
    let suite = CipherSuite::from(offered.suite);
    if !provider.cipher_suites.iter().any(|known| known.suite() == suite) {
        let name = suite.as_str().map_or_else(|| format!("suite {:#06x}", offered.suite), str::to_owned);
        return Some(format!(
            "the server offers {name} of {version}; this program speaks suites with forward secrecy and AEAD only (ECDHE \
             with AES-GCM or ChaCha20)"
        ));
    }
    offered.key.as_deref().filter(|key| !is_checked(key)).map(unchecked)
}

/// A ClientHello that offers `version` and older ones; without a server name if `host` is an address.
fn hello(host: &str, version: u16) -> Option<Vec<u8>> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).ok()?;
    let mut body = version.to_be_bytes().to_vec();
    body.extend_from_slice(&random);
    body.push(0);
    let suites: Vec<u8> = SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    with_length(&suites, &mut body);
    body.extend_from_slice(&[1, 0]);
    if version > SSL_3_0 {
        let mut extensions = Vec::new();
        if host.parse::<std::net::IpAddr>().is_err() {
            let mut name = vec![0];
            with_length(host.trim_end_matches('.').as_bytes(), &mut name);
            let mut list = Vec::new();
            with_length(&name, &mut list);
            extensions.extend_from_slice(&[0, 0]);
            with_length(&list, &mut extensions);
        }
        extensions.extend_from_slice(&EXTENSIONS);
        with_length(&extensions, &mut body);
    }
    let mut message = vec![1, 0];
    with_length(&body, &mut message);
    // The record layer of every client says TLS 1.0 (RFC 8446, section 5.1).
    let mut record = vec![RECORD_OF_HANDSHAKE];
    record.extend_from_slice(&version.min(TLS_1_0).to_be_bytes());
    with_length(&message, &mut record);
    Some(record)
}

/// Appends `bytes`, prefixed with their length in two bytes.
fn with_length(bytes: &[u8], to: &mut Vec<u8>) {
    // None of these is longer: a name has at most 253 bytes.
    to.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Parses the answer received so far.
fn offered(answer: &[u8]) -> Option<Offered> {
    let messages = messages(answer);
    let mut rest = messages.as_slice();
    let mut offered = None;
    while let Some((kind, body, after)) = message(rest) {
        match kind {
            SERVER_HELLO => {
                let session = usize::from(*body.get(34)?);
                let suite = body.get(35 + session..37 + session)?;
                let number = |two: &[u8]| u16::from_be_bytes([two[0], two[1]]);
                offered = Some(Offered { version: number(body.get(..2)?), suite: number(suite), key: None });
            }
            CERTIFICATE => {
                let leaf = body.get(3..).and_then(long);
                let key = leaf.and_then(certificate::parse).map(|seen| seen.key);
                return offered.map(|offered| Offered { key, ..offered });
            }
            _ => {}
        }
        rest = after;
    }
    offered
}

/// Joins the handshake messages of all complete records.
fn messages(mut records: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while let [RECORD_OF_HANDSHAKE, _, _, high, low, rest @ ..] = records {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((fragment, after)) = rest.split_at_checked(length) else { break };
        joined.extend_from_slice(fragment);
        records = after;
    }
    joined
}

/// Splits off a complete message: its type, its body, the rest.
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let body = long(rest)?;
    Some((*kind, body, &rest[3 + body.len()..]))
}

/// The bytes after their length in three bytes.
fn long(bytes: &[u8]) -> Option<&[u8]> {
    let [a, b, c, rest @ ..] = bytes else { return None };
    rest.get(..u32::from_be_bytes([0, *a, *b, *c]) as usize)
}

/// Parses an answer of a server. See [`crate::hostile`].
pub(in crate::probe) fn hostile(bytes: &[u8]) {
    if let Some(offered) = offered(bytes)
        && let Some(words) = in_words(&offered, &rustls::crypto::ring::default_provider())
    {
        crate::probe::hostile::is_harmless(&words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(version: u16, suite: u16) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[2, 9, 9]);
        body.extend_from_slice(&suite.to_be_bytes());
        body.push(0);
        let mut message = vec![SERVER_HELLO, 0];
        with_length(&body, &mut message);
        let mut record = vec![RECORD_OF_HANDSHAKE, 3, 1];
        with_length(&message, &mut record);
        record
    }

    #[test]
    fn what_a_server_chose_is_put_into_words() {
        let provider = rustls::crypto::ring::default_provider();
        for (version, suite, words) in [
            (0x0300, 0x0005, Some("the server offers SSL 3.0 at most")),
            (0x0301, 0x002f, Some("the server offers TLS 1.0 at most; this program speaks TLS 1.2 and 1.3")),
            (0x0302, 0xc013, Some("the server offers TLS 1.1 at most")),
            (0x0303, 0x002f, Some("the server offers TLS_RSA_WITH_AES_128_CBC_SHA of TLS 1.2;")),
            (0x0303, 0xfdfd, Some("the server offers suite 0xfdfd of TLS 1.2;")),
            (0x0303, 0xc02f, None),
        ] {
            let seen = offered(&answer(version, suite)).expect("an answer");
            let said = in_words(&seen, &provider);
            assert!(said.as_ref().is_none_or(|said| said.len() <= 200), "{said:?}");
            match words {
                Some(words) => assert!(said.as_ref().is_some_and(|said| said.starts_with(words)), "{said:?}"),
                None => assert_eq!(said, None),
            }
        }
        let alert = [21, 3, 1, 0, 2, 2, 40];
        assert_eq!(offered(&alert), None);
        let whole = answer(0x0301, 0x002f);
        for end in 0..whole.len() {
            assert_eq!(offered(&whole[..end]), None, "{end}");
        }
    }

    #[test]
    fn the_question_is_a_whole_record() {
        for version in VERSIONS {
            for host in ["shop.test", "192.0.2.1", "::1"] {
                let hello = hello(host, version).expect("random numbers");
                let messages = messages(&hello);
                assert_eq!(messages.len() + 5, hello.len());
                let (kind, body, rest) = message(&messages).expect("a message");
                assert_eq!((kind, rest.len(), &body[..2]), (1, 0, version.to_be_bytes().as_slice()));
                let named = body.windows(9).any(|window| window == b"shop.test");
                assert_eq!(named, host == "shop.test" && version > SSL_3_0);
            }
        }
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            hostile(&bytes);
            hostile(&[answer(0x0303, 0xc02b), bytes].concat());
        }
    }
}
