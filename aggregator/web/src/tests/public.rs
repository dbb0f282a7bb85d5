use super::*;

#[test]
fn a_page_is_served_on_its_host_below_its_slug_and_at_the_root_if_it_has_the_root() {
    let mut site = two_pages();
    let name = |answer: Answer| answer.text().split(['<', '>']).nth(4).unwrap_or_default().to_owned();
    let running = TestServer::start(site.clone(), &[PUBLIC]);
    for host in ["a.example", "A.Example", "a.example:8443", "a.example."] {
        assert_eq!(name(running.get(host, "/", &[])), "a", "{host}");
    }
    assert_eq!(name(running.get("any", "/status/b/", &[])), "b");
    assert_eq!(name(running.get("[::1]:8080", "/status/a/", &[])), "a");
    assert_eq!(name(running.get("any", "http://a.example/", &[])), "a", "an absolute target rules");
    assert_eq!(running.get("any", "/", &[]).code(), "404", "none of them has the root");
    assert_eq!(running.get("a.example", "/status/b/", &[]).code(), "404", "a page's own host is its own");
    for path in ["/assets/0a1b.js", "/status/a/assets/0a1b.js"] {
        assert_eq!(running.get("any", path, &[]).text(), "let a = 1;", "{path}");
    }
    assert_eq!(running.get("a.example", "/robots.txt", &[]).text(), "a");
    assert_eq!(running.get("any", "/robots.txt", &[]).text(), "shared");
    assert_eq!(running.get("any", "/status/a/robots.txt", &[]).code(), "404");

    site.root = site.by_slug.get("a").cloned();
    running.site.store(Arc::new(site.clone()));
    assert_eq!(name(running.get("any", "/", &[])), "a");
    assert_eq!(running.get("any", "/api/v2/status.json", &[]).text(), r#"{"name":"a"}"#);
    assert_eq!(name(running.get("any", "/status/a/", &[])), "a", "and below its slug as before");
    assert_eq!(name(running.get("any", "/status/b/", &[])), "b");
    for path in ["/status/", "/status"] {
        assert_eq!(running.get("any", path, &[]).code(), "404", "{path}: no page is listed");
    }
    site.directory = Some(output("text/html; charset=utf-8", CacheClass::Live, &["directory"], "pages"));
    running.site.store(Arc::new(site));
    assert_eq!(running.get("any", "/status/", &[]).text(), "pages");
    let moved = running.get("any", "/status", &[]);
    assert_eq!((moved.code(), moved.header("location")), ("308", Some("/status/")));
    assert_eq!(name(running.get("any", "/", &[])), "a", "the index stands nowhere else");
    assert_eq!(running.get("a.example", "/status/", &[]).code(), "404");

    let moved = running.get("any", "/status/a?x=1", &[]);
    assert_eq!((moved.code(), moved.header("location")), ("308", Some("/status/a/")));
    assert_eq!(moved.header("cache-control"), Some("no-store"));
}

#[test]
fn all_headers_are_as_documented() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let live = running.get("a.example", "/", &["Accept-Encoding: br"]);
    let expected = [
        ("cache-control", "public, max-age=10, stale-while-revalidate=20, stale-if-error=86400"),
        ("cdn-cache-control", "max-age=30, stale-while-revalidate=20, stale-if-error=86400"),
        ("surrogate-control", "max-age=30, stale-while-revalidate=20, stale-if-error=86400"),
        ("surrogate-key", "a index"),
        ("cache-tag", "a,index"),
        ("connection", "close"),
        ("content-encoding", "br"),
        ("content-length", &live.body.len().to_string()),
        ("content-security-policy", POLICY),
        ("content-type", "text/html; charset=utf-8"),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("referrer-policy", "no-referrer"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
    ];
    let mut headers = live.headers.clone();
    let etag = headers.remove("etag").expect("a validator");
    assert!(etag.starts_with('"') && etag.len() == 34, "strong: {etag}");
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());

    let closed = running.get("a.example", "/history/2026-10", &[]);
    assert_eq!(closed.header("cache-control"), Some("public, max-age=600, stale-if-error=86400"));
    let caches = "max-age=3600, stale-while-revalidate=600, stale-if-error=86400";
    assert_eq!(closed.header("cdn-cache-control"), Some(caches));
    assert_eq!(closed.header("surrogate-control"), Some(caches));

    let asset = running.get("a.example", "/assets/0a1b.js", &[]);
    for name in ["cache-control", "cdn-cache-control", "surrogate-control"] {
        assert_eq!(asset.header(name), Some("public, max-age=31536000, immutable"), "{name}");
    }
    assert_eq!(asset.header("surrogate-key"), None);
    for path in ["/api/v2/status.json", "/components/abc/badge.svg"] {
        let data = running.get("a.example", path, &[]);
        assert_eq!(data.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(data.header("access-control-expose-headers"), Some("Age, Date"), "{path}");
        let fresh = running.get("a.example", path, &["If-None-Match: *"]);
        assert_eq!((fresh.code(), fresh.header("access-control-allow-origin")), ("304", Some("*")), "{path}");
    }
    for answer in [live, closed, asset] {
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[test]
fn each_encoding_has_an_etag_of_its_own_and_a_304() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let mut seen = Vec::new();
    for (encoding, accept) in [(None, "identity"), (Some("gzip"), "gzip"), (Some("br"), "gzip, br")] {
        let accept = format!("Accept-Encoding: {accept}");
        let whole = running.get("a.example", "/", &[&accept]);
        assert_eq!(whole.header("content-encoding"), encoding);
        assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()));
        let etag = whole.header("etag").expect("a validator").to_owned();
        assert!(!seen.contains(&etag), "a strong tag names one encoding");

        for tags in [etag.clone(), format!("W/{etag}"), "*".into(), format!("\"x\", {etag}")] {
            let condition = format!("If-None-Match: {tags}");
            let fresh = running.get("a.example", "/", &[&accept, &condition]);
            assert_eq!(fresh.code(), "304", "{tags}");
            assert!(fresh.body.is_empty());
            let mut caching = whole.headers.clone();
            let names =
                ["etag", "cache-control", "cdn-cache-control", "surrogate-control", "vary", "connection"];
            caching.retain(|name, _| names.contains(&name.as_str()));
            assert_eq!(caching.len(), names.len());
            assert_eq!(fresh.headers, caching, "a 304 has the caching headers of the 200, and no others");
        }
        for former in &seen {
            let condition = format!("If-None-Match: {former}");
            assert_eq!(running.get("a.example", "/", &[&accept, &condition]).code(), "200");
        }
        let dated = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(running.get("a.example", "/", &[&accept, dated]).code(), "304");
        assert_eq!(running.get("a.example", "/", &[&accept, dated, "If-None-Match: \"x\""]).code(), "200");

        let mut head = running.request(0, "HEAD", "a.example", "/", &[&accept]);
        assert!(head.body.is_empty());
        head.body.clone_from(&whole.body);
        assert_eq!(head, whole, "HEAD is GET without its body");
        seen.push(etag);
    }
}

