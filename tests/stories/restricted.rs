//! Pages that are not for everybody, and whose request it is behind real proxies.

use crate::enrolment::run_ok;
use crate::http::{Answer, get, request};
use crate::world::World;
use skerry_tests::parts::certificates::{Authority, Certificate, Validity};
use skerry_tests::parts::free_port;
use skerry_tests::parts::haproxy::Haproxy;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(20);

/// A public page, one for a network, and one with a password.
fn pages(more: &str) -> String {
    let component = "[[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n\n";
    format!(
        "[[page]]\nkey = \"open\"\nname = \"Open\"\npublic = true\n\n\
         [[page]]\nkey = \"intern\"\nname = \"Intern\"\naudience = \"networks\"\nnetworks = [\"127.0.0.2\"]\n{component}\
         [[page]]\nkey = \"partners\"\nname = \"Partners\"\naudience = \"password\"\npassword_file = \"password\"\n\
         sign_in_text = \"It is for people who work with us.\"\n{component}{more}"
    )
}

/// A listener for the public side behind a proxy on this host.
fn behind(port: u16, client_from: &str, tls: Option<&Certificate>) -> String {
    let tls = tls.map(|one| {
        format!(
            "tls = {{ certificate = \"{}\", key = \"{}\" }}\n",
            one.certificate.display(),
            one.key.display()
        )
    });
    format!(
        "[[listen]]\naddress = \"127.0.0.1:{port}\"\nserves = [\"public\"]\ntrusted_proxies = [\"127.0.0.1\"]\n\
         client_from = \"{client_from}\"\n{}\n",
        tls.unwrap_or_default()
    )
}

/// The status code of a request from another address of this host.
fn code(from: &str, url: &str, more: &[&str]) -> String {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--insecure",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} %{http_version}",
        ])
        .args(["--max-time", "15", "--interface", from])
        .args(more)
        .arg(url)
        .output()
        .expect("curl is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn behind_nginx_a_page_for_a_network_is_shown_to_that_network_alone() {
    let port = free_port();
    let mut world = World::new(&format!("{}{}", behind(port, "x-forwarded-for", None), pages("")));
    world.write("password", "right");
    world.start().await;
    let location = format!(
        "location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}"
    );
    let nginx = Nginx::start(&Site { server: location, ..Site::default() }).await;
    let intern = format!("http://127.0.0.1:{}/status/intern/", nginx.port());
    let forged = ["-H", "X-Forwarded-For: 127.0.0.2", "-H", "Forwarded: for=127.0.0.2"];
    assert_eq!(code("127.0.0.2", &intern, &[]), "200 1.1");
    assert_eq!(code("127.0.0.3", &intern, &[]), "404 1.1");
    assert_eq!(code("127.0.0.3", &intern, &forged), "404 1.1", "nobody names an address for another");
    // Past the proxy the peer counts, and 127.0.0.3 is no proxy.
    let direct = format!("http://127.0.0.1:{port}/status/intern/");
    assert_eq!(code("127.0.0.3", &direct, &forged), "404 1.1");
    assert_eq!(code("127.0.0.2", &direct, &[]), "200 1.1");
}

#[tokio::test]
async fn behind_haproxy_the_proxy_protocol_names_the_client_before_tls() {
    let port = free_port();
    let authority = Authority::new();
    let certificate = authority.sign(&["localhost"], Validity::GOOD);
    let listener = behind(port, "proxy-protocol", Some(&certificate));
    let mut world = World::new(&format!("{listener}{}", pages("")));
    world.write("password", "right");
    world.start().await;
    for version in ["send-proxy", "send-proxy-v2"] {
        let haproxy = Haproxy::start(port, "tcp", version).await;
        let intern = format!("https://127.0.0.1:{}/status/intern/", haproxy.port);
        let forged = ["--http2", "-H", "X-Forwarded-For: 127.0.0.2"];
        assert_eq!(code("127.0.0.2", &intern, &["--http2"]), "200 2", "{version}");
        assert_eq!(code("127.0.0.2", &intern, &["--http1.1"]), "200 1.1", "{version}");
        assert_eq!(code("127.0.0.3", &intern, &forged), "404 2", "{version}");
    }
}

/// Signs in; returns the answer.
fn sign_in(world: &World, password: &str) -> Answer {
    let form = format!("password={password}");
    let head = format!(
        "POST /status/partners/ HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}",
        form.len()
    );
    request(world.public, &head, form.as_bytes()).expect("answered")
}

/// Name and value of the cookie that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    let mut lines = answer.head.lines();
    let line = lines.find(|line| line.to_ascii_lowercase().starts_with("set-cookie: ")).expect("a cookie");
    line[12..].split(';').next().expect("its value").to_owned()
}

