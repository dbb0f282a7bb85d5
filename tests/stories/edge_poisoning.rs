//! Behind caches as we configure them: whatever a client adds to the first request for a path, the next client gets what the
//! aggregator serves.

use crate::edge::{nginx_before, varnish_before};
use crate::http::{Answer, request};
use crate::world::World;
use skerry_tests::parts::Environment;
use std::collections::BTreeSet;

/// Lines of the first request; some servers or caches read them.
const LINES: [&str; 31] = [
    "X-Forwarded-For: 192.0.2.7, 127.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Scheme: nothttps",
    "X-Host: evil.example",
    "X-Original-URL: /status/hidden/",
    "X-Rewrite-URL: /status/hidden/",
    "X-HTTP-Method-Override: POST",
    "Forwarded: for=127.0.0.1;host=evil.example;proto=http",
    "CF-Connecting-IP: 127.0.0.1",
    "CDN-Loop: evil",
    "Via: 1.1 evil.example",
    "Cookie: skerry-p1=good; session=1",
    "Authorization: Bearer good",
    "Accept: application/json",
    "Accept-Language: de, ar;q=0.9",
    "Accept-Encoding: br",
    "Accept-Encoding: gzip;q=0, *;q=0",
    "Origin: https://evil.example",
    "Range: bytes=0-1",
    "If-None-Match: *",
    "If-Modified-Since: Fri, 31 Dec 2099 23:59:59 GMT",
    "If-Match: \"x\"",
    "Cache-Control: no-store, only-if-cached",
    "Pragma: no-cache",
    "Connection: close, X-Forwarded-For, Accept-Encoding",
    "Upgrade: websocket",
    "X-Twice: a\r\nX-Twice: b\r\nCookie: a=b\r\nCookie: c=d",
    "Content-Length: 0",
];

/// Other beginnings of the first request; `PATH` is where both go.
const REQUESTS: [&str; 9] = [
    "HEAD PATH HTTP/1.1",
    "POST PATH HTTP/1.1\r\nContent-Length: 0",
    "OPTIONS PATH HTTP/1.1",
    "PURGE PATH HTTP/1.1",
    "GET PATH?utm_source=x&callback=evil HTTP/1.1",
    "GET PATH?%00 HTTP/1.1",
    "GET http://evil.example/PATH HTTP/1.1",
    "GET PATH HTTP/1.0",
    "GET PATH/../ HTTP/1.1",
];

/// Components whose outputs are asked for, each once.
const COMPONENTS: usize = 9;
const OUTPUTS: [&str; 6] =
    ["", "/badge.svg", "/badge.json", "/badge/uptime.svg", "/calendar.ics", "/feed.json"];

fn page() -> String {
    let head = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n".to_owned();
    let component = |n| format!("[[page.component]]\nkey = \"c{n}\"\nname = \"C{n}\"\nmanual = true\n");
    head + &(0..COMPONENTS).map(component).collect::<String>()
}

/// What must be the same of two answers: status, headers that describe the body or its life, and the body. Its validators are those of
/// an encoding.
fn essence(answer: &Answer) -> (u16, BTreeSet<String>, Vec<u8>) {
    let kept = [
        "content-type:",
        "content-encoding:",
        "content-security-policy:",
        "cache-control:",
        "location:",
        "set-cookie:",
        "access-control-allow-origin:",
        "x-content-type-options:",
    ];
    let lines = answer.head.lines().map(str::to_ascii_lowercase);
    let described = lines.filter(|line| kept.iter().any(|name| line.starts_with(name)));
    (answer.status, described.collect(), answer.decoded())
}

fn plainly(port: u16, path: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\nAccept-Encoding: identity");
    request(port, &head, b"").expect("an answer")
}

#[tokio::test]
async fn what_one_client_adds_is_not_what_the_next_one_gets() {
    let mut world = World::new(&page());
    world.start().await;
    let nginx = nginx_before(&world, Environment::new()).await;
    let varnish = varnish_before(&world, Environment::new()).await;
    let ids = world.page("/api/v2/components.json").json();
    let ids: Vec<&str> = ids["components"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|component| component["id"].as_str())
        .collect();
    let mut paths = ids.iter().flat_map(|id| OUTPUTS.map(|output| format!("/components/{id}{output}")));
    let lines = LINES.iter().map(|line| format!("GET PATH HTTP/1.1\r\n{line}"));
    let requests: Vec<String> = lines.chain(REQUESTS.map(str::to_owned)).collect();
    for first in requests {
        let path = paths.next().expect("a path that nobody asked for");
        for (name, port) in [("nginx", nginx.port()), ("Varnish", varnish.port)] {
            let before = essence(&plainly(world.public, &path));
            assert_eq!(before.0, 200, "{path}");
            // It may be refused.
            let _poisoned = request(port, &first.replace("PATH", &path), b"");
            let got = plainly(port, &path);
            // It may have been published anew meanwhile.
            let right = [before, essence(&plainly(world.public, &path))];
            assert!(
                right.contains(&essence(&got)),
                "{name} {path} after {first:?}: {}\n{}",
                got.head,
                got.text()
            );
        }
    }
}
