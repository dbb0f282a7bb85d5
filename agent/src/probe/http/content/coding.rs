//! Content codings: gzip, deflate, br and zstd are removed whether we asked for them or not, because
//! assertions apply to what people see. The output is bounded like the input. Pure.

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use http::{HeaderMap, header};
use skerry_protocol::wire::Reason;

use crate::probe::fault::Fault;
use crate::probe::http::http1::head::tokens;

/// Maximum number of stacked codings, as in curl.
const MAX_CODINGS: usize = 5;
/// Maximum window of zstd, as a power of two (RFC 9659).
const ZSTD_WINDOW: u32 = 23;
/// Maximum number of gzip members: each costs time, even an empty one.
const MAX_MEMBERS: usize = 10_000;
/// Bytes decoded at once.
const PIECE: usize = 32 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings that a response head declares.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::probe::http) struct Codings {
    /// In the order of removal.
    known: Vec<Coding>,
    /// The name of the first coding that we cannot remove; those below it stay, too.
    pub(in crate::probe::http) unknown: Option<String>,
}

/// Why decoding failed.
#[derive(Debug)]
enum Broken {
    CutShort,
    TooLarge,
    Garbled,
}

impl Coding {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn decode(self, bytes: &[u8], limit: u64) -> Result<Vec<u8>, Broken> {
        match self {
            Self::Gzip => gunzip(bytes, limit),
            Self::Deflate => match is_zlib(bytes) {
                true => match inflate(bytes, true, limit) {
                    Err(Broken::Garbled) => inflate(bytes, false, limit),
                    ended => ended,
                },
                false => inflate(bytes, false, limit),
            },
            Self::Brotli => unbrotli(bytes, limit),
            Self::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(bytes).map_err(|error| broken(&error))?;
                decoder.window_log_max(ZSTD_WINDOW).map_err(|error| broken(&error))?;
                let mut decoded = Vec::new();
                more(decoder, limit, &mut decoded)?;
                Ok(decoded)
            }
        }
    }
}

impl Codings {
    pub(in crate::probe::http) fn of(headers: &HeaderMap) -> Self {
        let mut codings = Self::default();
        if !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::TRANSFER_ENCODING)
        {
            return codings;
        }
        let content = tokens(headers, &header::CONTENT_ENCODING);
        let transfer = tokens(headers, &header::TRANSFER_ENCODING);
        let named: Vec<String> =
            content.chain(transfer).filter(|name| !matches!(name.as_str(), "identity" | "chunked")).collect();
        for name in named.into_iter().rev() {
            match Coding::named(&name) {
                Some(coding) if codings.known.len() < MAX_CODINGS => codings.known.push(coding),
                _ => {
                    codings.unknown = Some(name);
                    break;
                }
            }
        }
        codings
    }

    /// Whether there is nothing to remove.
    pub(in crate::probe::http) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Removes the known codings from `bytes`; no step may produce more than `limit` bytes.
    pub(in crate::probe::http) fn decode(&self, mut bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, Fault> {
        for coding in &self.known {
            // There is no body: the request was HEAD, the status is 304, or the body is empty.
            if bytes.is_empty() {
                break;
            }
            bytes = coding.decode(&bytes, limit).map_err(|broken| {
                let name = coding.name();
                match broken {
                    Broken::TooLarge => Fault::down(
                        Reason::BodyTooLarge,
                        format!("the body is larger than {limit} bytes once its {name} is decoded"),
                    ),
                    Broken::CutShort => Fault::down(
                        Reason::ProtocolError,
                        format!("the body is cut short: its {name} does not come to an end"),
                    ),
                    Broken::Garbled => Fault::down(
                        Reason::ProtocolError,
                        format!("the body is not {name}, as its Content-Encoding says"),
                    ),
                }
            })?;
        }
        Ok(bytes)
    }
}

fn broken(error: &io::Error) -> Broken {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Broken::CutShort,
        _ => Broken::Garbled,
    }
}

