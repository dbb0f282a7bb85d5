//! The immutable bytes that requests are answered from, made ahead of time with their validators and
//! compressed forms. Nothing here knows a request, a page or a clock.

use bytes::Bytes;
use flate2::write::GzEncoder;
use skerry_domain::time::{SECOND, Timestamp};
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

/// How long caches may hold an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheClass {
    /// Live pages, JSON, feeds, badges.
    Live,
    /// Past months, closed incidents.
    Closed,
    /// Assets whose name carries their hash.
    Immutable,
}

/// How hard to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// For every change and heartbeat: about a millisecond for a page of 80 kB.
    Fast,
    /// For what has stood for 30 s: up to 100 times the work for the last tenth of the bytes.
    Best,
}

/// One encoded form with its own strong validator.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The body.
    pub bytes: Bytes,
    /// Strong entity tag (RFC 9110 §8.8.3), quotes included: ASCII, a function of `bytes` alone.
    pub etag: Bytes,
}

impl Encoded {
    fn new(bytes: Bytes) -> Self {
        let etag = Bytes::from(format!("\"{:032x}\"", xxhash_rust::xxh3::xxh3_128(&bytes)));
        Self { bytes, etag }
    }
}

/// One answer: everything a request needs, made ahead of time.
#[derive(Clone, Debug)]
pub struct Output {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Cache headers.
    pub cache: CacheClass,
    /// `Surrogate-Key`: ASCII, space-separated.
    pub surrogate_key: Bytes,
    /// `Cache-Tag`: the same keys, comma-separated.
    pub cache_tag: Bytes,
    /// Who may show it in a frame, as `frame-ancestors` of a policy names them; empty: nobody.
    pub frame_ancestors: Bytes,
    /// When the bytes last changed, a whole second; later than that of every earlier form of this output,
    /// so that a validator of one second's grain still tells them apart.
    pub last_modified: Timestamp,
    /// `Last-Modified` as RFC 9110 §5.6.7 writes it.
    pub last_modified_text: Bytes,
    /// How hard the forms below were compressed.
    pub compression: Compression,
    /// As it is.
    pub identity: Encoded,
    /// gzip, absent where it does not pay.
    pub gzip: Option<Encoded>,
    /// brotli, absent where it does not pay.
    pub brotli: Option<Encoded>,
}

/// What an output is, apart from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'a> {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Cache headers.
    pub cache: CacheClass,
    /// What a purge names it by: ASCII words without spaces or commas; other characters are dropped.
    pub keys: &'a [&'a str],
    /// Who may show it in a frame; empty: nobody.
    pub frame_ancestors: &'a [String],
}

impl Output {
    /// Makes an output, or keeps `previous` as it is (same validators, same `Last-Modified`) where nothing
    /// would change. The same bytes asked for at a higher level keep their identity form and date.
    #[must_use]
    pub fn render(
        kind: Kind<'_>,
        bytes: Vec<u8>,
        now: Timestamp,
        previous: Option<&Arc<Self>>,
        level: Compression,
    ) -> Arc<Self> {
        let surrogate_key = joined(kind.keys, ' ');
        let frame_ancestors = kind.frame_ancestors.join(" ");
        let same = previous.filter(|previous| {
            previous.identity.bytes == bytes
                && previous.content_type == kind.content_type
                && previous.cache == kind.cache
                && previous.surrogate_key == surrogate_key
                && previous.frame_ancestors == frame_ancestors
        });
        if let Some(same) = same.filter(|same| same.compression >= level) {
            return Arc::clone(same);
        }
        let last_modified = match (same, previous) {
            (Some(same), _) => same.last_modified,
            (None, Some(previous)) => whole_second(now).max(previous.last_modified + SECOND),
            (None, None) => whole_second(now),
        };
        let identity = same.map_or_else(|| Encoded::new(Bytes::from(bytes)), |same| same.identity.clone());
        let shrunk = |form: Option<Vec<u8>>| {
            form.filter(|form| form.len() < identity.bytes.len()).map(|form| Encoded::new(Bytes::from(form)))
        };
        Arc::new(Self {
            content_type: kind.content_type,
            cache: kind.cache,
            surrogate_key,
            cache_tag: joined(kind.keys, ','),
            frame_ancestors: frame_ancestors.into(),
            last_modified,
            last_modified_text: http_date(last_modified),
            compression: level,
            gzip: shrunk(gzip(&identity.bytes, level)),
            brotli: shrunk(brotli(&identity.bytes, level)),
            identity,
        })
    }
}

