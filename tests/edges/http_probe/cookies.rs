//! Cookies that a server sets during redirects, and where they are sent.

use super::*;
use skerry_tests::parts::http_server::{Ending, HttpServer, answer};

fn redirect(to: &str, lines: &str) -> Vec<u8> {
    answer("302 Found", &format!("Location: {to}\r\n{lines}"), b"")
}

fn cookie(request: &str) -> Option<&str> {
    request.lines().find_map(|line| line.strip_prefix("Cookie: "))
}

/// Path and `Cookie` header of each request.
fn asked(target: &HttpServer) -> Vec<(String, Option<String>)> {
    let path = |request: &str| request.split(' ').nth(1).unwrap_or_default().to_owned();
    target.requests().iter().map(|request| (path(request), cookie(request).map(str::to_owned))).collect()
}

async fn observe_inside(target: &HttpServer) -> Observed {
    let keys = format!("type = \"http\"\nurl = \"{}\"\nbody_contains = [\"inside\"]", target.url("/"));
    observing::observe(&keys).await
}

#[tokio::test]
async fn a_cookie_is_returned_to_the_server_that_set_it() {
    let same = HttpServer::start(Ending::Close, |request| match cookie(request) {
        Some("gate=1") => answer("200 OK", "", b"inside"),
        _ => redirect("/", "Set-Cookie: gate=1; Path=/\r\n"),
    })
    .await;
    assert_up(&observe_inside(&same).await);
    let login = HttpServer::start(Ending::Close, |request| match (request, cookie(request)) {
        (request, None) if request.starts_with("GET /login") => {
            redirect("/app", "Set-Cookie: sid=7; Path=/; HttpOnly\r\nSet-Cookie: theme=dark; Path=/\r\n")
        }
        (_, Some("sid=7; theme=dark")) => answer("200 OK", "", b"inside"),
        _ => redirect("/login?next=/app", ""),
    })
    .await;
    assert_up(&observe_inside(&login).await);
}

#[tokio::test]
async fn a_cookie_is_kept_for_one_run_and_sent_to_its_own_server_only() {
    let other = HttpServer::start(Ending::Close, |_| answer("200 OK", "", b"inside")).await;
    let away = other.url("/landed").replace("127.0.0.1", "localhost");
    let target = HttpServer::start(Ending::Close, move |request| match request.split(' ').nth(1) {
        Some("/") => redirect("/deep/two", "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/elsewhere\r\n"),
        Some("/deep/two") => redirect("/three", "Set-Cookie: c=3\r\nSet-Cookie: a=; Path=/; Max-Age=0\r\n"),
        _ => redirect(&away, "Set-Cookie: d=4; Path=/\r\n"),
    })
    .await;
    for _ in 0..2 {
        assert_up(&observe_inside(&target).await);
    }
    let run = [("/".to_owned(), None), ("/deep/two".into(), Some("a=1".to_owned())), ("/three".into(), None)];
    assert_eq!(asked(&target), [run.clone(), run].concat());
    assert_eq!(asked(&other), vec![("/landed".to_owned(), None); 2]);
}

#[tokio::test]
async fn endless_redirects_with_cookies_are_a_loop() {
    let target = HttpServer::start(Ending::Close, |_| redirect("/", "Set-Cookie: gate=1; Path=/\r\n")).await;
    let seen = observe_inside(&target).await;
    observing::assert_down(&seen, Reason::TooManyRedirects, "a redirect loop");
    assert_eq!(target.requests().len(), 2, "once without the cookie and once with it");
}
