//! The public side: a request is a look-up in the current site, or in the archive of a page for what is over; what the
//! archive has to render first is awaited in `archive.rs`. It has no handle to the store or the engine and takes no lock that a writer holds. No byte of a response depends on who asks: only method, host, path, `Accept-Encoding`,
//! `If-None-Match` and `If-Modified-Since` of a request are read.

use super::headers::{
    is_open_data, method_not_allowed, not_found, not_found_headers, preflight, set_cache_headers,
    set_content_headers, uncached,
};
use super::negotiation::{choose, is_fresh};
use actix_web::body::BoxBody;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use arc_swap::ArcSwap;
use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::{Registry, Unit};
use skerry_publish::archive::{Archive, Archived, Rendering};
use skerry_publish::html::Document;
use skerry_publish::output::{Output, Publication, Site};
use skerry_publish::view::Place;
use std::borrow::Cow;
use std::sync::Arc;

pub(super) const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// What belongs to no page.
const LISTED: Robots = Robots { noindex: false };

/// Counts the responses of the public side. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    whole: Counter,
    not_modified: Counter,
    not_found: Counter,
    other: Counter,
    bytes: Counter,
}

impl Traffic {
    /// Registers the counters as `public_…`.
    pub fn register(&self, registry: &mut Registry) {
        let answers = [
            ("public_answers_whole", "Public requests answered with a body", &self.whole),
            ("public_answers_not_modified", "Public requests answered with 304", &self.not_modified),
            ("public_answers_not_found", "Public requests answered with 404", &self.not_found),
            ("public_answers_other", "Public requests redirected or refused", &self.other),
        ];
        for (name, help, counter) in answers {
            registry.register(name, help, counter.clone());
        }
        registry.register_with_unit(
            "public_body",
            "Bytes of public bodies, as encoded",
            Unit::Bytes,
            self.bytes.clone(),
        );
    }
}

/// Serves pages and their data.
#[derive(Clone, Debug)]
pub struct PublicSide {
    site: Arc<ArcSwap<Site>>,
    not_found: Bytes,
    not_found_headers: HeaderMap,
    traffic: Traffic,
    base: BaseHosts,
}

/// The hosts that the configuration gives to all pages together.
#[derive(Clone, Debug, Default)]
pub struct BaseHosts {
    /// Pages answer below it, at `<slug>.<domain>`; lower case.
    pub domain: Option<String>,
    /// That of the base URL, which may itself be below the domain.
    pub host: Option<String>,
}

impl BaseHosts {
    /// Whether a host can only be that of a page.
    fn own(&self, host: &str) -> bool {
        let below = |base: &str| host.strip_suffix(base).is_some_and(|rest| rest.ends_with('.'));
        self.domain.as_deref().is_some_and(below) && self.host.as_deref() != Some(host)
    }
}

/// What becomes of a request.
pub(super) enum Answer {
    Now(HttpResponse),
    /// Its page is being rendered; [`PublicSide::send`] sends it.
    Soon(Rendering, Robots),
}

/// Whether search engines may list a page.
#[derive(Clone, Copy)]
pub(super) struct Robots {
    noindex: bool,
}

impl Robots {
    /// Asks them not to, if the page does.
    pub(super) fn asked(self, mut response: HttpResponse) -> HttpResponse {
        if self.noindex {
            response.headers_mut().insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex"));
        }
        response
    }
}

