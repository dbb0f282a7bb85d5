//! Where a request ends in the bytes of its connection, so that the HTTP layer gets one at a time: it would queue
//! a thousand that came at once. Judges nothing, but for the blank after the size of a chunk, which it makes a
//! byte that no size has: RFC 9112 §7.1 knows none there, and proxies differ on what they make of it.

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, UPGRADE};

/// What stands in the place of a blank after a chunk's size.
const NO_SIZE: u8 = b'!';

/// What follows the head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    /// So many bytes.
    Length(u64),
    Chunked,
    /// All that comes.
    Rest,
}

impl Body {
    /// As the HTTP layer frames it, which has refused what is ambiguous.
    pub(super) fn of(head: &RequestHead) -> Self {
        let text = |name: &HeaderName| Some(head.headers().get(name)?.to_str().ok()?.trim());
        if head.headers().contains_key(TRANSFER_ENCODING) {
            return Self::Chunked;
        }
        if text(&UPGRADE).is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            return Self::Rest;
        }
        match text(&CONTENT_LENGTH).and_then(|length| length.parse().ok()) {
            Some(0) | None if head.method == Method::CONNECT => Self::Rest,
            Some(0) | None => Self::None,
            Some(length) => Self::Length(length),
        }
    }
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Before or in a head: whether it has begun, and whether its present line holds something.
    Head {
        begun: bool,
        filled: bool,
    },
    /// Behind a request that was handed on whole, or whose head was.
    Complete,
    /// In a body of which so many bytes are left.
    Length(u64),
    Chunked(Chunk),
    Rest,
}

/// Where a chunked body stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Size(u64),
    /// The rest of the line of a size.
    Line(u64),
    /// So many bytes of the chunk and its end of line.
    Bytes(u64),
    /// Whether the present line of the trailer holds something.
    Trailer(bool),
}

impl Part {
    /// Before any head.
    pub(super) const START: Self = Self::Head { begun: false, filled: false };

    /// Where the body begins.
    pub(super) fn of(body: Body) -> Self {
        match body {
            Body::None => Self::Complete,
            Body::Length(length) => Self::Length(length),
            Body::Chunked => Self::Chunked(Chunk::Size(0)),
            Body::Rest => Self::Rest,
        }
    }

    /// How many of these bytes belong to the present request, or to its head until its body is known.
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
            (Self::Head { begun: true, filled: false }, b'\n') => Self::Complete,
            (Self::Head { begun, .. }, b'\n') => Self::Head { begun, filled: false },
            (Self::Head { .. }, other) if other != b'\r' => Self::Head { begun: true, filled: true },
            (Self::Chunked(Chunk::Size(size)), b' ' | b'\t') => {
                *byte = NO_SIZE;
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

    /// What of `text` belongs to the first request, in whatever pieces it comes.
    fn first(text: &str, body: Body) -> String {
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
            ("GET / HTTP/1.1\nHost: h\n\n", Body::None),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n\r\n\r\nx", Body::Length(5)),
            ("POST / HTTP/1.1\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Body::Chunked),
            ("POST / HTTP/1.1\r\n\r\n5;a=\"b\"\r\n\r\n\r\nx\r\n00\r\nA: b\r\nC: d\r\n\r\n", Body::Chunked),
            ("POST / HTTP/1.1\r\n\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", Body::Chunked),
        ];
        for (request, body) in table {
            assert_eq!(first(&format!("{request}{next}"), body), request);
        }
        assert_eq!(first("GET / HTTP/1.1\r\n\r\nabc", Body::Rest), "GET / HTTP/1.1\r\n\r\nabc");
    }

    #[test]
    fn a_blank_after_the_size_of_a_chunk_is_handed_on_as_no_size() {
        for blank in [' ', '\t'] {
            let said = first(&format!("P / H\r\n\r\n5{blank}\r\nhello\r\n0\r\n\r\n"), Body::Chunked);
            assert!(said.contains("\r\n5!\r\n"), "{said:?}");
        }
    }
}