#[test]
fn all_404s_are_identical() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let not_found = running.get("any", "/never", &[]);
    assert_eq!(not_found.code(), "404");
    assert_eq!(not_found.header("cache-control"), Some("public, max-age=10"));
    for name in ["cdn-cache-control", "surrogate-control"] {
        assert_eq!(not_found.header(name), Some("max-age=10"), "{name}");
    }
    for name in ["vary", "etag", "last-modified", "surrogate-key", "cache-tag"] {
        assert_eq!(not_found.header(name), None, "{name}");
    }
    let paths = [
        "/status/hidden/",
        "/status/hidden",
        "/status/unknown/",
        "/status/a/components/secret/badge.svg",
        "/status/",
        "/status",
        "/status//",
        "/status/a//",
        "//",
        "//status/a/",
        "/status/a/.",
        "/status/a/..",
        "/status/b/../a/",
        "/./status/a/",
        "/status/%61/",
        "/status/a%2f",
        "/status/a%00",
        "/status/a/%2e%2e/",
        "/status/a;/",
        "/status/a/;x=1",
        "/status/A/",
        "/status/a/index.html",
        "/%",
        "/status/a/api%2fv2",
        "/assets/",
        "/assets",
        "/assets/0a1b.js/",
        "/assets/%30a1b.js",
        "/assets/..%2fassets/0a1b.js",
        "/agent/v1/batch",
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/pages",
        "/status/a/metrics",
        "/\\status\\a",
        "/status/a/api/v2/status.json/",
        "/status/a/api/v2/status.JSON",
    ];
    for path in paths {
        assert_eq!(running.get("any", path, &[]), not_found, "{path}");
        assert_eq!(running.get("any", &format!("{path}?a=b"), &[]), not_found, "{path} with a query");
    }
    for lines in
        [&["Accept-Encoding: br"][..], &["If-None-Match: *"], &["Cookie: a=b", "Accept-Language: de"]]
    {
        assert_eq!(running.get("unknown.example", "/never", lines), not_found, "{lines:?}");
    }
    assert_eq!(running.get("any", "*", &[]), not_found);
    let mut head = running.request(0, "HEAD", "any", "/status/hidden/", &[]);
    head.body.clone_from(&not_found.body);
    assert_eq!(head, not_found);
}

