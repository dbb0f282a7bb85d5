//! Parses the head of an HTTP/1 response as browsers do: malformed header lines are skipped, the rest counts.
//! Its size is limited in bytes. Pure.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use skerry_protocol::wire::Reason;

use super::MAX_HEAD;
use crate::probe::fault::Fault;
use crate::probe::http::message::Head;

/// Bytes that may precede the status line, as in Chromium.
const SLOP: usize = 4;
/// Maximum length of a response quoted in a detail, bytes.
const QUOTED: usize = 40;

/// A parsed head, and the version that decides about the connection.
pub(in crate::probe::http) struct ReadHead {
    pub(in crate::probe::http) head: Head,
    /// HTTP/1.1 or a later version.
    pub(in crate::probe::http) is_1_1: bool,
}

impl ReadHead {
    /// Whether the server keeps the connection open.
    pub(super) fn keeps_alive(&self) -> bool {
        let says = |word: &str| tokens(&self.head.headers, &header::CONNECTION).any(|token| token == word);
        !says("close") && (self.is_1_1 || says("keep-alive"))
    }

    /// Whether an intermediary may see another end of the body than we do. Then nobody can be sure whose
    /// response follows on this connection (RFC 9112, sections 6.1 and 6.3).
    pub(super) fn is_framed_twice(&self) -> bool {
        let headers = &self.head.headers;
        headers.contains_key(header::TRANSFER_ENCODING)
            && (headers.contains_key(header::CONTENT_LENGTH) || !self.is_1_1)
    }
}

/// The elements of a list in all headers of that name, in lower case.
pub(in crate::probe::http) fn tokens<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = String> + 'a {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|token| String::from_utf8_lossy(token.trim_ascii()).to_ascii_lowercase())
        .filter(|token| !token.is_empty())
}

/// The end of the head in `bytes`, once it is complete; `searched` is where to continue.
///
/// Detects a response that is not HTTP at its first bytes, so that nobody waits for an end that never comes.
pub(super) fn end(bytes: &[u8], searched: &mut usize) -> Result<Option<usize>, Fault> {
    let start = blank_lines(bytes);
    if begins(&bytes[start..]) == Some(false) {
        return Err(not_http(&bytes[start..]));
    }
    let mut at = (*searched).max(start);
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let after = at + found + 1;
        match bytes.get(after..) {
            Some([b'\n', ..]) => return within(after + 1),
            Some([b'\r', b'\n', ..]) => return within(after + 2),
            // The line may be empty: check again when more bytes have arrived.
            Some([] | [b'\r']) => {
                *searched = at + found;
                within(bytes.len())?;
                return Ok(None);
            }
            _ => at = after,
        }
    }
    *searched = bytes.len();
    within(bytes.len())?;
    Ok(None)
}

fn within(length: usize) -> Result<Option<usize>, Fault> {
    if length <= MAX_HEAD {
        return Ok(Some(length));
    }
    let detail = format!("the head of the answer is larger than {} KiB", MAX_HEAD >> 10);
    Err(Fault::down(Reason::ProtocolError, detail))
}

fn blank_lines(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t')).unwrap_or(bytes.len())
}

/// Whether this is HTTP; `None` while there are too few bytes.
fn begins(bytes: &[u8]) -> Option<bool> {
    if status_line(bytes).is_some() {
        return Some(true);
    }
    // A TLS alert has seven bytes, after which a server may wait for ours.
    (bytes.len() >= SLOP + 4 || matches!(bytes, [0x15, 3, _, _, _, _, _])).then_some(false)
}

/// The start of the status line: "HTTP" in any case, or "ICY" as Shoutcast servers send it.
fn status_line(bytes: &[u8]) -> Option<usize> {
    if bytes.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"ICY ")) {
        return Some(0);
    }
    bytes.windows(4).take(SLOP + 1).position(|four| four.eq_ignore_ascii_case(b"HTTP"))
}

/// Describes a response that is not HTTP.
pub(super) fn not_http(bytes: &[u8]) -> Fault {
    let detail = match bytes {
        [0x15 | 0x16, 3, ..] => "the server speaks TLS here: https in url asks for it".to_owned(),
        [0, 0, _, 4, ..] => "the server speaks HTTP/2 only here: http_version = \"2\" asks for it".to_owned(),
        _ => format!("the answer does not begin as HTTP does: {}", quoted(bytes)),
    };
    Fault::down(Reason::ProtocolError, detail)
}

