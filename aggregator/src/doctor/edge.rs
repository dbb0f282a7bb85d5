//! Checks the pages as visitors get them, through the public address and any proxy before it: whether each page is
//! served, and whether caches on the way preserve its validators and caching headers.

use crate::config::{Config, Page, Public};
use skerry_agent::delivery::fetch::{FetchError, Fetched, Fetcher};
use skerry_agent::doctor::examine_certificate;
use skerry_host::doctor::Finding;
use url::Url;

const TOPIC: &str = "edge";
/// Headers by which caches identify themselves.
const CACHE_HEADERS: [&str; 6] =
    ["age", "x-cache", "cf-cache-status", "x-cache-status", "x-served-by", "cache-status"];

pub(super) async fn examine(configs: &[Config]) -> Vec<Finding> {
    let Some(process) = configs.first() else { return Vec::new() };
    let fetcher = match Fetcher::new(None, None) {
        Ok(fetcher) => fetcher,
        Err(error) => return vec![Finding::problem(TOPIC, format!("{error:#}"), "Check this host's TLS")],
    };
    let public: Vec<&Page> =
        configs.iter().flat_map(|config| &config.pages).filter(|page| page.public).collect();
    let mut findings = Vec::new();
    for page in &public {
        for root in roots_of(page, &process.public) {
            findings.extend(examine_page(&fetcher, page, &root).await);
        }
    }
    findings
}

/// The addresses of a page, with a slash at the end: that of its links, and that below the base domain.
fn roots_of(page: &Page, public: &Public) -> Vec<Url> {
    let below = public.base_domain.as_ref().and_then(|domain| {
        let mut root = public.base_url.clone();
        root.set_host(Some(&format!("{}.{domain}", page.slug))).ok()?;
        Some(root)
    });
    let below = below.filter(|root| !page.root || root.host() != public.base_url.host());
    match below {
        Some(below) if page.domain.is_none() => vec![below],
        below => root_of(page, &public.base_url).into_iter().chain(below).collect(),
    }
}

fn root_of(page: &Page, base: &Url) -> Option<Url> {
    match &page.domain {
        Some(domain) if page.root && base.host_str() == Some(domain) => Some(base.clone()),
        Some(domain) => {
            let mut root = base.clone();
            root.set_host(Some(domain)).ok()?;
            Some(root)
        }
        None if page.root => Some(base.clone()),
        None => base.join(&format!("/status/{}/", page.slug)).ok(),
    }
}

async fn examine_page(fetcher: &Fetcher, page: &Page, root: &Url) -> Vec<Finding> {
    let wrong = |why: String| {
        let remedy =
            "Check [public] base_url, the page's domain, DNS, and the proxy or CDN before the listener";
        vec![Finding::problem("page", why, remedy)]
    };
    let fetch_error = |fetch_error: FetchError| match fetch_error {
        FetchError::Unreachable(why) => wrong(format!("{root} cannot be reached: {why}")),
        FetchError::Untrusted(untrusted) => {
            let remedy = "Browsers warn visitors: put a certificate for that name, with the chain to an authority \
                          that browsers know, where TLS ends (the proxy, the CDN or the listener)";
            vec![Finding::problem("certificate", untrusted.wrong, remedy)]
        }
    };
    let Ok(status) = root.join("api/v2/status.json") else { return Vec::new() };
    let ours = match fetcher.get(&status, &[]).await {
        Ok(fetched) => fetched,
        Err(why) => return fetch_error(why),
    };
    let body: Option<serde_json::Value> = serde_json::from_slice(&ours.body).ok();
    let name = body.as_ref().and_then(|body| body["page"]["name"].as_str());
    if ours.status != 200 || name != Some(page.name.as_str()) {
        return wrong(format!("{root} answers {} and is not this page", ours.status));
    }
    let mut findings = vec![Finding::ok("page", format!("{root} shows {:?}", page.name))];
    findings.extend(ours.certificate.map(|shown| examine_certificate(root.as_str(), shown, false)));
    let first = fetcher.get(root, &[("accept-encoding", "br, gzip")]).await;
    let first = match first {
        Ok(first) => first,
        Err(why) => return fetch_error(why),
    };
    let tag = first.header("etag").unwrap_or("").to_owned();
    let fields = [("accept-encoding", "br, gzip"), ("if-none-match", tag.as_str())];
    let again = if tag.is_empty() { None } else { fetcher.get(root, &fields).await.ok() };
    findings.extend(judge(root.as_str(), &first, again.as_ref()));
    findings
}

