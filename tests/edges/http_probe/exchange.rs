//! Requests and assertions.

use super::*;

#[tokio::test]
async fn requests_arrive_as_configured() {
    let nginx = Nginx::start(&plain("location = /echo { return 200 $request_method; }")).await;
    let seen = observe(Http {
        method: Method::PUT,
        headers: SentHeader::new("host", HeaderValue::from_static("inner.test")).into_iter().collect(),
        body: Some("{}".into()),
        body_contains: vec!["PUT".into()],
        ..check(&nginx.url("/echo"))
    })
    .await;
    assert_up(&seen);
    until("nginx logs the request", TIMEOUT, async || !nginx.requests().is_empty()).await;
    let request = nginx.requests().remove(0);
    let agent = concat!("skerry-agent/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request[1..6], ["PUT", "/echo", "HTTP/1.1", "inner.test", agent]);
}

#[tokio::test]
async fn violated_assertions_are_named() {
    let nginx = Nginx::start(&plain(
        "location = /json { default_type application/json; return 200 '{\"status\":\"ok\",\"queue\":3}'; }",
    ))
    .await;
    let json = |wanted: i64| JsonAssertion {
        path: "$.queue".into(),
        query: serde_json_path::JsonPath::parse("$.queue").expect("a path"),
        expect: JsonExpectation::Equals(Scalar::Integer(wanted)),
    };
    let pattern = |text: &str| Pattern(Regex::new(text).expect("an expression"));
    let base = check(&nginx.url("/json"));
    assert_up(&observe(Http { json: vec![json(3)], body_contains: vec!["ok".into()], ..base.clone() }).await);
    assert_down(&observe(Http { json: vec![json(4)], ..base.clone() }).await, Reason::BodyMismatch);
    let headers = |text| vec![(http::header::CONTENT_TYPE, pattern(text))];
    assert_up(&observe(Http { response_headers: headers("json$"), ..base.clone() }).await);
    let seen = observe(Http { response_headers: headers("^text/"), ..base.clone() }).await;
    assert_down(&seen, Reason::HeaderMismatch);
    let seen = observe(Http { json: vec![json(3)], ..check(&nginx.url("/")) }).await;
    assert_down(&seen, Reason::BodyNotJson);
}

#[tokio::test]
async fn redirects_are_followed_to_their_end() {
    let nginx = Nginx::start(&plain(
        "location = /a { return 301 /b; } location = /b { return 302 /c; } location = /c { return 307 /; }
         location = /loop { return 302 /pool; } location = /pool { return 302 /loop; }
         location /n { return 302 ${uri}x; }
         location = /scheme { return 302 ftp://localhost/; }",
    ))
    .await;
    let at = |path: &str, redirects| Http { redirects, ..check(&nginx.url(path)) };
    let seen = observe(Http { body_contains: vec!["ok".into()], ..at("/a", 3) }).await;
    assert_up(&seen);
    assert_down(&observe(at("/a", 2)).await, Reason::TooManyRedirects);
    assert_down(&observe(at("/loop", 20)).await, Reason::TooManyRedirects);
    assert_down(&observe(at("/n", 9)).await, Reason::TooManyRedirects);
    assert_down(&observe(at("/scheme", 5)).await, Reason::BadRedirect);
    assert_down(&observe(at("/a", 0)).await, Reason::StatusMismatch);
    let itself = Http { status: vec![StatusRange { from: 301, to: 301 }], ..at("/a", 0) };
    assert_up(&observe(itself).await);
}

#[tokio::test]
async fn credentials_stay_at_their_origin() {
    let elsewhere = Nginx::start(&Site::default()).await;
    let nginx = Nginx::start(&plain(&format!(
        "location = /away {{ return 302 {}; }}
         location = /private {{ auth_basic private; auth_basic_user_file DIR/files/users; root DIR/files;
                                try_files /page =404; }}",
        elsewhere.url("/landed")
    )))
    .await;
    std::fs::write(nginx.files().join("users"), "watch:{PLAIN}s3cret\n").expect("writes");
    std::fs::write(nginx.files().join("page"), "private").expect("writes");
    let password_file = nginx.files().join("password");
    std::fs::write(&password_file, "s3cret\n").expect("writes");
    let auth = Some(Auth::Basic { user: "watch".into(), password_file: password_file.clone() });
    let with = |path: &str| Http { auth: auth.clone(), ..check(&nginx.url(path)) };

    let seen = observe(check(&nginx.url("/private"))).await;
    assert_down(&seen, Reason::StatusMismatch);
    assert_up(&observe(Http { body_contains: vec!["private".into()], ..with("/private") }).await);
    assert_up(&observe(with("/away")).await);
    until("the other origin logs", TIMEOUT, async || !elsewhere.requests().is_empty()).await;
    assert_eq!(elsewhere.requests()[0][6], "-", "no Authorization there");
    until("this origin logs", TIMEOUT, async || nginx.requests().len() == 3).await;
    assert!(nginx.requests()[2][6].starts_with("Basic "), "the credentials were sent here");

    std::fs::remove_file(&password_file).expect("removes");
    let seen = observe(with("/private")).await;
    assert_eq!((seen.outcome, seen.reason), (Outcome::Inconclusive, Reason::OwnResources));
    assert!(seen.detail.contains("password"), "{}", seen.detail);
}

#[tokio::test]
async fn http2_by_alpn_and_by_prior_knowledge() {
    let authority = Authority::new();
    let certificate = Some(authority.sign(&["localhost"], Validity::GOOD));
    let tls = Nginx::start(&Site { certificate: certificate.clone(), http2: true, ..Site::default() }).await;
    let at = |version| Http {
        version,
        ca_file: Some(authority.file()),
        body_contains: vec!["ok".into()],
        ..check(&tls.url("/"))
    };
    for version in [HttpVersion::Auto, HttpVersion::Http1, HttpVersion::Http2] {
        assert_up(&observe(at(version)).await);
    }
    until("nginx logs", TIMEOUT, async || tls.requests().len() == 3).await;
    let spoken: Vec<String> = tls.requests().into_iter().map(|mut request| request.remove(3)).collect();
    assert_eq!(spoken, ["HTTP/2.0", "HTTP/1.1", "HTTP/2.0"]);

    let plain = Nginx::start(&Site { http2: true, ..Site::default() }).await;
    let seen = observe(Http { version: HttpVersion::Http2, ..check(&plain.url("/")) }).await;
    assert_up(&seen);
    let phases = seen.phases.expect("phases");
    assert!(phases.first_byte_us.is_some() && phases.transfer_us.is_some());

    let old = Nginx::start(&Site { certificate, ..Site::default() }).await;
    let only2 = Http { url: old.url("/").parse().expect("a URL"), ..at(HttpVersion::Http2) };
    assert_down(&observe(only2).await, Reason::TlsFailed);
}

#[tokio::test]
async fn both_families() {
    let nginx = Nginx::start(&Site::default()).await;
    assert_up(&observe(check(&nginx.url_at("[::1]", "/"))).await);
    for ip in [IpVersion::Any, IpVersion::V4, IpVersion::V6] {
        assert_up(&observe(Http { ip, ..check(&nginx.url("/")) }).await);
    }
}
