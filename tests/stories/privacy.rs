//! A private page, an unknown page and an unknown path get the same response, byte for byte.

use crate::enrolment::run_ok;
use crate::http::{Answer, request};
use crate::world::{FAR, World, now, page, quick_check};
use rusqlite::{Connection, OpenFlags};
use skerry_tests::parts::nginx::{Nginx, Site as NginxSite};
use skerry_tests::parts::until;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Paths that are no outputs of a page, and resemble them.
const NO_OUTPUTS: [&str; 16] = [
    "api/v2/",
    "announcements/x",
    "assets/x.css",
    "components/x/badge.svg",
    "history/1999-01",
    "incidents/x",
    "logo",
    "maintenance/x",
    "maintenance/x/calendar.ics",
    "robots.txt",
    "subscribe",
    "subscriptions/x",
    "unsubscribe/x",
    "..",
    "%2e%2e/",
    "?x=1",
];

/// Every path below the root of a page that visitors see: those of the files that a copy has of it.
fn routes(world: &World, slug: &str) -> Vec<String> {
    let copy = world.path("copy");
    run_ok(world, &["export", copy.to_str().expect("text")]);
    let root = copy.join("status").join(slug);
    let mut routes: Vec<String> = files(&root).iter().map(|file| route(file, &root)).collect();
    routes.sort();
    routes
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The path at which the output of a file is served: pages have no extension there.
fn route(file: &Path, root: &Path) -> String {
    let name = file.strip_prefix(root).expect("below it").to_str().expect("text");
    match name {
        "index.html" => String::new(),
        "widget.html" => name.to_owned(),
        name => name.strip_suffix(".html").unwrap_or(name).to_owned(),
    }
}

fn ask(world: &World, method: &str, path: &str, more: &str) -> Answer {
    request(world.public, &format!("{method} {path} HTTP/1.1{more}"), b"").expect("an answer")
}

/// The first column of the first row.
fn query(world: &World, sql: &str, of: &str) -> String {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(world.database(), flags).expect("opens");
    database.query_row(sql, [of], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql} {of}: {error}"))
}

fn component_id(world: &World, key: &str) -> String {
    query(world, "SELECT id FROM component WHERE file_key = ?1", key)
}

/// A page with all that a page may have.
fn full(slug: &str, who: &str) -> String {
    format!(
        "[[page]]\nkey = \"{slug}\"\nname = \"Page {slug}\"\n{who}\n[page.branding]\nlogo = \"logo.svg\"\ncss = \"look.css\"\n\
         [[page.group]]\nkey = \"group\"\nname = \"Group\"\n\
         [[page.group.component]]\nkey = \"{slug}-one\"\nname = \"One\"\nchecks = [\"door\"]\nresponse_time = true\n\
         [[page.component]]\nkey = \"{slug}-staff\"\nname = \"Staff\"\npublic = false\nmanual = true\n\n"
    )
}

/// Has an incident that is over, an open one, maintenance and an announcement on a page.
fn announce(world: &World, slug: &str) {
    let component = format!("{slug}-one=degraded");
    let words = ["incident", "open", "--page", slug, "--title", "Slow", "--message", "It is slow."];
    let opened = run_ok(world, &[&words[..], &["--component", &component, "--json"]].concat());
    let opened: serde_json::Value = serde_json::from_str(&opened).expect("JSON");
    let id = opened["incident"].as_str().expect("an id");
    run_ok(world, &["incident", "resolve", id, "--message", "It is fast.", "--release"]);
    let component = format!("{slug}-one");
    let from = jiff::Timestamp::from_second(now() / 1_000 + 3_600).expect("a time").to_string();
    let words = ["maintenance", "schedule", "--page", slug, "--title", "Disks", "--message", "New disks."];
    run_ok(world, &[&words[..], &["--component", &component, "--from", &from, "--for", "1h"]].concat());
    run_ok(world, &["announcement", "create", "--page", slug, "--title", "Hours", "--message", "New hours."]);
}

/// The ids of what stands on a page, in an order that all pages have.
fn ids(world: &World, slug: &str) -> [String; 4] {
    let of = |from: &str| format!("SELECT one.id FROM page, {from} WHERE page.slug = ?1 ORDER BY one.key");
    [
        component_id(world, &format!("{slug}-one")),
        query(world, &of("incident AS one ON one.page = page.key"), slug),
        query(world, &of("planned_window AS one ON one.page = page.key"), slug),
        query(
            world,
            &of(
                "announcement AS one ON one.key IN (SELECT announcement FROM announcement_page WHERE page = page.key)",
            ),
            slug,
        ),
    ]
}

/// The path that a route of one page has on another, where other ids stand.
fn moved(route: &str, from: &[String; 4], to: &[String; 4]) -> String {
    from.iter().zip(to).fold(route.to_owned(), |route, (from, to)| route.replace(from, to))
}

const HEADERS: [&str; 4] =
    ["", "\r\nAccept-Encoding: gzip, br", "\r\nIf-None-Match: *", "\r\nX-Forwarded-Host: secret"];

/// A public page, one that nobody sees, and one for another network, each with all that a page may have.
async fn three_pages() -> World {
    let network = "audience = \"networks\"\nnetworks = [\"192.0.2.0/24\"]";
    let pages = [full("open", "public = true"), full("secret", ""), full("vault", network)].concat();
    let public = "[public]\nbase_domain = \"pages.example\"\n\n";
    let mut world = World::new(&format!("{public}{}{pages}", page("first", true, &[])));
    world.write("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>");
    world.write("look.css", "header { padding: 1px }");
    world.start().await;
    for slug in ["open", "secret", "vault"] {
        announce(&world, slug);
    }
    until("it is published", Duration::from_secs(20), async || {
        world.page("/status/open/").text().contains("New hours.")
    })
    .await;
    world
}

#[tokio::test]
async fn a_private_page_looks_like_an_unknown_page() {
    let world = three_pages().await;
    let routes = routes(&world, "open");
    for route in &routes {
        assert_eq!(world.page(&format!("/status/open/{route}")).status, 200, "{route}");
    }
    let [open, secret, vault] = ["open", "secret", "vault"].map(|slug| ids(&world, slug));
    for id in &open {
        assert!(routes.iter().any(|route| route.contains(id)), "{id} is in no route: {routes:?}");
    }
    for known in
        ["", "feed.rss", "calendar.ics", "api/v2/summary.json", "badge/uptime.svg", "logo.", "sitemap.xml"]
    {
        let named = |route: &String| route == known || known.ends_with('.') && route.starts_with(known);
        assert!(routes.iter().any(named), "{known}: {routes:?}");
    }
    let all = || routes.iter().map(String::as_str).chain(NO_OUTPUTS);
    let others = ["POST", "OPTIONS", "DELETE", "PROPFIND"].map(|method| (method, &HEADERS[..1]));
    for (method, headers) in [("GET", &HEADERS[..]), ("HEAD", &HEADERS[..])].into_iter().chain(others) {
        for more in headers {
            let never = ask(&world, method, "/never-was", more);
            if ["GET", "HEAD"].contains(&method) {
                assert_eq!(never.status, 404);
                let life = "cache-control: public, max-age=10";
                assert!(never.head.lines().any(|line| line == life), "{}", never.head);
            } else {
                assert_eq!(never.status, 405, "{method}");
            }
            for route in all() {
                for (slug, own) in [("secret", &secret), ("vault", &vault), ("unknown", &open)] {
                    let route = moved(route, &open, own);
                    for root in [format!("/status/{slug}"), format!("http://{slug}.pages.example")] {
                        let path = format!("{root}/{route}");
                        assert_eq!(ask(&world, method, &path, more), never, "{method} {path}{more}");
                    }
                }
                let path = format!("/preview/{}/{route}", "0".repeat(64));
                assert_eq!(ask(&world, method, &path, more), never, "{method} {path}{more}");
            }
            for path in
                ["/status/secret", "/status/vault", "/status/unknown", "/preview", "/preview/", "/preview/0"]
            {
                assert_eq!(ask(&world, method, path, more), never, "{method} {path}{more}");
            }
        }
    }
}

#[tokio::test]
async fn a_private_component_looks_like_an_unknown_component() {
    let world = three_pages().await;
    let (one, staff) = (component_id(&world, "open-one"), component_id(&world, "open-staff"));
    let routes = routes(&world, "open");
    let of_component: Vec<&String> = routes.iter().filter(|route| route.contains(&one)).collect();
    assert!(of_component.len() > 9, "{of_component:?}");
    for method in ["GET", "HEAD"] {
        for more in HEADERS {
            let never = ask(&world, method, "/never-was", more);
            for route in &of_component {
                for id in [&staff, &component_id(&world, "secret-one"), "aaaaaaaaaaaa"] {
                    let path = format!("/status/open/{}", route.replace(&one, id));
                    assert_eq!(ask(&world, method, &path, more), never, "{method} {path}{more}");
                }
            }
        }
    }
    for route in &routes {
        let text = world.page(&format!("/status/open/{route}")).text();
        assert!(
            !text.contains("Staff") && !text.contains(&staff) && !text.contains("door"),
            "{route}: {text}"
        );
    }
}

/// The complete content of the open page with its headers, sorted.
fn everything(world: &World, routes: &[String]) -> Vec<(String, Vec<String>, String)> {
    let one = |path: String| {
        let answer = ask(world, "GET", &format!("/status/open/{path}"), "");
        let mut head: Vec<_> = answer.head.lines().map(str::to_owned).collect();
        head.sort();
        (path, head, answer.text())
    };
    routes.iter().cloned().map(one).collect()
}

#[tokio::test]
async fn an_outage_of_a_hidden_component_changes_no_public_byte() {
    let mut nginx = Nginx::start(&NginxSite::default()).await;
    let mut world = World::new(&format!(
        "[local_agent]\nlocation = \"here\"\n\n{}{}{}{}{}",
        quick_check("door", &nginx.url_at("127.0.0.1", "/")),
        page("first", true, &[]),
        page("open", true, &[]),
        "[[page.component]]\nkey = \"seen\"\nname = \"Seen\"\nchecks = []\n\n",
        "[[page.component]]\nkey = \"staff\"\nname = \"Staff\"\npublic = false\nchecks = [\"door\"]\n"
    ));
    world.start().await;
    let bound = Duration::from_secs(20);
    let now_is = |world: &World, status: &str| {
        world.intervals("staff").last().is_some_and(|(_, to, last)| *to == FAR && last == status)
    };
    until("the hidden component is up", bound, async || now_is(&world, "operational")).await;
    // Every page is rendered again when a quarter of an hour begins, and says so.
    let is_quiet = async || (2_000..870_000).contains(&(now() % 900_000));
    until("no quarter of an hour begins meanwhile", Duration::from_secs(40), is_quiet).await;
    let routes = routes(&world, "open");
    let before = everything(&world, &routes);
    nginx.kill().await;
    until("the hidden component is down", bound, async || now_is(&world, "major_outage")).await;
    // A commit is published within a second.
    let published = Instant::now() + Duration::from_millis(1_500);
    until("a publication would have been seen", bound, async || {
        for (now, before) in everything(&world, &routes).into_iter().zip(&before) {
            assert_eq!(now, *before, "a hidden component shows");
        }
        Instant::now() > published
    })
    .await;
}