fn quoted(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    format!("\"{}\"", line[..line.len().min(QUOTED)].escape_ascii())
}

/// Parses a complete head.
pub(in crate::probe::http) fn read(bytes: &Bytes) -> Result<ReadHead, Fault> {
    let rest = &bytes[blank_lines(bytes)..];
    let start = status_line(rest).ok_or_else(|| not_http(rest))?;
    let mut lines = rest[start..].split(|byte| *byte == b'\n');
    let (status, is_1_1) = status(lines.next().unwrap_or_default())?;
    let mut fields = Fields { bytes, headers: HeaderMap::with_capacity(16), last: None };
    for line in lines {
        fields.line(line)?;
    }
    fields.keep_last()?;
    Ok(ReadHead { head: Head { status, headers: fields.headers }, is_1_1 })
}

/// The status, and whether the version is at least 1.1. Like browsers, this is lenient about the version.
fn status(line: &[u8]) -> Result<(StatusCode, bool), Fault> {
    let invalid = || {
        let detail = format!("no status in the first line of the answer: {}", quoted(line));
        Fault::down(Reason::ProtocolError, detail)
    };
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let word = line.iter().position(is_blank).ok_or_else(invalid)?;
    let version = line[..word].get(4..).unwrap_or_default();
    let is_1_1 = match version.strip_prefix(b"/").unwrap_or_default() {
        [b'1', b'.', minor, ..] => *minor != b'0',
        [major, ..] => (b'2'..=b'9').contains(major),
        [] => false,
    };
    let rest = line[word..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ends = rest.get(digits).is_none_or(is_blank);
    match rest.first_chunk::<3>() {
        Some(code) if digits == 3 && ends => {
            StatusCode::from_bytes(code).map_err(|_| invalid()).map(|status| (status, is_1_1))
        }
        _ => Err(invalid()),
    }
}

/// The header lines parsed so far.
struct Fields<'a> {
    /// The whole head, which values borrow from.
    bytes: &'a Bytes,
    headers: HeaderMap,
    /// The last line, which the next one may continue. `None` after a skipped line.
    last: Option<(HeaderName, Value<'a>)>,
}

enum Value<'a> {
    /// As received.
    Part(&'a [u8]),
    /// Folded over several lines.
    Joined(Vec<u8>),
}

impl<'a> Fields<'a> {
    fn line(&mut self, line: &'a [u8]) -> Result<(), Fault> {
        if let [b' ' | b'\t', ..] = line {
            self.continued(line.trim_ascii());
            return Ok(());
        }
        self.keep_last()?;
        self.last = line.iter().position(|byte| *byte == b':').and_then(|colon| {
            let name = HeaderName::from_bytes(line[..colon].trim_ascii_end()).ok()?;
            Some((name, Value::Part(line[colon + 1..].trim_ascii())))
        });
        Ok(())
    }

    fn continued(&mut self, more: &[u8]) {
        let Some((_, value)) = &mut self.last else { return };
        if more.is_empty() {
            return;
        }
        let mut joined = match value {
            Value::Part(part) => part.to_vec(),
            Value::Joined(joined) => std::mem::take(joined),
        };
        if !joined.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(more);
        *value = Value::Joined(joined);
    }

    fn keep_last(&mut self) -> Result<(), Fault> {
        let Some((name, value)) = self.last.take() else { return Ok(()) };
        let value = match value {
            Value::Part(part) if part.contains(&b'\r') => HeaderValue::from_maybe_shared(blanked(part)),
            Value::Part(part) => HeaderValue::from_maybe_shared(self.bytes.slice_ref(part)),
            Value::Joined(joined) => HeaderValue::from_maybe_shared(blanked(&joined)),
        };
        // A value with a control character is skipped with its line.
        let Ok(value) = value else { return Ok(()) };
        match self.headers.try_append(name, value) {
            Ok(_) => Ok(()),
            Err(_) => Err(Fault::down(Reason::ProtocolError, "the head of the answer has too many headers")),
        }
    }
}

/// A carriage return within a line is a blank (RFC 9112, section 2.2).
fn blanked(value: &[u8]) -> Bytes {
    value.iter().map(|byte| if *byte == b'\r' { b' ' } else { *byte }).collect::<Vec<u8>>().into()
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
