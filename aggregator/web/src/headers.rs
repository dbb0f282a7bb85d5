//! The headers every answer carries: what caches may keep, and what browsers must not do.

use super::public::Html;
use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use bytes::Bytes;
use skerry_publish::output::{CacheClass, Encoded, Output};
use std::time::{Duration, SystemTime};

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// `Cache-Control`, and what stands in `CDN-Cache-Control` and `Surrogate-Control`. Never `s-maxage`: it
/// turns the stale directives off (RFC 9111 §5.2.2.10).
fn cache_control(class: CacheClass) -> (&'static str, &'static str) {
    match class {
        CacheClass::Live => (
            "public, max-age=10, stale-while-revalidate=20, stale-if-error=86400",
            "max-age=30, stale-while-revalidate=20, stale-if-error=86400",
        ),
        CacheClass::Closed => (
            "public, max-age=600, stale-if-error=86400",
            "max-age=3600, stale-while-revalidate=600, stale-if-error=86400",
        ),
        CacheClass::Immutable => {
            ("public, max-age=31536000, immutable", "public, max-age=31536000, immutable")
        }
    }
}

/// What a 304 says, and a 200 too: the validator, and all that steers a cache. The rest of what describes
/// the body is kept by whoever has the body (RFC 9110 §15.4.5).
pub(super) fn describe_fresh(headers: &mut HeaderMap, output: &Output, form: &Encoded) {
    let (browsers, caches) = cache_control(output.cache);
    insert_bytes(headers, ETAG, &form.etag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(browsers));
    headers.insert(CDN_CACHE_CONTROL, HeaderValue::from_static(caches));
    headers.insert(SURROGATE_CONTROL, HeaderValue::from_static(caches));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_open_data(output) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

/// What a 200 says beside that: what the body is, and what a browser may do with it.
pub(super) fn describe_whole(
    headers: &mut HeaderMap,
    output: &Output,
    encoding: Option<&'static str>,
    html_policy: &'static str,
) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(output.content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !output.surrogate_key.is_empty() {
        insert_bytes(headers, SURROGATE_KEY, &output.surrogate_key);
        insert_bytes(headers, CACHE_TAG, &output.cache_tag);
    }
    if !is_ahead(output) {
        insert_bytes(headers, LAST_MODIFIED, &output.last_modified_text);
    }
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if is_html(output) {
        headers.insert(CONTENT_SECURITY_POLICY, policy(html_policy, &output.frame_ancestors));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    } else if output.content_type.starts_with("image/svg") {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    }
}

/// A page's policy with those who may show it in a frame.
fn policy(of_all: &'static str, frame_ancestors: &Bytes) -> HeaderValue {
    let framed = std::str::from_utf8(frame_ancestors).ok().filter(|framed| !framed.is_empty());
    let policy = framed
        .map(|framed| of_all.replace("frame-ancestors 'none'", &format!("frame-ancestors {framed}")))
        .and_then(|policy| HeaderValue::try_from(policy).ok());
    policy.unwrap_or(HeaderValue::from_static(of_all))
}

/// What a browser asks before a script of another site may send headers of its own with a request.
pub(super) fn preflight() -> HttpResponse {
    let mut response = uncached(StatusCode::NO_CONTENT, "text/plain; charset=utf-8", "");
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

fn is_html(output: &Output) -> bool {
    output.content_type.starts_with("text/html")
}

/// Data that other sites may read from a visitor's browser: there is nothing personal in it.
pub(super) fn is_open_data(output: &Output) -> bool {
    output.cache != CacheClass::Immutable && !is_html(output)
}

/// A burst of changes dates an output some seconds ahead; such a date is not said (RFC 9110 §8.8.2.1).
#[expect(
    clippy::disallowed_methods,
    reason = "measured against `Date`, which the HTTP layer takes from this clock; nothing is decided by it"
)]
fn is_ahead(output: &Output) -> bool {
    let modified = Duration::from_millis(u64::try_from(output.last_modified.0).unwrap_or_default());
    SystemTime::UNIX_EPOCH + modified > SystemTime::now()
}

/// Outputs hold ASCII only, so nothing is ever left out here.
fn insert_bytes(headers: &mut HeaderMap, name: HeaderName, value: &Bytes) {
    if let Ok(value) = HeaderValue::from_maybe_shared(value.clone()) {
        headers.insert(name, value);
    }
}

/// How long a cache may answer 404 by itself. A copy of what became private is replaced by it: one that
/// could not be stored would leave the old copy there, to return when nobody answers behind the cache.
const ABSENT: (&str, &str) = ("public, max-age=10", "max-age=10");

/// An answer that no cache keeps.
pub(super) fn uncached(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, BoxBody::new(body.into()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for name in [CACHE_CONTROL, CDN_CACHE_CONTROL, SURROGATE_CONTROL] {
        headers.insert(name, HeaderValue::from_static("no-store"));
    }
    response
}

/// The headers of the one 404. They are made once and cloned: each map made anew has its own random order,
/// and every 404 is the same to the byte. It has no `Vary`: it takes the place of every stored encoding.
pub(super) fn of_not_found(html: &Html) -> HeaderMap {
    let mut response = uncached(StatusCode::NOT_FOUND, "text/html; charset=utf-8", Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(html.policy));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let (browsers, caches) = ABSENT;
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(browsers));
    headers.insert(CDN_CACHE_CONTROL, HeaderValue::from_static(caches));
    headers.insert(SURROGATE_CONTROL, HeaderValue::from_static(caches));
    headers.clone()
}

/// Says nothing about why it is not there. `headers` are those of [`of_not_found`].
pub(super) fn not_found(html: &Html, headers: &HeaderMap) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::NOT_FOUND, BoxBody::new(html.not_found.clone()));
    *response.headers_mut() = headers.clone();
    response
}

/// A method that the path does not know.
pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let mut response =
        uncached(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "method not allowed\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