impl Output {
    /// The same answer with its forms compressed at another level.
    #[must_use]
    pub fn compressed(&self, level: Compression) -> Arc<Self> {
        let bytes = &self.identity.bytes;
        let shrunk = |form: Option<Vec<u8>>| {
            form.filter(|form| form.len() < bytes.len()).map(|form| Encoded::new(Bytes::from(form)))
        };
        let (gzip, brotli) = (shrunk(gzip(bytes, level)), shrunk(brotli(bytes, level)));
        Arc::new(Self { compression: level, gzip, brotli, ..self.clone() })
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(SECOND) * SECOND)
}

fn joined(keys: &[&str], separator: char) -> Bytes {
    let mut text = String::new();
    for key in keys {
        let length = text.len();
        if length > 0 {
            text.push(separator);
        }
        let start = text.len();
        text.extend(key.chars().filter(|c| c.is_ascii_graphic() && *c != ','));
        if text.len() == start {
            text.truncate(length);
        }
    }
    Bytes::from(text)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the epoch where the instant is outside what a calendar holds.
fn http_date(at: Timestamp) -> Bytes {
    let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Bytes::from(instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn gzip(bytes: &[u8], level: Compression) -> Option<Vec<u8>> {
    let level = match level {
        Compression::Fast => flate2::Compression::new(6),
        Compression::Best => flate2::Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4 + 64), level);
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn brotli(bytes: &[u8], level: Compression) -> Option<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: match level {
            Compression::Fast => 5,
            Compression::Best => 11,
        },
        // Below 17 the encoder takes hash chains made for tiny windows: ten times the work at this quality.
        lgwin: (bytes.len().max(1).ilog2() as i32 + 1).clamp(17, 24),
        size_hint: bytes.len(),
        mode: brotli::enc::backward_references::BrotliEncoderMode::BROTLI_MODE_TEXT,
        ..Default::default()
    };
    let mut encoded = Vec::with_capacity(bytes.len() / 4 + 64);
    brotli::BrotliCompress(&mut &*bytes, &mut encoded, &parameters).ok()?;
    Some(encoded)
}

/// All outputs of one page at one moment, keyed by the path below the page's root (`""` is the index).
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// The outputs.
    pub outputs: HashMap<String, Arc<Output>>,
}

impl Publication {
    /// This publication with some outputs replaced or added; the others are shared, not copied.
    #[must_use]
    pub fn with(&self, changed: impl IntoIterator<Item = (String, Arc<Output>)>) -> Self {
        let mut outputs = self.outputs.clone();
        outputs.extend(changed);
        Self { outputs }
    }

    /// This publication with only the outputs whose path `keep` accepts.
    #[must_use]
    pub fn retaining(&self, keep: impl Fn(&str) -> bool) -> Self {
        let outputs = self.outputs.iter().filter(|(path, _)| keep(path));
        Self { outputs: outputs.map(|(path, output)| (path.clone(), Arc::clone(output))).collect() }
    }
}

