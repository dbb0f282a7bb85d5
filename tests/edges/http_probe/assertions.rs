//! Each assertion, once fulfilled and once violated.

use super::*;
use skerry_protocol::check::IpVersion;

/// The `keys` of a check of `url` with a generous timeout.
fn keys(url: &str, keys: &str) -> String {
    format!("type = \"http\"\nurl = \"{url}\"\n{keys}")
}

#[tokio::test]
async fn each_violated_assertion_is_named() {
    let nginx = Nginx::start(&plain(
        "add_header X-Room one; location = /text { return 200 'queue: 12'; }
         location = /json { return 200 '{\"queue\":3,\"nodes\":[\"a-1\",\"b-2\"]}'; }",
    ))
    .await;
    use Reason::{BodyMismatch, BodyNotJson, BodyTooLarge, HeaderMismatch, StatusMismatch};
    for (path, asked, broken) in [
        ("/text", "status = [200]", None),
        ("/text", "status = [\"300-399\", 404]", Some((StatusMismatch, "200 OK, expected 300-399, 404"))),
        ("/text", "body_contains = [\"queue\", \"12\"]", None),
        ("/text", "body_contains = [\"queue\", \"13\"]", Some((BodyMismatch, "does not contain \"13\""))),
        ("/text", "body_matches = ['^queue: \\d+$']", None),
        ("/text", "body_matches = ['^queue$']", Some((BodyMismatch, "does not match \"^queue$\""))),
        ("/json", "json = [{ path = \"$.nodes[1]\" }]", None),
        ("/json", "json = [{ path = \"$.nodes[2]\" }]", Some((BodyMismatch, "$.nodes[2] yields nothing"))),
        ("/json", "json = [{ path = \"$.queue\", equals = 3 }]", None),
        ("/json", "json = [{ path = \"$.queue\", equals = \"3\" }]", Some((BodyMismatch, "expected \"3\""))),
        ("/json", "json = [{ path = \"$.nodes[*]\", matches = \"^b-\" }]", None),
        (
            "/json",
            "json = [{ path = \"$.nodes[*]\", matches = \"^c-\" }]",
            Some((BodyMismatch, "nothing that matches \"^c-\"")),
        ),
        ("/text", "json = [{ path = \"$\" }]", Some((BodyNotJson, ""))),
        ("/text", "response_headers = { X-Room = \"^one$\" }", None),
        ("/text", "response_headers = { X-Room = \"^two\" }", Some((HeaderMismatch, "x-room is \"one\""))),
        ("/text", "response_headers = { X-Hall = \"\" }", Some((HeaderMismatch, "x-hall is missing"))),
        ("/text", "max_body = 9\nbody_contains = [\"12\"]", None),
        ("/text", "max_body = 8\nbody_contains = [\"que\"]", Some((BodyTooLarge, "8"))),
        ("/text", "max_body = 8", None),
        ("/text", "ip_version = \"4\"", None),
    ] {
        let seen = observing::observe(&keys(&nginx.url(path), asked)).await;
        let expected =
            broken.map_or((Outcome::Up, Reason::None, ""), |(reason, words)| (Outcome::Down, reason, words));
        assert_eq!((seen.outcome, seen.reason), (expected.0, expected.1), "{asked}: {}", seen.detail);
        assert!(seen.detail.contains(expected.2), "{asked}: {}", seen.detail);
    }
    let other = keys(&nginx.url_at("127.0.0.1", "/"), "");
    let seen = observing::observe_over(IpVersion::V6, &other).await;
    observing::assert_down(&seen, Reason::DnsNotFound, "127.0.0.1 is not of the IP version");
}

#[tokio::test]
async fn a_token_is_sent_exactly_as_in_its_file() {
    let nginx = Nginx::start(&plain("if ($http_authorization != \"Bearer s3cret\") { return 401; }")).await;
    let token = nginx.files().join("token");
    let asked = keys(&nginx.url("/"), &format!("auth = {{ token_file = \"{}\" }}", token.display()));
    std::fs::write(&token, "s3cret\nnot this\n").expect("writes");
    assert_up(&observing::observe(&asked).await);
    std::fs::write(&token, "another\n").expect("writes");
    observing::assert_down(&observing::observe(&asked).await, Reason::StatusMismatch, "401 ");
    std::fs::remove_file(&token).expect("removes");
    let seen = observing::observe(&asked).await;
    assert_seen(&seen, Outcome::Inconclusive, Reason::OwnResources, "token");
}