/// Judges the response for a page, and the response to a conditional request for the same.
fn judge(root: &str, first: &Fetched, again: Option<&Fetched>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut warn = |says: String, remedy: &str| findings.push(Finding::warning(TOPIC, says, remedy));
    let cache = first.header("cache-control").unwrap_or("");
    let says = |word: &str| cache.split(',').any(|part| part.trim().starts_with(word));
    if !says("max-age=") || says("no-store") || says("private") {
        warn(
            format!("{root} arrives with Cache-Control {cache:?}: caches cannot serve it"),
            "Let the proxy or CDN pass Cache-Control on as it comes",
        );
    } else if !says("stale-if-error=") {
        warn(
            format!("{root} arrives without stale-if-error: a cache drops it when this aggregator is gone"),
            "Let the proxy or CDN pass Cache-Control on as it comes",
        );
    }
    match (first.header("etag"), again.map(|again| again.status)) {
        (None, _) => warn(
            format!("{root} arrives without an ETag: every visit costs the whole page"),
            "Turn off what rewrites the page on its way (minify, inject), which removes validators",
        ),
        (Some(tag), _) if tag.starts_with("W/") => warn(
            format!("{root} arrives with a weakened ETag: something on the way changes its bytes"),
            "Let the proxy or CDN pass the compressed forms on instead of compressing itself",
        ),
        (Some(_), Some(304)) => {}
        (Some(_), status) => warn(
            format!("{root} was asked for with its own ETag and answered {status:?} instead of 304"),
            "Let the proxy or CDN pass If-None-Match on, or answer it itself",
        ),
    }
    if first.header("content-encoding").is_none() {
        warn(
            format!("{root} arrives uncompressed though br and gzip were accepted"),
            "Let the proxy or CDN pass Accept-Encoding on",
        );
    }
    if first.headers.contains_key("set-cookie") {
        warn(
            format!("{root} arrives with a cookie: most caches then keep nothing"),
            "Turn off what sets cookies on its way",
        );
    }
    if findings.is_empty() {
        let cache = CACHE_HEADERS.iter().find_map(|name| Some((name, first.header(name)?)));
        let by = cache.map_or_else(
            || "no cache identified itself".to_owned(),
            |(name, value)| format!("a cache says {name}: {value}"),
        );
        findings.push(Finding::ok(TOPIC, format!("{root} arrives as it was sent; {by}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use skerry_host::doctor::Level;

    const SENT: [(&str, &str); 3] = [
        ("cache-control", "public, max-age=10, stale-while-revalidate=20, stale-if-error=86400"),
        ("etag", "\"abc\""),
        ("content-encoding", "br"),
    ];

    fn fetched(status: u16, fields: &[(&'static str, &str)]) -> Fetched {
        let mut seen = Fetched { status, headers: Default::default(), body: Bytes::new(), certificate: None };
        for (name, value) in fields {
            seen.headers.insert(*name, value.parse().expect("a value"));
        }
        seen
    }

    /// The finding if the header `name` arrives as `value`, or not at all.
    fn finding(name: &'static str, value: Option<&str>, again: u16) -> String {
        let mut fields: Vec<(&'static str, &str)> =
            SENT.into_iter().filter(|(sent, _)| *sent != name).collect();
        fields.extend(value.map(|value| (name, value)));
        let findings = judge("/", &fetched(200, &fields), Some(&fetched(again, &[])));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].remedy.is_some(), findings[0].level == Level::Warning);
        findings[0].says.clone()
    }

    #[test]
    fn headers_that_a_cache_removes_are_reported() {
        assert_eq!(finding("age", None, 304), "/ arrives as it was sent; no cache identified itself");
        assert!(finding("age", Some("12"), 304).contains("a cache says age: 12"));
        assert!(finding("cache-control", None, 304).contains("cannot serve"));
        assert!(finding("cache-control", Some("private, max-age=10"), 304).contains("cannot serve"));
        assert!(finding("cache-control", Some("public, max-age=10"), 304).contains("stale-if-error"));
        assert!(finding("etag", None, 304).contains("without an ETag"));
        assert!(finding("etag", Some("W/\"abc\""), 304).contains("weakened"));
        assert!(finding("age", None, 200).contains("instead of 304"));
        assert!(finding("content-encoding", None, 304).contains("uncompressed"));
        assert!(finding("set-cookie", Some("a=b"), 304).contains("cookie"));
    }
}
