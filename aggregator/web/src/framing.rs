//! Finds the end of a request in the bytes of its connection, so that the HTTP layer gets one request at a time: it
//! would queue a thousand pipelined ones. It validates nothing, except that it replaces by a byte that is invalid there a
//! blank after a chunk size (RFC 9112 §7.1 allows none) and an end of a line in a head that is no CRLF, on whose meanings
//! proxies disagree. And it hides `Upgrade`, which nothing here answers: the HTTP layer would take the rest of the
//! connection for the body of a request that asks for a WebSocket.

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};

/// Replaces a blank after a chunk size.
const INVALID_SIZE_BYTE: u8 = b'!';
/// Replaces an end of a line that is no CRLF.
const INVALID_LINE_END: u8 = 0;
/// The name of the header that is hidden, and the byte that its last letter becomes. No header that begins so is read.
const UPGRADE: &[u8; 7] = b"upgrade";
const HIDDEN: u8 = b'_';
/// Of a line that is not, or no longer, the beginning of that name.
const OTHER: u8 = u8::MAX;

/// The framing of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    /// Of this many bytes.
    Length(u64),
    Chunked,
    /// Everything up to the end of the connection.
    Rest,
}

impl Body {
    /// Frames the body as the HTTP layer does, which has already rejected ambiguous heads.
    pub(super) fn of(head: &RequestHead) -> Self {
        let text = |name: &HeaderName| Some(head.headers().get(name)?.to_str().ok()?.trim());
        if head.headers().contains_key(TRANSFER_ENCODING) {
            return Self::Chunked;
        }
        match text(&CONTENT_LENGTH).and_then(|length| length.parse().ok()) {
            Some(0) | None if head.method == Method::CONNECT => Self::Rest,
            Some(0) | None => Self::None,
            Some(length) => Self::Length(length),
        }
    }
}

/// The position of a connection within its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Before or in a head: whether the head has begun, whether its current line has content, whether the last byte
    /// was a CR, and how much of the name of a hidden header the line is.
    Head {
        begun: bool,
        filled: bool,
        cr: bool,
        name: u8,
    },
    /// After a complete request, or after a head whose body is not known yet.
    Complete,
    /// In a body with this many bytes left.
    Length(u64),
    Chunked(Chunk),
    Rest,
}

/// The position within a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Size(u64),
    /// In the rest of a size line.
    Line(u64),
    /// In a chunk with this many bytes left, its line end included.
    Bytes(u64),
    /// In the trailer: whether its current line has content.
    Trailer(bool),
}

impl Part {
    /// Before any head.
    pub(super) const START: Self = Self::Head { begun: false, filled: false, cr: false, name: OTHER };

    /// The start of the body.
    pub(super) fn of(body: Body) -> Self {
        match body {
            Body::None => Self::Complete,
            Body::Length(length) => Self::Length(length),
            Body::Chunked => Self::Chunked(Chunk::Size(0)),
            Body::Rest => Self::Rest,
        }
    }

