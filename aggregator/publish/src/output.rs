//! Outputs: immutable bytes with their validators and compressed forms, rendered before any request arrives. This module
//! does not depend on requests, pages or clocks.

mod compression;

pub use compression::Compression;

use super::archive::{Archive, Versions};
use super::html::PageStatus;
use super::months::MonthSums;
use super::view::{MonthView, Place};
use bytes::Bytes;
use compression::{brotli, gzip};
use skerry_domain::time::{SECOND, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// How long caches may keep an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheClass {
    /// Live pages, JSON, feeds, badges.
    Live,
    /// Past months, closed incidents.
    Closed,
    /// Assets with a hash in their names.
    Immutable,
}

impl CacheClass {
    /// The values of `Cache-Control`, and of `CDN-Cache-Control` and `Surrogate-Control`. `s-maxage` is not used: it
    /// disables the stale directives (RFC 9111 §5.2.2.10).
    #[must_use]
    pub fn directives(self) -> (&'static str, &'static str) {
        match self {
            Self::Live => (
                "public, max-age=10, stale-while-revalidate=20, stale-if-error=86400",
                "max-age=30, stale-while-revalidate=20, stale-if-error=86400",
            ),
            Self::Closed => (
                "public, max-age=600, stale-if-error=86400",
                "max-age=3600, stale-while-revalidate=600, stale-if-error=86400",
            ),
            Self::Immutable => ("public, max-age=31536000, immutable", "public, max-age=31536000, immutable"),
        }
    }
}

/// A body in one content encoding, with a strong validator of its own.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The encoded body.
    pub bytes: Bytes,
    /// Strong entity tag (RFC 9110 §8.8.3) in ASCII with its quotes; it depends on `bytes`, the content type and the policy.
    pub etag: Bytes,
}

impl Encoded {
    /// `headers` are what is sent with the bytes and is kept with them: a 304 renews neither.
    fn new(bytes: Vec<u8>, headers: [&str; 2]) -> Self {
        // What a renderer or compressor reserved beyond the bytes would stay for as long as they do.
        let bytes = Bytes::from(bytes.into_boxed_slice());
        let mut hash = xxhash_rust::xxh3::Xxh3Default::new();
        for part in headers {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        hash.update(&bytes);
        Self { bytes, etag: Bytes::from(format!("\"{:032x}\"", hash.digest128())) }
    }
}

/// Everything that answers a request for one path.
#[derive(Clone, Debug)]
pub struct Output {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Selects the caching headers.
    pub cache: CacheClass,
    /// `Surrogate-Key`: ASCII, space-separated.
    pub surrogate_key: Bytes,
    /// `Cache-Tag`: the same keys, comma-separated.
    pub cache_tag: Bytes,
    /// `Content-Security-Policy` in ASCII; empty for none.
    pub policy: Bytes,
    /// When the bytes last changed, in whole seconds. Each version has a later date than the one before, so that a
    /// validator with a resolution of one second still distinguishes them.
    pub last_modified: Timestamp,
    /// `Last-Modified` in the format of RFC 9110 §5.6.7.
    pub last_modified_text: Bytes,
    /// The effort with which `gzip` and `brotli` were compressed.
    pub compression: Compression,
    /// Not compressed.
    pub identity: Encoded,
    /// `None` if it would not be smaller, or the body is short.
    pub gzip: Option<Encoded>,
    /// `None` if it would not be smaller, or the body is short.
    pub brotli: Option<Encoded>,
}

/// The properties of an output apart from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'a> {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Selects the caching headers.
    pub cache: CacheClass,
    /// Keys for purging: ASCII words without spaces and commas; other characters are dropped.
    pub keys: &'a [&'a str],
    /// `Content-Security-Policy`; empty for none.
    pub policy: &'a str,
}