fn more(decoder: impl Read, limit: u64, decoded: &mut Vec<u8>) -> Result<(), Broken> {
    let left = limit.saturating_sub(decoded.len() as u64);
    decoder.take(left + 1).read_to_end(decoded).map_err(|error| broken(&error))?;
    if decoded.len() as u64 > limit { Err(Broken::TooLarge) } else { Ok(()) }
}

/// All members; data after the last one is ignored, as in browsers.
fn gunzip(bytes: &[u8], limit: u64) -> Result<Vec<u8>, Broken> {
    let mut decoded = Vec::new();
    let mut rest = bytes;
    for _ in 0..MAX_MEMBERS {
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        more(&mut decoder, limit, &mut decoded)?;
        rest = decoder.into_inner();
        if !rest.starts_with(&[0x1f, 0x8b]) {
            return Ok(decoded);
        }
    }
    Err(Broken::Garbled)
}

/// Whether the stream starts with a zlib header (RFC 1950); some servers send "deflate" without it.
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [first, second, ..] => first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0,
        _ => false,
    }
}

fn inflate(bytes: &[u8], zlib: bool, limit: u64) -> Result<Vec<u8>, Broken> {
    let mut decoder = Decompress::new(zlib);
    let mut decoded = Vec::new();
    loop {
        let before = (decoder.total_in(), decoder.total_out());
        decoded.reserve(PIECE);
        let rest = usize::try_from(before.0).ok().and_then(|taken| bytes.get(taken..)).unwrap_or_default();
        let status =
            decoder.decompress_vec(rest, &mut decoded, FlushDecompress::None).map_err(|_| Broken::Garbled)?;
        if decoded.len() as u64 > limit {
            return Err(Broken::TooLarge);
        }
        if status == Status::StreamEnd {
            return Ok(decoded);
        }
        if (decoder.total_in(), decoder.total_out()) == before {
            return Err(Broken::CutShort);
        }
    }
}

