//! Pages that are not for everybody: what strangers see, and what those see who may.

use super::*;
use crate::{ClientFrom, RestrictedPage, RestrictedSide, RestrictedSite, SignIns, TrustedProxies, bind};
use skerry_publish::html::NotSignedIn;
use skerry_publish::view::Place;
use std::net::IpAddr;

/// Of the link to a preview.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Knows the password `right`, the cookie `good` and the token `secret`; the password `often` was tried too often.
struct FakeSignIns;

#[async_trait]
impl SignIns for FakeSignIns {
    fn knows_cookie(&self, _page: &RestrictedPage, value: &str) -> bool {
        value == "good"
    }

    fn knows_feed_token(&self, _page: &RestrictedPage, token: &str) -> bool {
        token == "secret"
    }

    async fn sign_in(
        &self,
        _page: &RestrictedPage,
        password: String,
        _client: Option<IpAddr>,
    ) -> Result<(String, u32), NotSignedIn> {
        match password.as_str() {
            "right & wide" => Ok(("good".to_owned(), 3_600)),
            "often" => Err(NotSignedIn::TooManyTries("16:30".to_owned())),
            _ => Err(NotSignedIn::WrongPassword),
        }
    }
}

fn at(url: &str, is_external: bool) -> Arc<Publication> {
    let place = Place { is_external, noindex: true, ..Place::at(url) };
    Arc::new(Publication { place, ..(*page("partners")).clone() })
}

/// The pages `partners`, with a password and a host of its own, `intern`, for a network and with two hosts,
/// `near`, for this host, and `moved`, behind a proxy.
pub(super) fn side() -> RestrictedSide {
    let partners = RestrictedPage {
        id: "p1".to_owned(),
        name: "Partners".to_owned(),
        language: "en".to_owned(),
        password_file: Some("password".into()),
        publication: at("http://partners.example", false),
        ..RestrictedPage::default()
    };
    let networks = vec!["192.0.2.0/24".parse().expect("a network")];
    let intern = RestrictedPage {
        id: "i1".to_owned(),
        networks,
        publication: page("intern"),
        ..RestrictedPage::default()
    };
    let near = vec!["127.0.0.0/8".parse().expect("a network")];
    let near = Arc::new(RestrictedPage { id: "n1".to_owned(), networks: near, ..intern.clone() });
    let moved = RestrictedPage { publication: at("http://app.example/down", true), ..partners.clone() };
    let (partners, intern, moved) = (Arc::new(partners), Arc::new(intern), Arc::new(moved));
    let site = RestrictedSite {
        by_slug: [
            ("partners", Arc::clone(&partners)),
            ("intern", Arc::clone(&intern)),
            ("near", near),
            ("moved", moved),
        ]
        .map(|(slug, page)| (slug.to_owned(), page))
        .into_iter()
        .collect(),
        by_host: [
            ("partners.example", partners),
            ("intern.example", Arc::clone(&intern)),
            ("intern.base.example", intern),
        ]
        .map(|(host, page)| (host.to_owned(), page))
        .into_iter()
        .collect(),
        previews: [(TOKEN.to_owned(), at("http://h/preview/0123", false))].into_iter().collect(),
    };
    RestrictedSide { site: Arc::new(ArcSwap::from_pointee(site)), sign_ins: Arc::new(FakeSignIns) }
}

fn server() -> TestServer {
    let proxies = TrustedProxies {
        networks: vec!["127.0.0.0/8".parse().expect("a network")],
        client_from: ClientFrom::XForwardedFor,
    };
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener { address, serves: PUBLIC, tls: None, names: Vec::new(), proxies };
    TestServer::start_bound(two_pages(), bind(&[listener]).expect("a free port"))
}

fn post(running: &TestServer, path: &str, lines: &str, form: &str) -> Answer {
    let length = form.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n{lines}Content-Length: {length}\r\n\r\n{form}"
    );
    running.send(0, head.as_bytes())
}

const OWN: &str = "Sec-Fetch-Site: same-origin\r\n";

