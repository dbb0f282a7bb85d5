//! The requests by which each kind of cache is told what changed. Pure.

use crate::config::{KEYS, Purge};
use std::path::Path;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// Cloudflare takes so many tags in a request.
const TAGS: usize = 30;
/// Others take more, but headers are limited to a few kilobytes.
const KEYS_AT_ONCE: usize = 60;
/// The bytes of a header; Varnish takes 8,192 by default, and names of components are short.
const HEADER_BYTES: usize = 4_096;

/// A request; a token is added when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// The header in which the token of a cache is sent, with the word before it, and the file that holds it.
pub(super) fn token(purge: &Purge) -> Option<(&'static str, &'static str, &Path)> {
    match purge {
        Purge::Varnish { .. } => None,
        Purge::Fastly { token_file, .. } => Some(("fastly-key", "", token_file)),
        Purge::Cloudflare { token_file, .. } => Some(("authorization", "Bearer ", token_file)),
        Purge::Http { token_file, .. } => Some(("authorization", "Bearer ", token_file.as_deref()?)),
    }
}

/// What operators know the cache by, in logs and metrics. Of an address only the host: the rest may be secret.
pub(super) fn name(purge: &Purge) -> String {
    match purge {
        Purge::Varnish { url } => format!("varnish {}", host_of(url)),
        Purge::Fastly { service_id, .. } => format!("fastly {service_id}"),
        Purge::Cloudflare { zone_id, .. } => format!("cloudflare {zone_id}"),
        Purge::Http { url, .. } => {
            let url = Url::parse(&url.replace(KEYS, "keys"));
            format!("http {}", url.as_ref().map(host_of).unwrap_or_default())
        }
    }
}

/// "cdn.example:8080", without the port that is usual.
fn host_of(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The requests that purge these keys.
pub(super) fn requests(purge: &Purge, keys: &[&str]) -> Vec<Request> {
    let most = if matches!(purge, Purge::Cloudflare { .. }) { TAGS } else { KEYS_AT_ONCE };
    groups(keys, most).into_iter().filter_map(|group| request(purge, group)).collect()
}

/// Groups of at most so many keys that fit into a header.
fn groups<'k, 'a>(keys: &'k [&'a str], most: usize) -> Vec<&'k [&'a str]> {
    let (mut groups, mut rest) = (Vec::new(), keys);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |key: &&&str| {
            bytes += key.len() + 1;
            bytes <= HEADER_BYTES
        };
        let count = rest.iter().take(most).take_while(fits).count().max(1);
        let (group, after) = rest.split_at(count);
        groups.push(group);
        rest = after;
    }
    groups
}

