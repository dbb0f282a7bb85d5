//! A private page, an unknown page and an unknown path get the same response, byte for byte.

use crate::http::{Answer, request};
use crate::world::{FAR, World, now, page, quick_check};
use rusqlite::{Connection, OpenFlags};
use skerry_tests::parts::nginx::{Nginx, Site as NginxSite};
use skerry_tests::parts::until;
use std::time::{Duration, Instant};

/// What a component has below its path.
const OF_COMPONENT: [&str; 12] = [
    "",
    "/7d",
    "/30d",
    "/90d",
    "/badge.svg",
    "/badge.json",
    "/badge/uptime.svg",
    "/badge/response.svg",
    "/calendar.ics",
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
];

/// Every public path below a page's root, and some similar ones.
fn paths(component: &str) -> Vec<String> {
    let fixed = [
        "",
        "history",
        "history/2026-11",
        "uptime/2026-11",
        "announcements/x",
        "uptime",
        "uptime/2026-11",
        "uptime.csv",
        "badge.svg",
        "badge.json",
        "badge/uptime.svg",
        "badge/response.svg",
        "robots.txt",
        "favicon.ico",
        "apple-touch-icon.png",
        "sitemap.xml",
        "logo",
        "feed.rss",
        "feed.xml",
        "feed.atom",
        "feed.json",
        "history.rss",
        "history.atom",
        "calendar.ics",
        "widget.html",
        "widget.js",
        "subscribe",
        "subscriptions/x",
        "unsubscribe/x",
        "api/v2/summary.json",
        "api/v2/status.json",
        "api/v2/components.json",
        "api/v2/incidents.json",
        "api/v2/incidents/unresolved.json",
        "api/v2/scheduled-maintenances.json",
        "api/v2/scheduled-maintenances/upcoming.json",
        "api/v2/scheduled-maintenances/active.json",
        "api/v2/",
        "incidents/x",
        "maintenance/x",
        "maintenance/x/calendar.ics",
        "assets/x.css",
        "..",
        "%2e%2e/",
        "?x=1",
    ];
    let of_component = OF_COMPONENT.iter().map(|end| format!("components/{component}{end}"));
    fixed.iter().map(|path| (*path).to_owned()).chain(of_component).collect()
}

fn ask(world: &World, method: &str, path: &str, more: &str) -> Answer {
    request(world.public, &format!("{method} {path} HTTP/1.1{more}"), b"").expect("an answer")
}

fn component_id(world: &World, key: &str) -> String {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(world.database(), flags).expect("opens");
    database
        .query_row("SELECT id FROM component WHERE file_key = ?1", [key], |row| row.get(0))
        .expect("a row")
}

#[tokio::test]
async fn a_private_page_looks_like_an_unknown_page() {
    let mut world = World::new(&format!(
        "{}{}{}{}",
        page("open", true, &["seen"]),
        page("vault", false, &["gold"])
            .replace("public = false\n", "audience = \"networks\"\nnetworks = [\"192.0.2.0/24\"]\n"),
        page("secret", false, &["hidden"]),
        "[[page.component]]\nkey = \"staff\"\nname = \"staff\"\npublic = false\nchecks = []\n"
    ));
    world.start().await;
    let (hidden, gold) = (component_id(&world, "hidden"), component_id(&world, "gold"));
    assert_eq!(world.page("/").status, 200, "the one public page answers at the root");
    assert_eq!(world.page("/status/open/").status, 200);
    assert_eq!(world.page(&format!("/components/{}", component_id(&world, "seen"))).status, 200);
    for method in ["GET", "HEAD"] {
        for more in
            ["", "\r\nAccept-Encoding: gzip, br", "\r\nIf-None-Match: *", "\r\nX-Forwarded-Host: secret"]
        {
            let never = ask(&world, method, "/never-was", more);
            assert_eq!(never.status, 404);
            let life = "cache-control: public, max-age=10";
            assert!(never.head.lines().any(|line| line == life), "{}", never.head);
            for path in paths(&hidden) {
                let private = ask(&world, method, &format!("/status/secret/{path}"), more);
                let unknown = ask(&world, method, &format!("/status/unknown/{path}"), more);
                assert_eq!(private, unknown, "{method} {path}{more}");
                assert_eq!(private, never, "{method} {path}{more}");
            }
            for path in paths(&gold) {
                let closed = ask(&world, method, &format!("/status/vault/{path}"), more);
                assert_eq!(closed, never, "{method} {path}{more} of a page for a network");
            }
            assert_eq!(ask(&world, method, "/status/vault", more), never);
            assert_eq!(ask(&world, method, "/status/secret", more), never);
            assert_eq!(ask(&world, method, "/status/unknown", more), never);
        }
    }
}