#[test]
fn a_stranger_sees_the_sign_in_page_at_every_path_below_a_page_with_a_password() {
    let running = server();
    let first = running.get("h", "/status/partners/", &[]);
    assert_eq!(first.code(), "403");
    assert!(first.text().contains("Sign in to see this page"), "{}", first.text());
    assert!(!first.text().contains("operational"));
    // It replaces what a cache has of a page that was public.
    assert_eq!(first.header("cache-control"), Some("public, max-age=0, s-maxage=10"));
    for name in ["cdn-cache-control", "surrogate-control"] {
        assert_eq!(first.header(name), Some("max-age=10"), "{name}");
    }
    for name in [
        "vary",
        "etag",
        "last-modified",
        "surrogate-key",
        "cache-tag",
        "set-cookie",
        "access-control-allow-origin",
    ] {
        assert_eq!(first.header(name), None, "{name}");
    }
    assert_eq!(first.header("x-robots-tag"), Some("noindex"));
    for path in ["history/2026-10", "api/v2/status.json", "never", "robots.txt", "feed.rss?token=other", ""] {
        for cookie in ["", "Cookie: skerry-p1=bad", "Cookie: skerry-i1=good", "Cookie: __Host-skerry-p1=good"]
        {
            assert_eq!(
                running.get(
                    "h",
                    &format!("/status/partners/{path}"),
                    &[cookie, "X-A: b"].map(|one| if one.is_empty() { "X-B: c" } else { one })
                ),
                first,
                "{path} {cookie}"
            );
        }
        assert_eq!(
            running.get("partners.example", &format!("/{path}"), &[]),
            first,
            "{path} on its own host"
        );
    }
    assert_eq!(running.get("h", "/status/partners", &[]), first);
}

#[test]
fn who_may_see_it_gets_the_page_and_no_cache_keeps_it() {
    let running = server();
    let cookie = ["Cookie: other=1; skerry-p1=good"];
    for (host, root) in [("h", "/status/partners/"), ("partners.example", "/")] {
        let page = running.get(host, root, &cookie);
        assert_eq!((page.code(), page.header("cache-control")), ("200", Some("private, no-store")));
        assert!(page.text().contains("operational"));
        for name in ["etag", "last-modified", "surrogate-key", "cache-tag"] {
            assert_eq!(page.header(name), None, "{name}");
        }
        let json = running.get(host, &format!("{root}api/v2/status.json"), &cookie);
        assert_eq!(json.text(), "{\"name\":\"partners\"}");
        assert_eq!(json.header("access-control-allow-origin"), None);
        let never = running.get(host, &format!("{root}never"), &cookie);
        assert_eq!(never, running.get("h", "/never", &[]), "the uniform 404");
        let compressed = running.get(host, root, &["Accept-Encoding: br", cookie[0]]);
        assert_eq!(compressed.header("content-encoding"), Some("br"));
    }
    let moved = running.get("h", "/status/partners", &cookie);
    assert_eq!((moved.code(), moved.header("location")), ("303", Some("./partners/")));
    let behind = running.get("h", "/status/moved", &cookie);
    assert_eq!((behind.code(), behind.header("location")), ("303", Some("http://app.example/down/")));
    let post = running.request(0, "DELETE", "h", "/status/partners/", &cookie);
    assert_eq!(post.code(), "405");
}

/// What strangers send: nothing that names them, or somebody from elsewhere.
const STRANGERS: [&str; 4] = [
    "X-A: b",
    "X-Forwarded-For: 192.0.2.7, 198.51.100.1",
    "X-Forwarded-For: 192.0.2.7, unknown",
    "Cookie: skerry-p1=good",
];

#[test]
fn a_page_for_a_network_is_an_unknown_address_for_others_by_any_method_at_any_host() {
    let running = server();
    let paths =
        ["/", "/history/2026-10", "/api/v2/status.json", "/never", "/status/a/", "/status/partners/", "*"];
    for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PROPFIND"] {
        for stranger in STRANGERS {
            let ask = |host: &str, path: &str| running.request(0, method, host, path, &[stranger]);
            for path in ["", "/", "/history/2026-10", "/api/v2/status.json", "/never"] {
                for host in ["h", "www.base.example"] {
                    let [known, unknown] =
                        ["intern", "nothing"].map(|slug| ask(host, &format!("/status/{slug}{path}")));
                    assert_eq!(known, unknown, "{method} {path} {stranger}");
                    let expected = if ["GET", "HEAD"].contains(&method) { "404" } else { "405" };
                    assert_eq!(known.code(), expected, "{method} {path} {stranger}");
                }
            }
            for path in paths {
                for (known, unknown) in [
                    ("intern.base.example", "nothing.base.example"),
                    ("INTERN.base.example:80", "a.b.base.example"),
                    ("intern.example", "nothing.example"),
                ] {
                    assert_eq!(ask(known, path), ask(unknown, path), "{method} {known} {path} {stranger}");
                }
            }
        }
    }
    let never = running.get("h", "/never", &[]);
    for path in ["/", "/status/a/", "/status/", "/robots.txt"] {
        assert_eq!(running.get("nothing.base.example", path, &[]), never, "nobody is there");
    }
    assert_eq!(running.get("www.base.example", "/status/a/", &[]).code(), "200", "the host of the base URL");
    assert_eq!(running.get("base.example", "/status/a/", &[]).code(), "200", "it is not below itself");
    let inside = ["X-Forwarded-For: 192.0.2.7"];
    for (host, path) in [("h", "/status/intern/"), ("intern.base.example", "/"), ("intern.example", "/")] {
        let page = running.get(host, path, &inside);
        assert!(page.text().contains("operational"), "{host}: {}", page.text());
    }
}

