//! Restricted pages behind caches as we configure them: what a cache has of them is what strangers get, those who may see them
//! do, and nothing returns when the aggregator dies.

use crate::edge::{BOUND, NGINX, VCL, ask, connected_from, nginx_of, varnish_of};
use crate::http::{Answer, request};
use crate::world::World;
use skerry_tests::parts::nginx::Nginx;
use skerry_tests::parts::varnish::Varnish;
use skerry_tests::parts::{Environment, free_port, until};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

const COMPONENT: &str = "[[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n\n";

/// Both caches, with these lines of their configurations in force.
async fn caches(origin: u16, nginx: &[(&str, &str)], vcl: &[(&str, &str)]) -> (Nginx, Varnish) {
    let edited = |text: &str, edits: &[(&str, &str)]| {
        edits.iter().fold(text.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        })
    };
    let ours = nginx_of(&edited(NGINX, nginx), origin, "", Environment::new()).await;
    (ours, varnish_of(&edited(VCL, vcl), origin, Environment::new()).await)
}

fn get(port: u16, path: &str, line: &str) -> Answer {
    request(port, &format!("GET {path} HTTP/1.1\r\n{line}"), b"").expect("an answer")
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.decoded()).into_owned()
}

/// Signs in through a cache; returns the cookie.
fn sign_in(port: u16) -> String {
    let head = "POST /status/shop/ HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14";
    let answer = request(port, head, b"password=right").expect("an answer");
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("{}", answer.head));
    cookie.split(';').next().expect("its value").to_owned()
}

#[tokio::test]
async fn a_page_that_gets_a_password_is_seen_by_who_signed_in_and_leaves_the_caches_for_good() {
    let pages = |of_shop: &str| {
        format!(
            "[[page]]\nkey = \"first\"\nname = \"First\"\npublic = true\n\n\
             [[page]]\nkey = \"shop\"\nname = \"Shop\"\n{of_shop}\n{COMPONENT}"
        )
    };
    let mut world = World::new(&pages("public = true"));
    world.write("password", "right");
    world.start().await;
    let (nginx, varnish) = caches(world.public, &[], &[]).await;
    let ports = [("nginx", nginx.port()), ("Varnish", varnish.port)];
    for (name, port) in ports {
        for path in ["/", "/status/shop/", "/status/shop/api/v2/components.json", "/status/shop/feed.rss"] {
            assert_eq!(get(port, path, "X-A: b").status, 200, "{name} {path}");
        }
    }
    world.declare(&pages("audience = \"password\"\npassword_file = \"password\""));
    world.running().hang_up();
    let is_closed = |port, path| get(port, path, "X-A: b").status == 403;
    for (name, port) in ports {
        for path in ["/status/shop/", "/status/shop/api/v2/components.json", "/status/shop/feed.rss"] {
            until("strangers get the sign-in page", BOUND, async || is_closed(port, path)).await;
        }
        let cookie = sign_in(port);
        let shown = get(port, "/status/shop/", &format!("Cookie: a=b; {cookie}"));
        let page = text(&shown);
        assert!(shown.status == 200 && page.contains("Inside"), "{name}: {}", shown.head);
        let (_, token) = page.split_once("feed.rss?token=").expect("the page links its feeds");
        let token = token.split('"').next().expect("its end");
        assert_eq!(
            get(port, &format!("/status/shop/feed.rss?token={token}"), "X-A: b").status,
            200,
            "{name}"
        );
        assert!(is_closed(port, "/status/shop/") && is_closed(port, "/status/shop/feed.rss"), "{name}");
    }
    let cookie = sign_in(nginx.port());
    world.kill();
    let dead = Instant::now();
    until("copies are old", BOUND, async || {
        for (name, port) in ports {
            for path in ["/status/shop/", "/status/shop/api/v2/components.json"] {
                for line in ["X-A: b".to_owned(), format!("Cookie: {cookie}")] {
                    let answer = get(port, path, &line);
                    let shows = answer.status == 200 || text(&answer).contains("Inside");
                    assert!(!shows, "{name} {path} {line} {:?} after the death", dead.elapsed());
                }
            }
            let public = get(port, "/", &format!("Cookie: {cookie}"));
            assert_eq!(public.status, 200, "{name}: who is signed in has the last copy of what is public");
        }
        dead.elapsed() > Duration::from_secs(12)
    })
    .await;
}

#[tokio::test]
async fn a_page_for_a_network_that_the_cache_lets_through_is_seen_by_that_network_whatever_strangers_ask() {
    let port = free_port();
    let mut world = World::new(&format!(
        "[[listen]]\naddress = \"127.0.0.1:{port}\"\nserves = [\"public\"]\ntrusted_proxies = [\"127.0.0.1\"]\n\n\
         [[page]]\nkey = \"first\"\nname = \"First\"\npublic = true\n\n\
         [[page]]\nkey = \"intern\"\nname = \"Intern\"\naudience = \"networks\"\nnetworks = [\"127.0.0.2\"]\n{COMPONENT}"
    ));
    world.start().await;
    let nginx = [(
        "# \"~^status\\.example\\.com/status/intern(/|$)\" 1;",
        "\"~^status\\.example\\.com/status/intern(/|$)\" 1;",
    )];
    let commented = "#   if (req.http.host == \"status.example.com\"";
    let vcl = [(commented, commented.trim_start_matches(['#', ' ']))];
    let (nginx, varnish) = caches(port, &nginx, &vcl).await;
    let [stranger, insider] = [3, 2].map(|last| Ipv4Addr::new(127, 0, 0, last));
    for (name, port) in [("nginx", nginx.port()), ("Varnish", varnish.port)] {
        let status = |from, path: &str| ask(&mut connected_from(from, port), path).0;
        for path in ["/status/intern/", "/status/intern/api/v2/status.json"] {
            let seen = [stranger, insider, stranger, insider].map(|from| status(from, path));
            assert_eq!(seen, [404, 200, 404, 200], "{name} {path}");
        }
        assert_eq!(status(stranger, "/status/nothing/"), 404);
    }
}
