//! Raw HTTP/1.1, to compare responses byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(10);

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers without `Date`, as received.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The body as it was before it was cut into chunks and compressed.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        let chunked = self.header("transfer-encoding").is_some();
        let body = if chunked { dechunked(&self.body) } else { self.body.clone() };
        if self.header("content-encoding") != Some("gzip") {
            return body;
        }
        let mut decoded = Vec::new();
        flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut decoded).expect("gzip");
        decoded
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).expect("a size");
        let size = usize::from_str_radix(size.trim(), 16).expect("hexadecimal");
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
    whole
}

/// Sends one request on a new connection; `None` if nobody answers.
pub(crate) fn request(port: u16, head: &str, body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), BOUND).ok()?;
    stream.set_read_timeout(Some(BOUND)).ok()?;
    stream.set_write_timeout(Some(BOUND)).ok()?;
    let sent = format!("{head}\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    // A server that rejects the head may close before the body is sent; its response is read all the same.
    let _ = stream.write_all(sent.as_bytes()).and_then(|()| stream.write_all(body));
    let mut received = Vec::new();
    let ended = stream.read_to_end(&mut received);
    if received.is_empty() {
        return None;
    }
    let split = received.windows(4).position(|four| four == b"\r\n\r\n");
    let split =
        split.unwrap_or_else(|| panic!("no answer but {:?} ({ended:?})", String::from_utf8_lossy(&received)));
    let head = String::from_utf8_lossy(&received[..split]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    Some(Answer { status, head: lines.collect::<Vec<_>>().join("\n"), body: received[split + 4..].to_vec() })
}

/// `GET path`.
pub(crate) fn get(port: u16, path: &str) -> Option<Answer> {
    request(port, &format!("GET {path} HTTP/1.1"), b"")
}
