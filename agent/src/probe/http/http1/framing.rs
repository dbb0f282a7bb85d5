//! Where the body of an HTTP/1 response ends: by length, by chunks, or with the connection. Pure.

use bytes::{Buf, BytesMut};
use http::{Method, StatusCode, header};
use skerry_protocol::wire::Reason;

use super::MAX_HEAD;
use super::head::{ReadHead, tokens};
use crate::probe::fault::Fault;

/// Maximum length of a chunk-size line with its extensions, bytes.
const MAX_SIZE_LINE: usize = 16 << 10;

/// What is left of a body.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe::http) enum Framing {
    Ended,
    Length {
        total: u64,
        left: u64,
    },
    Chunked(Chunked),
    /// Everything until the server closes.
    ToClose,
}

/// The position within a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe::http) enum Chunked {
    /// Before the first chunk of an HTTP/1.0 response, which may not be chunked and sometimes is not.
    Doubtful,
    Size,
    Data(u64),
    AfterData,
    /// After the last chunk; the number of trailer bytes read so far.
    Trailer(usize),
}

/// What the buffered bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe::http) enum Next {
    /// The first bytes belong to the body; the caller takes them before the next call.
    Data(usize),
    More,
    End,
}

impl Framing {
    /// The framing of a response to a request with this method (RFC 9112, section 6.3).
    pub(in crate::probe::http) fn of(method: &Method, read: &ReadHead) -> Result<Self, Fault> {
        let (status, headers) = (read.head.status, &read.head.headers);
        let bodiless = status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        if *method == Method::HEAD || bodiless {
            return Ok(Self::Ended);
        }
        let mut coded = false;
        for coding in tokens(headers, &header::TRANSFER_ENCODING) {
            match coding.as_str() {
                "chunked" if read.is_1_1 => return Ok(Self::Chunked(Chunked::Size)),
                "chunked" => return Ok(Self::Chunked(Chunked::Doubtful)),
                "identity" => {}
                _ => coded = true,
            }
        }
        if coded {
            return Ok(Self::ToClose);
        }
        let mut length = None;
        // A length that is not a number is ignored, like any malformed line.
        for token in tokens(headers, &header::CONTENT_LENGTH) {
            let digits = token.bytes().all(|byte| byte.is_ascii_digit());
            let Some(said) = token.parse::<u64>().ok().filter(|_| digits) else { continue };
            if length.is_some_and(|length| length != said) {
                let detail = format!("two lengths of one body: {} and {said}", length.unwrap_or_default());
                return Err(Fault::down(Reason::ProtocolError, detail));
            }
            length = Some(said);
        }
        Ok(match length {
            Some(0) => Self::Ended,
            Some(length) => Self::Length { total: length, left: length },
            None => Self::ToClose,
        })
    }

    /// The announced length.
    pub(super) fn announced(&self) -> Option<u64> {
        match self {
            Self::Ended => Some(0),
            Self::Length { total, .. } => Some(*total),
            Self::Chunked(_) | Self::ToClose => None,
        }
    }