impl Output {
    /// Creates an output, or returns `previous` (with its validators and its `Last-Modified`) if nothing would change.
    /// The same bytes at a higher compression level keep their uncompressed form and their date.
    #[must_use]
    pub fn render(
        kind: Kind<'_>,
        bytes: Vec<u8>,
        now: Timestamp,
        previous: Option<&Arc<Self>>,
        level: Compression,
    ) -> Arc<Self> {
        let surrogate_key = joined(kind.keys, ' ');
        let same = previous.filter(|previous| {
            previous.identity.bytes == bytes
                && previous.content_type == kind.content_type
                && previous.cache == kind.cache
                && previous.surrogate_key == surrogate_key
                && previous.policy == kind.policy
        });
        if let Some(same) = same.filter(|same| same.compression >= level) {
            return Arc::clone(same);
        }
        let last_modified = match (same, previous) {
            (Some(same), _) => same.last_modified,
            (None, Some(previous)) => whole_second(now).max(previous.last_modified + SECOND),
            (None, None) => whole_second(now),
        };
        let headers = [kind.content_type, kind.policy];
        let identity = same.map_or_else(|| Encoded::new(bytes, headers), |same| same.identity.clone());
        let if_smaller = |form: Option<Vec<u8>>| {
            form.filter(|form| form.len() < identity.bytes.len()).map(|form| Encoded::new(form, headers))
        };
        Arc::new(Self {
            content_type: kind.content_type,
            cache: kind.cache,
            surrogate_key,
            cache_tag: joined(kind.keys, ','),
            policy: Bytes::copy_from_slice(kind.policy.as_bytes()),
            last_modified,
            last_modified_text: http_date(last_modified),
            compression: level,
            gzip: if_smaller(gzip(&identity.bytes, level)),
            brotli: if_smaller(brotli(&identity.bytes, level)),
            identity,
        })
    }
}

impl Output {
    /// Returns the same output, compressed at another level.
    #[must_use]
    pub fn compressed(&self, level: Compression) -> Arc<Self> {
        let bytes = &self.identity.bytes;
        let headers = [self.content_type, std::str::from_utf8(&self.policy).unwrap_or_default()];
        let if_smaller = |form: Option<Vec<u8>>| {
            form.filter(|form| form.len() < bytes.len()).map(|form| Encoded::new(form, headers))
        };
        let (gzip, brotli) = (if_smaller(gzip(bytes, level)), if_smaller(brotli(bytes, level)));
        Arc::new(Self { compression: level, gzip, brotli, ..self.clone() })
    }
}