/// Everything public, by where it answers. Its maps are persistent: to swap one page costs the same however many there
/// are.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Public pages by slug, for `/status/<slug>/…` on every host that is not a page's own.
    pub by_slug: imbl::HashMap<String, Arc<Publication>>,
    /// Pages by host name (lower case, without port), for `/…` on their own host.
    pub by_host: imbl::HashMap<String, Arc<Publication>>,
    /// The page that also answers at `/` on any other host.
    pub root: Option<Arc<Publication>>,
    /// The index of pages, at `/status/` of any other host.
    pub directory: Option<Arc<Output>>,
    /// Outputs of no page: assets by their path, `robots.txt` and `favicon.ico` where no page has the root.
    pub shared: imbl::HashMap<String, Arc<Output>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    const NOW: Timestamp = Timestamp(784_111_777_250);

    fn kind() -> Kind<'static> {
        Kind {
            content_type: "text/html; charset=utf-8",
            cache: CacheClass::Live,
            keys: &["page-a", "ü ,", "index"],
            frame_ancestors: &[],
        }
    }

    fn text(seed: usize) -> Vec<u8> {
        (0..400)
            .map(|row| format!("<li>component {} is operational</li>", row * seed))
            .collect::<String>()
            .into()
    }

    #[test]
    fn each_form_decodes_to_the_same_body_and_has_its_own_validator() {
        let output = Output::render(kind(), text(7), NOW, None, Compression::Fast);
        let gzip = output.gzip.as_ref().expect("repetitive text shrinks");
        let brotli = output.brotli.as_ref().expect("repetitive text shrinks");
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&gzip.bytes[..]).read_to_end(&mut plain).expect("valid gzip");
        assert_eq!(plain, output.identity.bytes);
        plain.clear();
        brotli::Decompressor::new(&brotli.bytes[..], 4096).read_to_end(&mut plain).expect("valid brotli");
        assert_eq!(plain, output.identity.bytes);
        assert_ne!(gzip.etag, brotli.etag);
        assert_ne!(gzip.etag, output.identity.etag);
        assert_eq!(output.identity.etag.len(), 34);
        assert_eq!(output.last_modified_text, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(output.surrogate_key, "page-a index");
        assert_eq!(output.cache_tag, "page-a,index");
    }

    #[test]
    fn what_does_not_shrink_is_served_as_it_is() {
        let output = Output::render(kind(), b"ok".to_vec(), NOW, None, Compression::Best);
        assert!(output.gzip.is_none() && output.brotli.is_none());
        let empty = Output::render(kind(), Vec::new(), NOW, None, Compression::Best);
        assert!(empty.gzip.is_none() && empty.brotli.is_none());
    }

    #[test]
    fn unchanged_bytes_keep_the_whole_output() {
        let first = Output::render(kind(), text(7), NOW, None, Compression::Fast);
        let later = NOW + 60 * SECOND;
        let second = Output::render(kind(), text(7), later, Some(&first), Compression::Fast);
        assert!(Arc::ptr_eq(&first, &second));
        let best = Output::render(kind(), text(7), later, Some(&first), Compression::Best);
        assert_eq!(best.last_modified, first.last_modified);
        assert_eq!(best.identity.etag, first.identity.etag);
        let again = Output::render(kind(), text(7), later, Some(&best), Compression::Fast);
        assert!(Arc::ptr_eq(&best, &again), "a heartbeat must not undo the best compression");
    }

    #[test]
    fn two_changes_within_a_second_have_two_dates() {
        let first = Output::render(kind(), text(7), NOW, None, Compression::Fast);
        let second = Output::render(kind(), text(8), NOW + 200, Some(&first), Compression::Fast);
        assert!(second.last_modified > first.last_modified);
        let back = Output::render(kind(), text(9), NOW - 60 * SECOND, Some(&second), Compression::Fast);
        assert!(back.last_modified > second.last_modified, "a clock set back must not revive an old copy");
    }

    #[test]
    fn a_publication_shares_what_did_not_change() {
        let output = |seed| Output::render(kind(), text(seed), NOW, None, Compression::Fast);
        let first = Publication::default().with([(String::new(), output(1)), ("uptime".into(), output(2))]);
        let second = first.with([(String::new(), output(3))]);
        assert!(Arc::ptr_eq(&first.outputs["uptime"], &second.outputs["uptime"]));
        assert!(!Arc::ptr_eq(&first.outputs[""], &second.outputs[""]));
        assert!(second.retaining(str::is_empty).outputs.len() == 1);
    }
}