#[test]
fn a_proxy_that_names_no_client_is_no_insider() {
    let running = server();
    let nothing = running.get("h", "/never", &[]);
    for stranger in ["X-A: b", "X-Forwarded-For: unknown", "X-Forwarded-For: 127.0.0.9, _hidden"] {
        assert_eq!(running.get("h", "/status/near/", &[stranger]), nothing, "{stranger}");
    }
    let named = running.get("h", "/status/near/", &["X-Forwarded-For: 127.0.0.9"]);
    assert_eq!(named.code(), "200", "somebody beside the proxy");
}

#[test]
fn a_password_is_exchanged_for_a_cookie() {
    let running = server();
    let right = post(&running, "/status/partners/history/2026-10", OWN, "password=right+%26+wide");
    assert_eq!((right.code(), right.header("location")), ("303", Some("./2026-10")));
    assert_eq!(
        right.header("set-cookie"),
        Some("skerry-p1=good; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax")
    );
    assert_eq!(right.header("cache-control"), Some("private, no-store"));
    for (path, target) in [
        ("/status/partners/", "./"),
        ("/status/partners", "./partners/"),
        ("/status/moved/uptime?a=b", "./uptime"),
        ("/status/moved", "http://app.example/down/"),
        ("/status/partners//evil.example", "./evil.example"),
        ("/status/partners/https:evil.example", "./https:evil.example"),
    ] {
        let right = post(&running, path, OWN, "password=right+%26+wide");
        assert_eq!((right.code(), right.header("location")), ("303", Some(target)), "{path}");
    }
    let wrong = post(&running, "/status/partners/", OWN, "password=no");
    assert_eq!((wrong.code(), wrong.header("set-cookie")), ("403", None));
    assert!(wrong.text().contains("This password is not right."), "{}", wrong.text());
    let often = post(&running, "/status/partners/", OWN, "password=often");
    assert_eq!(often.code(), "429");
    assert!(often.text().contains("Too many tries. Try again after 16:30 UTC."), "{}", often.text());
    let foreign =
        post(&running, "/status/partners/", "Origin: https://evil.example\r\n", "password=right+%26+wide");
    assert_eq!((foreign.code(), foreign.header("set-cookie")), ("403", None));
    let long = post(&running, "/status/partners/", OWN, &format!("password={}", "a".repeat(5_000)));
    assert_eq!((long.code(), long.header("set-cookie")), ("413", None));
    let elsewhere = post(&running, "//evil.example/", OWN, "password=right+%26+wide");
    assert_eq!((elsewhere.code(), elsewhere.header("set-cookie")), ("405", None));
}

#[test]
fn a_feed_is_read_with_its_token() {
    let running = server();
    let feed = running.get("h", "/status/partners/feed.rss?token=secret", &[]);
    assert_eq!(feed, running.get("h", "/never", &[]), "let in: this page has none");
    let other = running.get("h", "/status/partners/?token=secret", &[]);
    assert_eq!(other.code(), "403", "the token is for feeds alone");
}

#[test]
fn whoever_has_the_link_to_a_preview_sees_the_page_and_no_other_link_does() {
    let running = server();
    let root = format!("/preview/{TOKEN}/");
    let page = running.get("h", &root, &[]);
    assert_eq!((page.code(), page.header("cache-control")), ("200", Some("private, no-store")));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "no other site learns the link");
    assert_eq!(page.header("x-robots-tag"), Some("noindex"));
    for name in ["etag", "surrogate-key", "cache-tag", "access-control-allow-origin"] {
        assert_eq!(page.header(name), None, "{name}");
    }
    let json = running.get("h", &format!("{root}api/v2/status.json"), &[]);
    assert_eq!(json.text(), "{\"name\":\"partners\"}");
    let bare = running.get("h", root.trim_end_matches('/'), &[]);
    assert_eq!((bare.code(), bare.header("location")), ("303", Some(&*format!("./{TOKEN}/"))));
    let never = running.get("h", "/never", &[]);
    for path in ["", "/", "x", "history/2026-10"] {
        for token in ["", "0", &TOKEN[1..], &TOKEN.to_uppercase(), &format!("{TOKEN}0"), "%30123"] {
            assert_eq!(running.get("h", &format!("/preview/{token}/{path}"), &[]), never, "{token} {path}");
        }
    }
    assert_eq!(running.get("h", &format!("{root}never"), &[]), never);
    assert_eq!(running.get("a.example", &root, &[]), never, "the host of a public page is its own");
    assert_eq!(running.get("partners.example", &root, &[]).code(), "403", "that of a restricted one, too");
    assert_eq!(running.get("h", &format!("/status/{TOKEN}/"), &[]), never);
    assert_eq!(running.get("h", "/preview/partners/", &[]), never);
    let other = running.request(0, "DELETE", "h", &root, &[]);
    assert_eq!(other.code(), "405");
}