fn with_cookie(world: &World, path: &str, cookie: &str) -> Answer {
    request(world.public, &format!("GET {path} HTTP/1.1\r\nCookie: {cookie}"), b"").expect("answered")
}

/// Reads feeds and calendars as programs do, by the addresses that a page and the command line show. Returns the token.
fn feeds_are_read_with_their_token(world: &World, page: &str) -> String {
    let (_, rest) = page.split_once("href=\"feed.rss?token=").expect("the page links its feeds");
    let token = rest.split('"').next().expect("its end").to_owned();
    for link in ["feed.atom", "calendar.ics"] {
        assert!(page.contains(&format!("href=\"{link}?token={token}\"")), "{link}: {page}");
    }
    let printed = run_ok(world, &["page", "feeds", "partners"]);
    let addresses: Vec<&str> =
        printed.lines().skip(1).filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(addresses.len(), 10, "{printed}");
    for address in addresses {
        let (_, path) = address.split_once("/status/").expect("an address of the page");
        let path = format!("/status/{path}");
        assert!(path.ends_with(&format!("?token={token}")), "{address}");
        let feed = world.page(&path);
        assert_eq!(feed.status, 200, "{path}");
        let head = feed.head.to_ascii_lowercase();
        assert!(head.contains("cache-control: private, no-store"), "{head}");
        assert!(head.contains("referrer-policy: no-referrer"), "{head}");
        assert_eq!(world.page(path.split('?').next().expect("a path")).status, 403, "{path}");
    }
    assert_eq!(world.page(&format!("/status/partners/?token={token}")).status, 403, "of feeds alone");
    reading_addresses_makes_no_key(world);
    let public = run_ok(world, &["page", "feeds", "open"]);
    assert!(public.contains("/feed.rss\n") && !public.contains("token"), "{public}");
    token
}

/// Without the key that signs tokens they are printed without one, and a note says so.
fn reading_addresses_makes_no_key(world: &World) {
    let key = world.database().with_file_name("sign-in-secret");
    let aside = world.path("aside");
    std::fs::rename(&key, &aside).expect("the aggregator made it");
    let read = world.command(&["page", "feeds", "partners"]).output().expect("it starts");
    assert!(read.status.success() && !key.exists(), "{read:?}");
    let note = String::from_utf8_lossy(&read.stderr);
    assert!(note.contains("They have no token yet"), "{note}");
    assert!(!String::from_utf8_lossy(&read.stdout).contains("token"), "{read:?}");
    std::fs::rename(&aside, &key).expect("it is back");
}

#[tokio::test]
async fn a_page_with_a_password_is_shown_to_those_who_know_it_until_it_changes() {
    let mut world = World::new(&pages(""));
    let file = world.write("password", "right\n");
    world.start().await;
    let stranger = world.page("/status/partners/");
    assert_eq!(stranger.status, 403);
    assert!(
        stranger.text().contains("It is for people who work with us.") && !stranger.text().contains("Inside")
    );
    assert_eq!(world.page("/status/partners/uptime").text(), stranger.text(), "at every path");
    let wrong = sign_in(&world, "wrong");
    assert!(wrong.status == 403 && wrong.text().contains("This password is not right."), "{}", wrong.head);
    let right = sign_in(&world, "right");
    assert_eq!(right.status, 303, "{}", right.head);
    let cookie = cookie_of(&right);
    let page = with_cookie(&world, "/status/partners/", &cookie);
    assert!(page.status == 200 && page.text().contains("Inside"), "{}", page.head);
    assert!(page.head.to_ascii_lowercase().contains("cache-control: private, no-store"), "{}", page.head);
    assert_eq!(with_cookie(&world, "/status/intern/", &cookie), world.page("/status/never/"));
    assert!(!world.page("/status/").text().contains("Partners"));
    let token = feeds_are_read_with_their_token(&world, &page.text());
    // A restart keeps those who are signed in; a new password does not.
    world.stop().await;
    world.start().await;
    assert_eq!(with_cookie(&world, "/status/partners/", &cookie).status, 200);
    std::fs::write(&file, "new").expect("written");
    until("the new password is read", BOUND, async || {
        with_cookie(&world, "/status/partners/", &cookie).status == 403
    })
    .await;
    let renewed = cookie_of(&sign_in(&world, "new"));
    assert_eq!(world.page(&format!("/status/partners/feed.atom?token={token}")).status, 403);
    until("the page links its feeds with their new token", BOUND, async || {
        let page = with_cookie(&world, "/status/partners/", &renewed).text();
        page.contains("feed.rss?token=") && !page.contains(&token)
    })
    .await;
    assert!(!world.running().log().contains(&token));
    // A file that cannot be read locks nobody out.
    std::fs::remove_file(&file).expect("removed");
    until("the log says so", BOUND, async || {
        world.running().log().contains("its former password stays in force")
    })
    .await;
    assert_eq!(with_cookie(&world, "/status/partners/", &renewed).status, 200);
    assert_eq!(sign_in(&world, "new").status, 303);
}