fn request(purge: &Purge, keys: &[&str]) -> Option<Request> {
    let spaced = keys.join(" ");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Some(match purge {
        Purge::Varnish { url } => Request {
            method: "PURGEKEYS".to_owned(),
            url: url.clone(),
            headers: vec![header("xkey-softpurge", &spaced)],
            body: String::new(),
        },
        Purge::Fastly { api_url, service_id, .. } => Request {
            method: "POST".to_owned(),
            url: api_url.join(&format!("service/{service_id}/purge")).ok()?,
            headers: vec![header("fastly-soft-purge", "1"), header("surrogate-key", &spaced)],
            body: String::new(),
        },
        Purge::Cloudflare { api_url, zone_id, .. } => Request {
            method: "POST".to_owned(),
            url: api_url.join(&format!("zones/{zone_id}/purge_cache")).ok()?,
            headers: vec![header("content-type", "application/json")],
            body: serde_json::json!({ "tags": keys }).to_string(),
        },
        Purge::Http { url, method, headers, .. } => {
            let encoded: String = byte_serialize(spaced.as_bytes()).collect();
            let filled = headers.iter().map(|(name, value)| (name.clone(), value.replace(KEYS, &spaced)));
            Request {
                method: method.clone(),
                url: Url::parse(&url.replace(KEYS, &encoded)).ok()?,
                headers: filled.collect(),
                body: String::new(),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn sent(purge: &Purge) -> Request {
        let mut requests = requests(purge, &["page-a-index", "page-a-history"]);
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    fn shown(request: &Request) -> String {
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{} {} | {} | {}", request.method, request.url, headers.join(", "), request.body)
    }

    #[test]
    fn each_cache_is_told_in_its_own_way() {
        let token_file = std::path::PathBuf::from("/token");
        let fastly = Purge::Fastly {
            api_url: url("https://api.fastly.com/"),
            service_id: "SU1Z0isxPaozGVKXdv0eY".to_owned(),
            token_file: token_file.clone(),
        };
        let cloudflare = Purge::Cloudflare {
            api_url: url("https://api.cloudflare.com/client/v4/"),
            zone_id: "023e105f4ecef8ad9ca31a8372d0c353".to_owned(),
            token_file: token_file.clone(),
        };
        let http = Purge::Http {
            url: "https://cdn.example/purge?keys={keys}".to_owned(),
            method: "PUT".to_owned(),
            headers: vec![("X-Keys".to_owned(), "[{keys}]".to_owned())],
            token_file: Some(token_file.clone()),
        };
        let table = [
            (
                Purge::Varnish { url: url("http://127.0.0.1:6081") },
                "PURGEKEYS http://127.0.0.1:6081/ | xkey-softpurge: page-a-index page-a-history | ",
                None,
            ),
            (
                fastly,
                "POST https://api.fastly.com/service/SU1Z0isxPaozGVKXdv0eY/purge | fastly-soft-purge: 1, \
                 surrogate-key: page-a-index page-a-history | ",
                Some(("fastly-key", "")),
            ),
            (
                cloudflare,
                "POST https://api.cloudflare.com/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/purge_cache | \
                 content-type: application/json | {\"tags\":[\"page-a-index\",\"page-a-history\"]}",
                Some(("authorization", "Bearer ")),
            ),
            (
                http,
                "PUT https://cdn.example/purge?keys=page-a-index+page-a-history | X-Keys: [page-a-index \
                 page-a-history] | ",
                Some(("authorization", "Bearer ")),
            ),
        ];
        for (purge, expected, header) in table {
            assert_eq!(shown(&sent(&purge)), expected);
            let token = token(&purge);
            assert_eq!(token.map(|(name, before, _)| (name, before)), header);
            assert!(token.is_none_or(|(.., file)| file == token_file));
        }
    }

    #[test]
    fn many_keys_take_several_requests() {
        let names: Vec<String> = (0..130).map(|number| format!("page-a-{number}")).collect();
        let keys: Vec<&str> = names.iter().map(String::as_str).collect();
        for (most, expected) in [(TAGS, 5), (KEYS_AT_ONCE, 3)] {
            let groups = groups(&keys, most);
            assert_eq!(groups.len(), expected);
            assert_eq!(groups.concat(), keys, "none is left out, and none is there twice");
        }
        let long = "k".repeat(3_000);
        assert_eq!(groups(&[&long, &long, "page-a"], TAGS).len(), 2);
        let longer = "k".repeat(HEADER_BYTES * 2);
        assert_eq!(groups(&[&longer, "page-a"], TAGS).len(), 2);
    }

    #[test]
    fn a_name_shows_the_host_and_no_secret() {
        let http = |url: &str| Purge::Http {
            url: url.to_owned(),
            method: "POST".to_owned(),
            headers: Vec::new(),
            token_file: None,
        };
        for (purge, expected) in [
            (http("https://cdn.example/hook/secret/purge?token=secret&keys={keys}"), "http cdn.example"),
            (http("https://me:secret@cdn.example:8443/{keys}"), "http cdn.example:8443"),
            (http("http://[2001:db8::1]:80/secret"), "http [2001:db8::1]"),
            (Purge::Varnish { url: url("http://127.0.0.1:6081/secret") }, "varnish 127.0.0.1:6081"),
        ] {
            assert_eq!(name(&purge), expected);
        }
    }
}