#[test]
fn no_byte_depends_on_the_client() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let plain = running.get("a.example", "/", &[]);
    let irrelevant = [
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-For: 10.0.0.1' OR 1=1",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 1",
        "X-Forwarded-Prefix: /evil",
        "X-Host: evil.example",
        "Forwarded: host=evil.example",
        "X-Original-URL: /status/b/",
        "X-Rewrite-URL: /status/b/",
        "X-HTTP-Method-Override: POST",
        "Cookie: session=1",
        "Accept-Language: de",
        "Accept: application/json",
        "Origin: https://evil.example",
        "User-Agent: Mozilla",
        "Referer: https://evil.example/",
        "Authorization: Bearer x",
        "Range: bytes=0-1",
        "Sec-CH-Prefers-Color-Scheme: dark",
        "Save-Data: on",
        "Cache-Control: no-cache",
    ];
    for line in irrelevant {
        assert_eq!(running.get("a.example", "/", &[line]), plain, "{line}");
    }
    for query in ["?utm_source=x", "?_=1", "?page=2", "?callback=alert", "?"] {
        assert_eq!(running.get("a.example", &format!("/{query}"), &[]), plain, "{query}");
    }
}

#[test]
fn other_methods_get_the_same_405_everywhere() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let refused = running.request(0, "POST", "a.example", "/", &["Content-Length: 0"]);
    assert_eq!((refused.code(), refused.header("allow")), ("405", Some("GET, HEAD")));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "QUERY"] {
        for path in ["/", "/never", "/status/hidden/", "/agent/v1/batch", "/healthz"] {
            assert_eq!(running.request(0, method, "a.example", path, &[]), refused, "{method} {path}");
        }
    }
}

#[test]
fn a_new_site_is_served_at_once_and_a_date_in_the_future_is_left_out() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    // The year 2200: no clock needs to be read.
    let ahead = Timestamp(7_258_118_400_000);
    let kind =
        Kind { content_type: "text/plain; charset=utf-8", cache: CacheClass::Live, keys: &[], policy: "" };
    let new = Output::render(kind, b"new".to_vec(), ahead, None, Compression::Fast);
    let mut site = two_pages();
    let changed = site.by_host["a.example"].with([(String::new(), new)]);
    site.by_host.insert("a.example".into(), Arc::new(changed));
    running.site.store(Arc::new(site));
    let answer = running.get("a.example", "/", &[]);
    assert_eq!((answer.text().as_str(), answer.header("last-modified")), ("new", None));
}

#[test]
fn hostile_requests_are_rejected() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let two_hosts = b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n";
    assert_eq!(running.send(0, two_hosts).code(), "400");
    let no_host = b"GET / HTTP/1.1\r\n\r\n";
    assert_eq!(running.send(0, no_host).code(), "400");
    let huge = format!("GET / HTTP/1.1\r\nHost: a.example\r\nX: {}\r\n\r\n", "x".repeat(200 << 10));
    let mut stream = TcpStream::connect(running.addresses[0]).expect("it listens");
    // The server may answer and close before it has read everything; the rest then cannot be written.
    let _refused = stream.write_all(huge.as_bytes());
    let mut raw = Vec::new();
    let _reset = stream.read_to_end(&mut raw);
    assert!(raw.is_empty() || raw.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&raw));
    assert_eq!(running.get("a.example", "/", &[]).code(), "200");
}

#[test]
fn scripts_of_other_sites_may_read_the_data_with_custom_headers() {
    let running = TestServer::start(two_pages(), &[PUBLIC]);
    let lines = [
        "Origin: https://shop.example",
        "Access-Control-Request-Method: GET",
        "Access-Control-Request-Headers: x-requested-with",
    ];
    let request = |path: &str| running.request(0, "OPTIONS", "a.example", path, &lines);
    let allowed = request("/api/v2/status.json");
    assert_eq!(allowed.code(), "204");
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD"),
        ("access-control-allow-headers", "*"),
        ("access-control-max-age", "86400"),
        ("allow", "GET, HEAD, OPTIONS"),
    ] {
        assert_eq!(allowed.header(name), Some(value), "{name}");
    }
    // Pages are for people, and unknown paths are answered alike.
    for path in ["/", "/no-such-path", "/assets/0a1b.js"] {
        let refused = request(path);
        assert_eq!((refused.code(), refused.header("access-control-allow-origin")), ("405", None), "{path}");
    }
}