/// Signs in as a browser does behind a proxy, and follows the redirect. Returns the last address and the body.
fn sign_in_behind(nginx: &Nginx, url: &str, jar: &Path) -> (String, String) {
    let connect = format!("app.example:80:127.0.0.1:{}", nginx.port());
    let output = Command::new("curl")
        .args(["--silent", "--location", "--max-time", "15", "--connect-to", &connect])
        .args(["--header", "Sec-Fetch-Site: same-origin", "--data", "password=right"])
        .args(["--write-out", "\n%{http_code} %{url_effective}", "--cookie-jar"])
        .arg(jar)
        .arg(url)
        .output()
        .expect("curl is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, last) = text.rsplit_once('\n').expect("a last line");
    (last.to_owned(), body.to_owned())
}

#[tokio::test]
async fn behind_a_proxy_that_asks_by_another_path_people_get_where_they_were() {
    let page = "[[page]]\nkey = \"partners\"\nname = \"Partners\"\naudience = \"password\"\npassword_file = \"password\"\n\
        address = \"http://app.example/down\"\n[[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n\n\
        [[page]]\nkey = \"open\"\nname = \"Open\"\npublic = true\naddress = \"http://app.example/up\"\n";
    let mut world = World::new(page);
    world.write("password", "right");
    world.start().await;
    let to = format!("http://127.0.0.1:{}/status", world.public);
    let server = format!(
        "location /down {{ proxy_pass {to}/partners; }}\nlocation /up {{ proxy_pass {to}/open; }}\n\
         location / {{ return 404; }}"
    );
    let nginx = Nginx::start(&Site { server, ..Site::default() }).await;
    for (from, to) in [
        ("http://app.example/down/", "http://app.example/down/"),
        ("http://app.example/down", "http://app.example/down/"),
        ("http://app.example/down/uptime", "http://app.example/down/uptime"),
    ] {
        let jar = world.path("jar");
        let (last, body) = sign_in_behind(&nginx, from, &jar);
        assert_eq!(last, format!("200 {to}"));
        assert!(body.contains("Inside"), "{from}");
        // The cookie holds for the whole page.
        let connect = format!("app.example:80:127.0.0.1:{}", nginx.port());
        let jar = jar.to_str().expect("text");
        let again = ["--connect-to", &connect, "--cookie", jar];
        assert_eq!(code("127.0.0.1", "http://app.example/down/history", &again), "200 1.1");
    }
    let moved = request(nginx.port(), "GET /up HTTP/1.1", b"").expect("an answer");
    assert!(moved.status == 308 && moved.head.contains("http://app.example/up/"), "{}", moved.head);
}

#[tokio::test]
async fn a_page_that_is_restricted_by_a_reload_leaves_the_public_side_and_returns() {
    let page = "[[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n";
    let open = format!(
        "[[page]]\nkey = \"shop\"\nname = \"Shop\"\npublic = true\naddress = \"https://app.example/status\"\nnoindex = true\n{page}"
    );
    let restricted = format!(
        "[[page]]\nkey = \"shop\"\nname = \"Shop\"\naudience = \"password\"\npassword_file = \"password\"\n{page}"
    );
    let first = "[[page]]\nkey = \"first\"\nname = \"First\"\npublic = true\n\n";
    let mut world = World::new(&format!("{first}{open}"));
    world.write("password", "right");
    world.start().await;
    let shown = world.page("/status/shop/");
    assert!(
        shown.text().contains("href=\"https://app.example/status/\""),
        "the address of the owner's proxy"
    );
    assert!(shown.head.to_ascii_lowercase().contains("x-robots-tag: noindex"), "{}", shown.head);
    assert!(shown.text().contains("<meta name=robots content=noindex>"), "also in a copy");
    assert_eq!(world.page("/status/shop/sitemap.xml"), world.page("/status/shop/never"));
    for (pages, status) in [(&restricted, 403), (&open, 200)] {
        world.declare(&format!("{first}{pages}"));
        world.running().hang_up();
        until("the reload takes effect", BOUND, async || {
            get(world.public, "/status/shop/").is_some_and(|answer| answer.status == status)
        })
        .await;
        let json = world.page("/status/shop/api/v2/summary.json");
        assert_eq!(json.text().contains("Inside"), status == 200);
    }
}
