//! The compressed forms of a body.

use flate2::write::GzEncoder;
use std::io::Write as _;

/// The effort of the compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// For every change and refresh: about a millisecond for a page of 80 kB.
    Fast,
    /// For outputs that have not changed for 30 s: up to 100 times the work to save another tenth of the bytes.
    Best,
}

/// What is shorter fits into one packet as it is, and three forms of it would take three times the memory.
const LEAST_COMPRESSED: usize = 1_200;

pub(super) fn gzip(bytes: &[u8], level: Compression) -> Option<Vec<u8>> {
    if bytes.len() < LEAST_COMPRESSED {
        return None;
    }
    let level = match level {
        Compression::Fast => flate2::Compression::new(6),
        Compression::Best => flate2::Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4 + 64), level);
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

pub(super) fn brotli(bytes: &[u8], level: Compression) -> Option<Vec<u8>> {
    if bytes.len() < LEAST_COMPRESSED {
        return None;
    }
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: match level {
            Compression::Fast => 5,
            Compression::Best => 11,
        },
        // Below 17 the encoder uses hash chains for tiny windows, which is ten times the work at this quality.
        lgwin: (bytes.len().max(1).ilog2() as i32 + 1).clamp(17, 24),
        size_hint: bytes.len(),
        mode: brotli::enc::backward_references::BrotliEncoderMode::BROTLI_MODE_TEXT,
        ..Default::default()
    };
    let mut encoded = Vec::with_capacity(bytes.len() / 4 + 64);
    brotli::BrotliCompress(&mut &*bytes, &mut encoded, &parameters).ok()?;
    Some(encoded)
}