/// The result of a look-up.
enum Found<'a> {
    Output(&'a Output, Robots),
    /// The path may be in the archive of the page.
    InArchive(&'a Arc<dyn Archive>, &'a str, Robots),
    /// The path exists with a slash at its end: the root of the page there, or the list of pages.
    WithoutSlash(Option<&'a Place>),
    Nothing,
}

impl PublicSide {
    /// Every request is answered from the site that is stored at that moment, or with `not_found`.
    #[must_use]
    pub fn new(site: Arc<ArcSwap<Site>>, not_found: Document, traffic: Traffic) -> Self {
        let not_found_headers = not_found_headers(&not_found);
        let base = BaseHosts::default();
        Self { site, not_found: not_found.html.into(), not_found_headers, traffic, base }
    }

    /// The same, where nothing but pages answers at the hosts below the base domain.
    #[must_use]
    pub fn below(self, base: BaseHosts) -> Self {
        Self { base, ..self }
    }

    /// The 404. It is identical to the byte for a private page, an unknown slug, an unknown path, and an endpoint that
    /// the listener does not serve.
    pub(super) fn not_found(&self) -> HttpResponse {
        self.traffic.not_found.inc();
        not_found(&self.not_found, &self.not_found_headers)
    }

    /// Whether a host belongs to a public page.
    pub(super) fn has_host(&self, host: &str) -> bool {
        self.site.load().by_host.contains_key(host)
    }

    /// Whether a host is below the base domain: it is that of a page, or of nobody.
    pub(super) fn is_below_base(&self, host: &str) -> bool {
        self.base.own(host)
    }

    /// An output that belongs to no page, such as a style sheet or a script.
    pub(super) fn shared(&self, path: &str) -> Option<Arc<Output>> {
        self.site.load().shared.get(path).map(Arc::clone)
    }

    /// The public page that an address is of, and the path below its root.
    pub(super) fn page_of<'a>(&self, host: &str, path: &'a str) -> Option<(Arc<Publication>, &'a str)> {
        let site = self.site.load();
        let path = path.strip_prefix('/')?;
        if let Some(page) = site.by_host.get(host) {
            return Some((Arc::clone(page), path));
        }
        if self.base.own(host) {
            return None;
        }
        if let Some(below) = path.strip_prefix("status/") {
            let (slug, path) = below.split_once('/')?;
            return Some((Arc::clone(site.by_slug.get(slug)?), path));
        }
        site.root.as_ref().map(|page| (Arc::clone(page), path))
    }

    /// Answers any request.
    pub(super) fn answer(&self, request: &HttpRequest) -> Answer {
        let site = self.site.load();
        let host = host(request);
        let found = match site.by_host.get(&*host) {
            None if self.base.own(&host) => Found::Nothing,
            page => find(&site, page, request.uri().path()),
        };
        if request.method() != Method::GET && request.method() != Method::HEAD {
            self.traffic.other.inc();
            return Answer::Now(match found {
                Found::Output(output, _) if request.method() == Method::OPTIONS && is_open_data(output) => {
                    preflight()
                }
                _ => method_not_allowed("GET, HEAD"),
            });
        }
        Answer::Now(match found {
            Found::Output(output, robots) => robots.asked(self.send(output, request)),
            Found::InArchive(archive, path, robots) => match archive.find(path) {
                Archived::Ready(output) => robots.asked(self.send(&output, request)),
                Archived::Soon(rendering) => return Answer::Soon(rendering, robots),
                Archived::Busy => self.unavailable(),
                Archived::Nothing => self.not_found(),
            },
            Found::WithoutSlash(place) => {
                self.traffic.other.inc();
                redirect_with_slash(request.uri().path(), place)
            }
            Found::Nothing => self.not_found(),
        })
    }

    /// 503: the page exists, and cannot be rendered at the moment.
    pub(super) fn unavailable(&self) -> HttpResponse {
        self.traffic.other.inc();
        let text = "This page is not available at the moment. Try again in a minute.\n";
        let mut response = uncached(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", text);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }

    /// Sends an output in the form that the request asks for.
    pub(super) fn send(&self, output: &Output, request: &HttpRequest) -> HttpResponse {
        let (form, encoding) = choose(output, request.headers());
        if is_fresh(output, form, request.headers()) {
            self.traffic.not_modified.inc();
            let mut response = HttpResponse::with_body(StatusCode::NOT_MODIFIED, BoxBody::new(()));
            set_cache_headers(response.headers_mut(), output, form);
            return response;
        }
        self.traffic.whole.inc();
        if request.method() == Method::GET {
            self.traffic.bytes.inc_by(form.bytes.len() as u64);
        }
        // For HEAD, the HTTP layer drops the body and keeps its length.
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(form.bytes.clone()));
        set_cache_headers(response.headers_mut(), output, form);
        set_content_headers(response.headers_mut(), output, encoding);
        response
    }
}

/// Looks up a path, on the host of a page or on any other. Paths match exactly: they are not decoded, joined or normalized.
fn find<'a>(site: &'a Site, page: Option<&'a Arc<Publication>>, path: &'a str) -> Found<'a> {
    let Some(path) = path.strip_prefix('/') else { return Found::Nothing };
    if let Some(page) = page {
        return found_on(page, site, path);
    }
    if let (Some(directory), "status" | "status/") = (&site.directory, path) {
        return if path == "status" { Found::WithoutSlash(None) } else { Found::Output(directory, LISTED) };
    }
    if let Some(below) = path.strip_prefix("status/") {
        let (slug, path) = match below.split_once('/') {
            Some((slug, path)) => (slug, Some(path)),
            None => (below, None),
        };
        let Some(page) = site.by_slug.get(slug) else { return Found::Nothing };
        let Some(path) = path else { return Found::WithoutSlash(Some(&page.place)) };
        // Crawlers read robots.txt at the root of a host only.
        let path = Some(path).filter(|path| *path != "robots.txt");
        return path.map_or(Found::Nothing, |path| found_on(page, site, path));
    }
    match &site.root {
        Some(page) => found_on(page, site, path),
        None => site.shared.get(path).map_or(Found::Nothing, |output| Found::Output(output, LISTED)),
    }
}

fn found_on<'a>(page: &'a Publication, site: &'a Site, path: &'a str) -> Found<'a> {
    let robots = Robots { noindex: page.place.noindex };
    if let Some(output) = page.outputs.get(path).or_else(|| site.shared.get(path)) {
        return Found::Output(output, robots);
    }
    page.archive.as_ref().map_or(Found::Nothing, |archive| Found::InArchive(archive, path, robots))
}

/// The requested host in lower case, without port and final dot; empty if there is none. The authority of an absolute
/// target has precedence (RFC 9112 §3.2.2); forwarding headers of proxies are never read.
pub(super) fn host(request: &HttpRequest) -> Cow<'_, str> {
    let named = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default(),
    };
    let end = if named.starts_with('[') { named.find(']').map(|end| end + 1) } else { named.find(':') };
    let name = end.and_then(|end| named.get(..end)).unwrap_or(named);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Redirects to the path with a slash. That discloses nothing, since the target is public. The query is dropped, since
/// no page has parameters. The owner's proxy of a page may have been asked for any path.
fn redirect_with_slash(path: &str, place: Option<&Place>) -> HttpResponse {
    let external = place.filter(|place| place.is_external);
    let target = external.map_or(path, |place| &place.url);
    let mut response = uncached(StatusCode::PERMANENT_REDIRECT, "text/plain; charset=utf-8", "");
    if let Ok(location) = HeaderValue::try_from(format!("{target}/")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