    /// Classifies the start of `buffer`; removes what is not part of the body.
    pub(in crate::probe::http) fn next(&mut self, buffer: &mut BytesMut) -> Result<Next, Fault> {
        match self {
            Self::Ended => Ok(Next::End),
            _ if buffer.is_empty() => Ok(Next::More),
            Self::ToClose => Ok(Next::Data(buffer.len())),
            Self::Length { left, .. } => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                *left -= here as u64;
                if *left == 0 {
                    *self = Self::Ended;
                }
                Ok(Next::Data(here))
            }
            Self::Chunked(_) => self.next_of_chunks(buffer),
        }
    }

    fn next_of_chunks(&mut self, buffer: &mut BytesMut) -> Result<Next, Fault> {
        loop {
            let Self::Chunked(state) = self else { return Ok(Next::End) };
            match state {
                Chunked::Doubtful if !begins_as_size(buffer) => {
                    *self = Self::ToClose;
                    return Ok(Next::Data(buffer.len()));
                }
                Chunked::Doubtful | Chunked::Size => {
                    let Some(size) = take_size(buffer)? else { return Ok(Next::More) };
                    *state = if size == 0 { Chunked::Trailer(0) } else { Chunked::Data(size) };
                }
                Chunked::Data(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                    if here == 0 {
                        return Ok(Next::More);
                    }
                    *left -= here as u64;
                    if *left == 0 {
                        *state = Chunked::AfterData;
                    }
                    return Ok(Next::Data(here));
                }
                Chunked::AfterData => match &buffer[..] {
                    [b'\r', b'\n', ..] => (buffer.advance(2), *state = Chunked::Size).1,
                    [b'\n', ..] => (buffer.advance(1), *state = Chunked::Size).1,
                    [] | [b'\r'] => return Ok(Next::More),
                    _ => return Err(garbled("a chunk is longer than its size")),
                },
                Chunked::Trailer(read) => {
                    let Some(line) = line_length(buffer) else {
                        within_head(*read + buffer.len())?;
                        return Ok(Next::More);
                    };
                    let empty = matches!(&buffer[..line], [b'\n'] | [b'\r', b'\n']);
                    *read += line;
                    within_head(*read)?;
                    buffer.advance(line);
                    if empty {
                        *self = Self::Ended;
                        return Ok(Next::End);
                    }
                }
            }
        }
    }

    /// Why the body is incomplete if nothing more arrives; `None` if it is complete.
    pub(in crate::probe::http) fn cut_short(&self) -> Option<String> {
        match self {
            // The last chunk was read; only the empty line after it is missing.
            Self::Ended | Self::ToClose | Self::Chunked(Chunked::Trailer(_) | Chunked::Doubtful) => None,
            Self::Length { total, left } => {
                Some(format!("the body ended after {} of its {total} bytes", total - left))
            }
            Self::Chunked(_) => Some("the body ended before its last chunk".to_owned()),
        }
    }
}

fn garbled(why: &str) -> Fault {
    Fault::down(Reason::ProtocolError, format!("the chunks of the body are garbled: {why}"))
}

fn within_head(trailers: usize) -> Result<(), Fault> {
    if trailers <= MAX_HEAD { Ok(()) } else { Err(garbled("the trailers have no end")) }
}

fn line_length(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}

/// The size of the next chunk, whose line is removed from `buffer`; `None` until the line is complete.
fn take_size(buffer: &mut BytesMut) -> Result<Option<u64>, Fault> {
    let Some(line) = line_length(buffer) else {
        return if buffer.len() > MAX_SIZE_LINE { Err(garbled("a size has no end")) } else { Ok(None) };
    };
    let size = size(&buffer[..line]).ok_or_else(|| garbled("a size is not one"))?;
    buffer.advance(line);
    Ok(Some(size))
}

fn size(line: &[u8]) -> Option<u64> {
    let written = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let digits = std::str::from_utf8(written).ok().filter(|text| !text.starts_with('+'))?;
    u64::from_str_radix(digits, 16).ok()
}