pub(super) fn whole_second(at: Timestamp) -> Timestamp {
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

/// Formats `Sun, 06 Nov 1994 08:49:37 GMT`; an instant outside the calendar becomes the epoch.
fn http_date(at: Timestamp) -> Bytes {
    let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Bytes::from(instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// All outputs of a page.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// By the path below the page's root; `""` is the index.
    pub outputs: HashMap<String, Arc<Output>>,
    /// The versions of the pages of what is over.
    pub versions: Versions,
    /// What the months before the present one held, oldest first.
    pub earlier: Arc<[MonthView]>,
    /// What was summed for them.
    pub sums: Arc<MonthSums>,
    /// What the list of pages says of it; `None`: it was not rendered yet.
    pub status: Option<PageStatus>,
    /// Renders the pages of what is over; they are in none of the `outputs`.
    pub archive: Option<Arc<dyn Archive>>,
    /// Where it answers.
    pub place: Place,
    /// The public id of the page.
    pub id: String,
    /// What stands in a copy in place of the outputs below `subscribe`, which forms need an aggregator for.
    pub copied: HashMap<String, Arc<Output>>,
    /// The clock of the state that it shows; the epoch before the first.
    pub as_of: Timestamp,
}

impl Publication {
    /// Returns this publication with some outputs replaced or added; the others are shared, not copied.
    #[must_use]
    pub fn with(&self, changed: impl IntoIterator<Item = (String, Arc<Output>)>) -> Self {
        let mut next = self.clone();
        next.outputs.extend(changed);
        next
    }

    /// Returns this publication with only the outputs whose path `keep` accepts.
    #[must_use]
    pub fn retaining(&self, keep: impl Fn(&str) -> bool) -> Self {
        let outputs = self.outputs.iter().filter(|(path, _)| keep(path));
        let outputs = outputs.map(|(path, output)| (path.clone(), Arc::clone(output))).collect();
        Self {
            outputs,
            versions: self.versions.clone(),
            earlier: Arc::clone(&self.earlier),
            sums: Arc::clone(&self.sums),
            status: self.status.clone(),
            archive: self.archive.clone(),
            place: self.place.clone(),
            id: self.id.clone(),
            copied: self.copied.clone(),
            as_of: self.as_of,
        }
    }
}

/// Everything that is public, by its address. The maps are persistent, so that the cost of replacing one page does not
/// depend on the number of pages.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Public pages by slug, for `/status/<slug>/…` on every host that does not belong to a page.
    pub by_slug: imbl::HashMap<String, Arc<Publication>>,
    /// Public pages by host name (lower case, without port), for `/…` on that host.
    pub by_host: imbl::HashMap<String, Arc<Publication>>,
    /// The page that is also served at `/` on all other hosts.
    pub root: Option<Arc<Publication>>,
    /// The list of pages, at `/status/` on all other hosts.
    pub directory: Option<Arc<Output>>,
    /// Outputs that belong to no page: assets by path, and `robots.txt` and `favicon.ico` for a root without a page.
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
            policy: "",
        }
    }

    fn text(seed: usize) -> Vec<u8> {
        (0..400)
            .map(|row| format!("<li>component {} is operational</li>", row * seed))
            .collect::<String>()
            .into()
    }

    #[test]
    fn each_encoding_decodes_to_the_same_body_and_has_an_etag_of_its_own() {
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
    fn a_body_that_does_not_shrink_is_not_compressed() {
        let output = Output::render(kind(), b"ok".to_vec(), NOW, None, Compression::Best);
        assert!(output.gzip.is_none() && output.brotli.is_none());
        let empty = Output::render(kind(), Vec::new(), NOW, None, Compression::Best);
        assert!(empty.gzip.is_none() && empty.brotli.is_none());
    }

    #[test]
    fn unchanged_bytes_keep_their_output() {
        let first = Output::render(kind(), text(7), NOW, None, Compression::Fast);
        let later = NOW + 60 * SECOND;
        let second = Output::render(kind(), text(7), later, Some(&first), Compression::Fast);
        assert!(Arc::ptr_eq(&first, &second));
        let best = Output::render(kind(), text(7), later, Some(&first), Compression::Best);
        assert_eq!(best.last_modified, first.last_modified);
        assert_eq!(best.identity.etag, first.identity.etag);
        let again = Output::render(kind(), text(7), later, Some(&best), Compression::Fast);
        assert!(Arc::ptr_eq(&best, &again), "a refresh must not undo the best compression");
    }

    #[test]
    fn two_changes_within_a_second_have_two_dates() {
        let first = Output::render(kind(), text(7), NOW, None, Compression::Fast);
        let second = Output::render(kind(), text(8), NOW + 200, Some(&first), Compression::Fast);
        assert!(second.last_modified > first.last_modified);
        let back = Output::render(kind(), text(9), NOW - 60 * SECOND, Some(&second), Compression::Fast);
        assert!(
            back.last_modified > second.last_modified,
            "a clock set back must not make an old copy valid again"
        );
    }

    #[test]
    fn another_policy_is_another_version() {
        let of = |policy| Output::render(Kind { policy, ..kind() }, text(7), NOW, None, Compression::Fast);
        let (open, framed) = (of("frame-ancestors *"), of("frame-ancestors 'none'"));
        assert_ne!(
            open.identity.etag, framed.identity.etag,
            "a cache would keep the former policy with a 304"
        );
        let etag = |output: &Output| output.gzip.as_ref().map(|form| form.etag.clone());
        assert_ne!(etag(&open), etag(&framed));
        assert_eq!(etag(&open.compressed(Compression::Fast)), etag(&open));
    }

    #[test]
    fn publications_share_unchanged_outputs() {
        let output = |seed| Output::render(kind(), text(seed), NOW, None, Compression::Fast);
        let first = Publication::default().with([(String::new(), output(1)), ("uptime".into(), output(2))]);
        let second = first.with([(String::new(), output(3))]);
        assert!(Arc::ptr_eq(&first.outputs["uptime"], &second.outputs["uptime"]));
        assert!(!Arc::ptr_eq(&first.outputs[""], &second.outputs[""]));
        assert!(second.retaining(str::is_empty).outputs.len() == 1);
    }
}