    /// Consumes bytes of the current request, or of its head until its body is known. Returns how many.
    pub(super) fn take(&mut self, bytes: &mut [u8]) -> usize {
        match self {
            Self::Complete => return 0,
            Self::Rest => return bytes.len(),
            Self::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    *self = Self::Complete;
                }
                return taken;
            }
            Self::Head { .. } | Self::Chunked(_) => {}
        }
        let mut at = 0;
        while at < bytes.len() && *self != Self::Complete {
            at += match self {
                Self::Chunked(Chunk::Bytes(left)) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    *left -= taken as u64;
                    if *left == 0 {
                        *self = Self::Chunked(Chunk::Size(0));
                    }
                    taken
                }
                _ => {
                    self.step(&mut bytes[at]);
                    1
                }
            };
        }
        at
    }

    fn step(&mut self, byte: &mut u8) {
        *self = match (*self, *byte) {
            (Self::Head { begun, filled, cr: false, .. }, b'\n') => {
                *byte = INVALID_LINE_END;
                Self::Head { begun, filled, cr: false, name: OTHER }
            }
            (Self::Head { begun: true, filled: false, .. }, b'\n') => Self::Complete,
            (Self::Head { begun, .. }, b'\n') => {
                // The first line is no header.
                Self::Head { begun, filled: false, cr: false, name: if begun { 0 } else { OTHER } }
            }
            (Self::Head { begun, filled, name, .. }, b'\r') => Self::Head { begun, filled, cr: true, name },
            (Self::Head { name, .. }, other) => {
                let goes_on =
                    UPGRADE.get(usize::from(name)).is_some_and(|one| one.eq_ignore_ascii_case(&other));
                let name = if goes_on { name + 1 } else { OTHER };
                if usize::from(name) == UPGRADE.len() {
                    *byte = HIDDEN;
                }
                Self::Head { begun: true, filled: true, cr: false, name }
            }
            (Self::Chunked(Chunk::Size(size)), b' ' | b'\t') => {
                *byte = INVALID_SIZE_BYTE;
                Self::Chunked(Chunk::Line(size))
            }
            (Self::Chunked(Chunk::Size(size)), digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or(0);
                Self::Chunked(Chunk::Size(size.saturating_mul(16).saturating_add(u64::from(digit))))
            }
            (Self::Chunked(Chunk::Size(0) | Chunk::Line(0)), b'\n') => Self::Chunked(Chunk::Trailer(false)),
            (Self::Chunked(Chunk::Size(size) | Chunk::Line(size)), b'\n') => {
                Self::Chunked(Chunk::Bytes(size.saturating_add(2)))
            }
            (Self::Chunked(Chunk::Size(size)), _) => Self::Chunked(Chunk::Line(size)),
            (Self::Chunked(Chunk::Trailer(false)), b'\n') => Self::Complete,
            (Self::Chunked(Chunk::Trailer(_)), b'\n') => Self::Chunked(Chunk::Trailer(false)),
            (Self::Chunked(Chunk::Trailer(_)), other) if other != b'\r' => {
                Self::Chunked(Chunk::Trailer(true))
            }
            (same, _) => same,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the part of `text` that belongs to the first_request request; it must not depend on how the text is split.
    fn first_request(text: &str, body: Body) -> String {
        let mut whole = None;
        for piece in 1..=text.len() {
            let (mut part, mut taken, mut is_head) = (Part::START, Vec::new(), true);
            'pieces: for bytes in text.as_bytes().chunks(piece) {
                let mut bytes = bytes.to_vec();
                let mut rest = bytes.as_mut_slice();
                while !rest.is_empty() {
                    if part == Part::Complete && std::mem::take(&mut is_head) {
                        part = Part::of(body);
                    }
                    let some = part.take(rest);
                    taken.extend_from_slice(&rest[..some]);
                    rest = &mut rest[some..];
                    if part == Part::Complete && (!is_head || body == Body::None) {
                        break 'pieces;
                    }
                }
            }
            let taken = String::from_utf8(taken).expect("text");
            assert_eq!(*whole.get_or_insert_with(|| taken.clone()), taken, "in pieces of {piece}");
        }
        whole.unwrap_or_default()
    }

    #[test]
    fn a_request_ends_where_the_next_begins() {
        let next = "GET / HTTP/1.1\r\n\r\n";
        let table = [
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", Body::None),
            ("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Body::None),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n\r\n\r\nx", Body::Length(5)),
            ("POST / HTTP/1.1\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Body::Chunked),
            ("POST / HTTP/1.1\r\n\r\n5;a=\"b\"\r\n\r\n\r\nx\r\n00\r\nA: b\r\nC: d\r\n\r\n", Body::Chunked),
            ("POST / HTTP/1.1\r\n\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", Body::Chunked),
        ];
        for (request, body) in table {
            assert_eq!(first_request(&format!("{request}{next}"), body), request);
        }
        assert_eq!(first_request("GET / HTTP/1.1\r\n\r\nabc", Body::Rest), "GET / HTTP/1.1\r\n\r\nabc");
    }

    #[test]
    fn a_line_of_a_head_that_ends_without_cr_becomes_invalid() {
        for head in [
            "GET / HTTP/1.1\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\n\r\n\r\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            let passed_on = first_request(head, Body::None);
            assert!(
                passed_on.contains('\0') && !passed_on.replace("\r\n", "").contains('\n'),
                "{passed_on:?}"
            );
        }
    }

    #[test]
    fn what_asks_for_another_protocol_is_hidden() {
        let hidden = first_request(
            "GET /Upgrade HTTP/1.1\r\nUpgrade: websocket\r\nX-Upgrade: 1\r\nup: 2\r\n\r\n",
            Body::None,
        );
        assert_eq!(hidden, "GET /Upgrade HTTP/1.1\r\nUpgrad_: websocket\r\nX-Upgrade: 1\r\nup: 2\r\n\r\n");
    }

    #[test]
    fn a_blank_after_a_chunk_size_becomes_an_invalid_byte() {
        for blank in [' ', '\t'] {
            let passed_on =
                first_request(&format!("P / H\r\n\r\n5{blank}\r\nhello\r\n0\r\n\r\n"), Body::Chunked);
            assert!(passed_on.contains("\r\n5!\r\n"), "{passed_on:?}");
        }
    }
}
