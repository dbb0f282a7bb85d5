//! The headers of every response: caching, and the restrictions for browsers.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use bytes::Bytes;
use skerry_publish::html::Document;
use skerry_publish::output::{CacheClass, Encoded, Output};
use std::time::{Duration, SystemTime};

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// Sets the headers that a 304 and a 200 share: the validator and the caching headers. A client keeps the other
/// headers with the body that it has (RFC 9110 §15.4.5).
pub(super) fn set_cache_headers(headers: &mut HeaderMap, output: &Output, form: &Encoded) {
    let (browsers, caches) = output.cache.directives();
    insert_bytes(headers, ETAG, &form.etag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(browsers));
    headers.insert(CDN_CACHE_CONTROL, HeaderValue::from_static(caches));
    headers.insert(SURROGATE_CONTROL, HeaderValue::from_static(caches));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_open_data(output) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        // By these the strip in another site's page reckons how old it is.
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Age, Date"));
    }
}

/// Sets the headers that only a 200 has: those that describe the body, and the restrictions for browsers.
pub(super) fn set_content_headers(headers: &mut HeaderMap, output: &Output, encoding: Option<&'static str>) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(output.content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !output.surrogate_key.is_empty() {
        insert_bytes(headers, SURROGATE_KEY, &output.surrogate_key);
        insert_bytes(headers, CACHE_TAG, &output.cache_tag);
    }
    if !is_modified_in_future(output) {
        insert_bytes(headers, LAST_MODIFIED, &output.last_modified_text);
    }
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if !output.policy.is_empty() {
        insert_bytes(headers, CONTENT_SECURITY_POLICY, &output.policy);
    } else if output.content_type.starts_with("image/svg") {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    }
    if is_html(output) {
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}

/// Answers a CORS preflight request: scripts of other sites may send custom headers.
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

/// Whether scripts of other sites may read the output. Such data contains nothing personal.
pub(super) fn is_open_data(output: &Output) -> bool {
    output.cache != CacheClass::Immutable && !is_html(output)
}

/// A burst of changes dates an output some seconds ahead. Such a date must not be sent (RFC 9110 §8.8.2.1).
#[expect(
    clippy::disallowed_methods,
    reason = "compared with `Date`, which the HTTP layer takes from this clock; no state depends on it"
)]
fn is_modified_in_future(output: &Output) -> bool {
    let modified = Duration::from_millis(u64::try_from(output.last_modified.0).unwrap_or_default());
    SystemTime::UNIX_EPOCH + modified > SystemTime::now()
}

/// The values of outputs are ASCII, so none is left out.
fn insert_bytes(headers: &mut HeaderMap, name: HeaderName, value: &Bytes) {
    if let Ok(value) = HeaderValue::from_maybe_shared(value.clone()) {
        headers.insert(name, value);
    }
}

/// The caching of a 404. It must be storable, so that it replaces the copy of a page that became private: a cache
/// that kept the old copy would serve it again once the aggregator does not answer.
const NOT_FOUND_CACHING: &str = "public, max-age=10";

/// Lets shared caches store for ten seconds what strangers get at an address that may have been public. `cache_control`
/// says what browsers do.
pub(super) fn short_lived(headers: &mut HeaderMap, cache_control: &'static str) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    for name in [CDN_CACHE_CONTROL, SURROGATE_CONTROL] {
        headers.insert(name, HeaderValue::from_static("max-age=10"));
    }
}

/// A response that no cache may store.
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

/// The headers of the 404. They are built once and cloned: every new map has a random order of its own, and all 404s
/// must be identical to the byte. There is no `Vary`, so that the 404 replaces every stored encoding.
pub(super) fn not_found_headers(page: &Document) -> HeaderMap {
    let mut response = uncached(StatusCode::NOT_FOUND, "text/html; charset=utf-8", Bytes::new());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&page.policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    short_lived(headers, NOT_FOUND_CACHING);
    headers.clone()
}

/// The 404, which gives no reason. `headers` are those of [`not_found_headers`].
pub(super) fn not_found(body: &Bytes, headers: &HeaderMap) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::NOT_FOUND, BoxBody::new(body.clone()));
    *response.headers_mut() = headers.clone();
    response
}

/// 405 with the allowed methods.
pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let mut response =
        uncached(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "method not allowed\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
