//! Which requests a cookie is sent with.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

/// The `Cookie` header sent to `to` after `from` has set these.
fn brought(from: &str, set: &[&str], to: &str) -> Option<String> {
    let mut jar = Jar::default();
    take(&mut jar, from, set);
    jar.header(&url(to)).map(|value| value.to_str().expect("text").to_owned())
}

fn take(jar: &mut Jar, from: &str, set: &[&str]) {
    let headers = set.iter().map(|line| (header::SET_COOKIE, line.parse().expect("a value"))).collect();
    jar.take(&url(from), &headers, "2026-11-28T12:00:00Z".parse().expect("a time"));
}

#[test]
fn a_cookie_goes_back_where_it_belongs() {
    let from = "https://shop.example.test/a/b";
    for (set, to, expected) in [
        ("s=1; Path=/", "https://shop.example.test/", Some("s=1")),
        ("s=1; Path=/", "https://shop.example.test:8443/x", Some("s=1")),
        ("s=1; Path=/", "http://shop.example.test/", Some("s=1")),
        ("s=1; Path=/", "https://example.test/", None),
        ("s=1; Path=/", "https://www.shop.example.test/", None),
        ("s=1; Path=/; Secure", "http://shop.example.test/", None),
        ("s=1; Path=/; secure; HttpOnly; SameSite=Strict", "https://shop.example.test/", Some("s=1")),
        ("s=1", "https://shop.example.test/a", Some("s=1")),
        ("s=1", "https://shop.example.test/a/c", Some("s=1")),
        ("s=1", "https://shop.example.test/ab", None),
        ("s=1", "https://shop.example.test/", None),
        ("s=1; Path=/a/", "https://shop.example.test/a", None),
        ("s=1; Path=relative", "https://shop.example.test/a", Some("s=1")),
        ("s=1; Path=/; Domain=example.test", "https://pay.example.test/", Some("s=1")),
        ("s=1; Path=/; Domain=.Example.TEST", "https://pay.example.test/", Some("s=1")),
        ("s=1; Path=/; Domain=example.test", "https://badexample.test/", None),
        ("s=1; Path=/; Domain=shop.example.test", "https://www.shop.example.test/", Some("s=1")),
        ("s=1; Path=/; Domain=other.test", "https://other.test/", None),
        ("s=1; Path=/; Domain=www.shop.example.test", "https://www.shop.example.test/", None),
        ("s=1; Path=/; Domain=test", "https://example.test/", None),
        ("s=1; Path=/; Domain=", "https://shop.example.test/", Some("s=1")),
        ("s=\"a b\"; Path=/", "https://shop.example.test/", Some("s=\"a b\"")),
        (" s = 1 ;Path=/", "https://shop.example.test/", Some("s=1")),
        ("s=a=b; Path=/", "https://shop.example.test/", Some("s=a=b")),
        ("s=; Path=/", "https://shop.example.test/", Some("s=")),
        ("alone; Path=/", "https://shop.example.test/", Some("alone")),
        ("; Path=/", "https://shop.example.test/", None),
        ("__Host-s=1; Path=/; Secure", "https://shop.example.test/", Some("__Host-s=1")),
        ("__Host-s=1; Path=/", "https://shop.example.test/", None),
        ("__Host-s=1; Path=/a; Secure", "https://shop.example.test/a", None),
        ("__Host-s=1; Path=/; Secure; Domain=shop.example.test", "https://shop.example.test/", None),
        ("__Secure-s=1; Path=/", "https://shop.example.test/", None),
        ("__Secure-s=1; Path=/; Secure; Domain=example.test", "https://example.test/", Some("__Secure-s=1")),
    ] {
        assert_eq!(brought(from, &[set], to).as_deref(), expected, "{set:?} to {to}");
    }
}

#[test]
fn a_secure_cookie_needs_tls_but_on_this_host() {
    let secure = &["s=1; Path=/; Secure"];
    assert_eq!(brought("http://example.test/", secure, "https://example.test/"), None);
    for host in ["localhost", "127.0.0.1:8080", "[::1]"] {
        let here = format!("http://{host}/");
        assert_eq!(brought(&here, secure, &here).as_deref(), Some("s=1"), "{host}");
    }
}

#[test]
fn addresses_have_no_subdomains() {
    let to = "http://127.0.0.1/";
    assert_eq!(brought(to, &["s=1; Domain=127.0.0.1"], to).as_deref(), Some("s=1"));
    assert_eq!(brought(to, &["s=1; Domain=0.0.1"], to), None);
    assert_eq!(brought("http://[::1]/", &["s=1; Domain=[::1]"], "http://[::1]/").as_deref(), Some("s=1"));
}

#[test]
fn the_last_word_counts() {
    let here = "https://example.test/";
    for (set, expected) in [
        (&["a=1", "a=2"][..], Some("a=2")),
        (&["a=1", "b=2", "a=3"], Some("a=3; b=2")),
        (&["a=1", "a=; Max-Age=0"], None),
        (&["a=1", "a=; Max-Age=-1"], None),
        (&["a=1", "a=2; Max-Age=x"], Some("a=2")),
        (&["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], None),
        (&["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"], Some("a=1")),
        (&["a=1", "b=2; Max-Age=0"], Some("a=1")),
        (&["a=1", "a=2; Path=/x"], Some("a=1")),
    ] {
        assert_eq!(brought(here, set, here).as_deref(), expected, "{set:?}");
    }
}

#[test]
fn longer_paths_come_first() {
    let set = &["a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/"];
    let brought = brought("https://example.test/", set, "https://example.test/x/y/z");
    assert_eq!(brought.as_deref(), Some("b=2; c=3; a=1; d=4"));
}

#[test]
fn a_jar_is_bounded() {
    let mut jar = Jar::default();
    let large = format!("a={}", "x".repeat(MAX_COOKIE));
    take(&mut jar, "https://example.test/", &[&large]);
    assert!(jar.0.is_empty());
    for number in 0..MAX_COOKIES + 5 {
        take(&mut jar, "https://example.test/", &[&format!("c{number}=1")]);
    }
    assert_eq!(jar.0.len(), MAX_COOKIES);
    assert_eq!(jar.0[0].name, "c5");
}