/// Whether `buffer` can be the start of a chunk-size line.
fn begins_as_size(buffer: &[u8]) -> bool {
    match line_length(buffer) {
        Some(line) => size(&buffer[..line]).is_some(),
        None => buffer.len() <= MAX_SIZE_LINE && buffer.first().is_some_and(u8::is_ascii_hexdigit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn of(method: &Method, head: &str) -> Result<Framing, Fault> {
        let bytes = Bytes::copy_from_slice(format!("{head}\r\n\r\n").as_bytes());
        Framing::of(method, &super::super::head::read(&bytes)?)
    }

    fn length(length: u64) -> Framing {
        Framing::Length { total: length, left: length }
    }

    #[test]
    fn what_the_head_says_of_the_end() {
        let chunked = || Framing::Chunked(Chunked::Size);
        for (head, framing) in [
            ("HTTP/1.1 200 OK", Framing::ToClose),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2", length(2)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0", Framing::Ended),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2", length(2)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2", length(2)),
            ("HTTP/1.1 200 OK\r\nContent-Length: +2", Framing::ToClose),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1", Framing::ToClose),
            ("HTTP/1.1 200 OK\r\nContent-Length:", Framing::ToClose),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999", Framing::ToClose),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked", chunked()),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked", chunked()),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2", length(2)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip", Framing::ToClose),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", Framing::Chunked(Chunked::Doubtful)),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 2", Framing::Ended),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 2", Framing::Ended),
        ] {
            assert_eq!(of(&Method::GET, head), Ok(framing), "{head}");
        }
        assert_eq!(of(&Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 2"), Ok(Framing::Ended));
        let fault = of(&Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 2, 3").expect_err("which?");
        assert_eq!(fault.reason, Reason::ProtocolError);
    }

    /// The decoded body if its bytes arrive `at_once` many at a time and then the connection ends.
    fn read(mut framing: Framing, bytes: &[u8], at_once: usize) -> Result<Vec<u8>, String> {
        let (mut body, mut buffer) = (Vec::new(), BytesMut::new());
        let mut coming = bytes.chunks(at_once);
        loop {
            match framing.next(&mut buffer).map_err(|fault| fault.detail)? {
                Next::End => return Ok(body),
                Next::Data(length) => body.extend_from_slice(&buffer.split_to(length)),
                Next::More => match coming.next() {
                    Some(more) => buffer.extend_from_slice(more),
                    None => return framing.cut_short().map_or(Ok(body), Err),
                },
            }
        }
    }

    #[test]
    fn a_body_ends_where_its_head_says_however_it_comes() {
        let chunked = || Framing::Chunked(Chunked::Size);
        let doubtful = || Framing::Chunked(Chunked::Doubtful);
        for at_once in [1, 2, 3, 1000] {
            for (framing, bytes, body) in [
                (length(5), &b"hello, and more"[..], Ok("hello")),
                (length(50), b"hello", Err("the body ended after 5 of its 50 bytes")),
                (Framing::ToClose, b"hello", Ok("hello")),
                (Framing::ToClose, b"", Ok("")),
                (Framing::Ended, b"hello", Ok("")),
                (chunked(), b"5\r\nhello\r\n0\r\n\r\n", Ok("hello")),
                (chunked(), b"2\nhe\n003 \r\nllo\r\n0\r\n\r\nmore", Ok("hello")),
                (chunked(), b"5;name=\"x\"\r\nhello\r\n0\r\nTrailer: a\r\n\r\n", Ok("hello")),
                (chunked(), b"5\r\nhello\r\n0\r\n", Ok("hello")),
                (chunked(), b"5\r\nhello\r\n", Err("the body ended before its last chunk")),
                (chunked(), b"5\r\nhel", Err("the body ended before its last chunk")),
                (chunked(), b"not a size\r\n", Err("the chunks of the body are garbled: a size is not one")),
                (chunked(), b"+5\r\nhello", Err("the chunks of the body are garbled: a size is not one")),
                (
                    chunked(),
                    b"4\r\nhello\r\n",
                    Err("the chunks of the body are garbled: a chunk is longer than its size"),
                ),
                (doubtful(), b"5\r\nhello\r\n0\r\n\r\n", Ok("hello")),
                (doubtful(), b"<html>\r\n", Ok("<html>\r\n")),
                (doubtful(), b"", Ok("")),
            ] {
                let read = read(framing, bytes, at_once);
                let said = read.as_deref().map(String::from_utf8_lossy).map_err(String::as_str);
                assert_eq!(said.as_deref(), body.as_deref(), "{} by {at_once}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn sizes_and_trailers_without_end_are_refused() {
        let endless = [b"5;".to_vec(), vec![b'x'; MAX_SIZE_LINE]].concat();
        assert!(read(Framing::Chunked(Chunked::Size), &endless, 1000).is_err());
        let endless = [b"0\r\n".to_vec(), b"X: y\r\n".repeat(MAX_HEAD / 6 + 1)].concat();
        assert!(read(Framing::Chunked(Chunked::Size), &endless, 1000).is_err());
    }
}