fn unbrotli(bytes: &[u8], limit: u64) -> Result<Vec<u8>, Broken> {
    let allocator = StandardAlloc::default;
    // No window larger than RFC 7932 allows: browsers refuse it, too.
    let mut state = BrotliState::new_strict(allocator(), allocator(), allocator());
    let (mut left, mut taken, mut total) = (bytes.len(), 0, 0);
    let (mut piece, mut decoded) = (vec![0; PIECE], Vec::new());
    loop {
        let (mut room, mut written) = (piece.len(), 0);
        let came = BrotliDecompressStream(
            &mut left,
            &mut taken,
            bytes,
            &mut room,
            &mut written,
            &mut piece,
            &mut total,
            &mut state,
        );
        decoded.extend_from_slice(&piece[..written]);
        if decoded.len() as u64 > limit {
            return Err(Broken::TooLarge);
        }
        match came {
            BrotliResult::ResultSuccess => return Ok(decoded),
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Err(Broken::CutShort),
            BrotliResult::ResultFailure => return Err(Broken::Garbled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    const TEXT: &[u8] = b"<html><body>All systems operational</body></html>";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
    }

    fn br(bytes: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::new();
        let mut encoder = brotli::CompressorWriter::new(&mut encoded, 4096, 5, 22);
        encoder.write_all(bytes).expect("in memory");
        drop(encoder);
        encoded
    }

    fn zstandard(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).expect("in memory")
    }

    type Encode = fn(&[u8]) -> Vec<u8>;
    const EACH: [(&str, Encode); 6] = [
        ("gzip", gzip),
        ("X-GZip", gzip),
        ("deflate", zlib),
        ("deflate", raw),
        ("br", br),
        ("zstd", zstandard),
    ];

    fn codings(content: &[&str]) -> Codings {
        let headers =
            content.iter().map(|value| (header::CONTENT_ENCODING, value.parse().expect("a value"))).collect();
        Codings::of(&headers)
    }

    fn decode(content: &[&str], bytes: Vec<u8>) -> Result<Vec<u8>, (Reason, String)> {
        codings(content).decode(bytes, 1 << 20).map_err(|fault| (fault.reason, fault.detail))
    }

    #[test]
    fn each_coding_is_taken_off() {
        for (name, encode) in EACH {
            assert_eq!(decode(&[name], encode(TEXT)).as_deref(), Ok(TEXT), "{name}");
            assert_eq!(decode(&[name], encode(b"")).as_deref(), Ok(&b""[..]), "{name} of nothing");
            assert_eq!(
                decode(&[name], Vec::new()).as_deref(),
                Ok(&b""[..]),
                "nothing that {name} was said of"
            );
        }
        assert_eq!(
            decode(&["gzip, br"], br(&gzip(TEXT))).as_deref(),
            Ok(TEXT),
            "the last is taken off first"
        );
        assert_eq!(decode(&["gzip", "identity", "br"], br(&gzip(TEXT))).as_deref(), Ok(TEXT), "on lines");
        let two = [gzip(b"All systems "), gzip(b"operational")].concat();
        assert_eq!(decode(&["gzip"], two).as_deref(), Ok(&b"All systems operational"[..]), "two members");
        let empty = gzip(b"").repeat(MAX_MEMBERS + 1);
        assert!(decode(&["gzip"], empty).is_err(), "members without end");
        let behind = [gzip(TEXT), b"\0\0rest".to_vec()].concat();
        assert_eq!(decode(&["gzip"], behind).as_deref(), Ok(TEXT), "what stands behind it");
    }

    #[test]
    fn one_that_is_cut_short_or_garbled_is_said() {
        let text: Vec<u8> =
            (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        for (name, encode) in EACH {
            let whole = encode(&text);
            for length in [1, whole.len() / 2, whole.len() - 1] {
                let cut = whole[..length].to_vec();
                let (reason, detail) = decode(&[name], cut).expect_err("cut short");
                assert_eq!(reason, Reason::ProtocolError, "{name} {length}: {detail}");
                assert!(detail.contains("cut short"), "{name} {length}: {detail}");
            }
            let (reason, detail) =
                decode(&[name], b"\xff\xff plain and not coded at all".to_vec()).expect_err("garbled");
            assert_eq!(reason, Reason::ProtocolError, "{name}: {detail}");
        }
    }

    #[test]
    fn what_comes_out_is_bounded() {
        let zeros = vec![0; 50 << 20];
        for (name, encode) in EACH {
            let bomb = encode(&zeros);
            let (reason, detail) = decode(&[name], bomb).expect_err("a bomb");
            assert_eq!(reason, Reason::BodyTooLarge, "{name}");
            assert!(detail.contains("larger than 1048576 bytes"), "{detail}");
        }
        let exact = vec![b'x'; 1 << 20];
        assert_eq!(decode(&["gzip"], gzip(&exact)).as_deref(), Ok(&exact[..]));
        let twice = gzip(&gzip(&zeros));
        assert_eq!(decode(&["gzip, gzip"], twice).map_err(|(reason, _)| reason), Err(Reason::BodyTooLarge));
    }

    #[test]
    fn a_window_larger_than_browsers_take_is_refused() {
        // "Large window" with 30 bits; one uncompressed block of 65,536 bytes; the end.
        let large = [&[0x11, 0x1e, 0xfe, 0xff, 0x03][..], &[b'A'; 65_536], &[3]].concat();
        let (reason, detail) = decode(&["br"], large).expect_err("no brotli of RFC 7932");
        assert_eq!(reason, Reason::ProtocolError);
        assert_eq!(detail, "the body is not br, as its Content-Encoding says");
    }

    #[test]
    fn an_unknown_coding_stays_with_what_lies_below_it() {
        let unknown = codings(&["gzip, aes, br"]);
        assert_eq!((unknown.known, unknown.unknown.as_deref()), (vec![Coding::Brotli], Some("aes")));
        assert_eq!(codings(&["gzip; q=1"]).unknown.as_deref(), Some("gzip; q=1"));
        assert_eq!(codings(&["identity"]), Codings::default());
        assert_eq!(codings(&["gzip"; 9]).known.len(), MAX_CODINGS);
        assert!(codings(&["gzip"; 9]).unknown.is_some());
        let headers =
            [(header::TRANSFER_ENCODING, "gzip, chunked".parse().expect("a value"))].into_iter().collect();
        assert_eq!(Codings::of(&headers).known, [Coding::Gzip]);
    }
}