#[tokio::test]
async fn a_private_component_looks_like_an_unknown_component() {
    let private = "[[page.component]]\nkey = \"staff\"\nname = \"Staff entrance\"\npublic = false\nchecks = [\"door\"]\n";
    let mut world = World::new(&(page("open", true, &["seen"]) + private));
    world.start().await;
    let id = component_id(&world, "staff");
    let never = ask(&world, "GET", "/components/aaaaaaaaaaaa", "");
    assert_eq!(never.status, 404);
    for end in OF_COMPONENT {
        for root in ["/", "/status/open/"] {
            assert_eq!(ask(&world, "GET", &format!("{root}components/{id}{end}"), ""), never, "{root}{end}");
        }
    }
    for path in ["/", "/uptime", "/uptime.csv", "/history", "/api/v2/summary.json", "/api/v2/components.json"]
    {
        let answer = world.page(path);
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.text();
        assert!(!text.contains("Staff") && !text.contains(&id) && !text.contains("door"), "{path}: {text}");
    }
}

/// The complete content of the open page with its headers, sorted.
fn everything(world: &World, component: &str) -> Vec<(String, Vec<String>, String)> {
    let one = |path: String| {
        let answer = ask(world, "GET", &format!("/status/open/{path}"), "");
        let mut head: Vec<_> = answer.head.lines().map(str::to_owned).collect();
        head.sort();
        (path, head, answer.text())
    };
    paths(component).into_iter().map(one).collect()
}

#[tokio::test]
async fn an_outage_of_a_hidden_component_changes_no_public_byte() {
    let mut nginx = Nginx::start(&NginxSite::default()).await;
    let mut world = World::new(&format!(
        "[local_agent]\nlocation = \"here\"\n\n{}{}{}{}",
        quick_check("door", &nginx.url_at("127.0.0.1", "/")),
        page("open", true, &[]),
        "[[page.component]]\nkey = \"seen\"\nname = \"Seen\"\nchecks = []\n\n",
        "[[page.component]]\nkey = \"staff\"\nname = \"Staff\"\npublic = false\nchecks = [\"door\"]\n"
    ));
    world.start().await;
    let seen = component_id(&world, "seen");
    let bound = Duration::from_secs(20);
    let now_is = |world: &World, status: &str| {
        world.intervals("staff").last().is_some_and(|(_, to, last)| *to == FAR && last == status)
    };
    until("the hidden component is up", bound, async || now_is(&world, "operational")).await;
    // Every page is rendered again when a quarter of an hour begins, and says so.
    let is_quiet = async || (2_000..870_000).contains(&(now() % 900_000));
    until("no quarter of an hour begins meanwhile", Duration::from_secs(40), is_quiet).await;
    let before = everything(&world, &seen);
    nginx.kill().await;
    until("the hidden component is down", bound, async || now_is(&world, "major_outage")).await;
    // A commit is published within a second.
    let published = Instant::now() + Duration::from_millis(1_500);
    until("a publication would have been seen", bound, async || {
        for (now, before) in everything(&world, &seen).into_iter().zip(&before) {
            assert_eq!(now, *before, "a hidden component shows");
        }
        Instant::now() > published
    })
    .await;
}
