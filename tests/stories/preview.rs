//! Operators show a page before visitors see it.

use crate::enrolment::{run_cli, run_ok};
use crate::http::{Answer, request};
use crate::world::{World, page};
use skerry_tests::parts::until;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
const STRIP: &str = "Preview. Only people with this link see this page.";

/// A public page, one that nobody sees yet, and one with a password.
fn pages() -> String {
    page("open", true, &["seen"])
        + "[[page]]\nkey = \"soon\"\nname = \"Soon\"\n[[page.component]]\nkey = \"new\"\nname = \"New shop\"\nmanual = true\n\
           [[page.component]]\nkey = \"staff\"\nname = \"Staff\"\nmanual = true\npublic = false\n\n\
           [[page]]\nkey = \"partners\"\nname = \"Partners\"\naudience = \"password\"\npassword_file = \"password\"\n\
           [[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n"
}

fn ask(world: &World, method: &str, path: &str) -> Answer {
    request(world.public, &format!("{method} {path} HTTP/1.1"), b"").expect("an answer")
}

/// The path of a link.
fn path_of(link: &str) -> String {
    let at = link.find("/preview/").unwrap_or_else(|| panic!("no link: {link}"));
    link[at..].trim_end().to_owned()
}

async fn is_gone(world: &World, path: &str) {
    let never = ask(world, "GET", "/preview/never/");
    until("the link is ended", BOUND, async || ask(world, "GET", path) == never).await;
}

#[tokio::test]
async fn whoever_has_the_link_sees_the_page_as_it_will_look_until_it_ends() {
    let mut world = World::new(&pages());
    world.write("password", "right");
    world.start().await;
    let path = path_of(&run_ok(&world, &["page", "preview", "soon"]));
    let mut page = ask(&world, "GET", &path);
    until("the page is rendered", BOUND, async || {
        page = ask(&world, "GET", &path);
        page.status == 200
    })
    .await;
    let text = page.text();
    assert!(text.contains(STRIP) && text.contains("New shop") && !text.contains("Staff"), "{text}");
    assert!(text.contains("<meta name=robots content=noindex>"), "{text}");
    let head = page.head.to_ascii_lowercase();
    for line in ["cache-control: private, no-store", "x-robots-tag: noindex", "referrer-policy: no-referrer"]
    {
        assert!(head.contains(line), "{line}: {head}");
    }
    stays_inside(&world, &path, &text);
    // It changes as the page does.
    run_ok(&world, &["component", "set", "New shop", "major_outage", "--page", "soon"]);
    until("the preview shows it", BOUND, async || ask(&world, "GET", &path).text().contains("Major outage"))
        .await;
    // Nobody else sees anything of it.
    assert_eq!(ask(&world, "GET", "/status/soon/"), ask(&world, "GET", "/status/never/"));
    let folder = world.path("copy");
    run_ok(&world, &["export", folder.to_str().expect("text")]);
    let copied = walk(&folder);
    assert!(copied.iter().any(|(name, _)| name.ends_with("index.html")));
    for (name, bytes) in copied {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!name.contains("preview") && !text.contains("New shop") && !text.contains(STRIP), "{name}");
    }
    // The same link again, and after a restart; the log never had it.
    assert_eq!(path_of(&run_ok(&world, &["page", "preview", "soon", "--expires", "1h"])), path);
    let token = path.split('/').nth(2).expect("a token").to_owned();
    assert!(!world.running().log().contains(&token));
    world.stop().await;
    world.start().await;
    assert_eq!(ask(&world, "GET", &path).status, 200);
    // Revoked, it never works again.
    run_ok(&world, &["page", "preview", "soon", "--revoke"]);
    is_gone(&world, &path).await;
    assert_ne!(path_of(&run_ok(&world, &["page", "preview", "soon"])), path);
    let (made, why) = run_cli(&world, &["page", "preview", "open"]);
    assert!(!made && why.contains("is public"), "{why}");
}

/// All that a preview links is there, below its own path.
fn stays_inside(world: &World, path: &str, index: &str) {
    let links = index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut seen = 0;
    for link in links.filter(|link| !link.starts_with('#')) {
        let target = match link.find("/preview/") {
            Some(at) => link[at..].to_owned(),
            None => {
                assert!(!link.contains("://") && !link.starts_with('/') && !link.starts_with(".."), "{link}");
                format!("{path}{}", link.trim_start_matches("./"))
            }
        };
        assert!(target.starts_with(path), "{link}");
        let answer = ask(world, "GET", &target);
        assert_eq!(answer.status, 200, "{target}");
        assert!(
            answer.head.to_ascii_lowercase().contains("cache-control: private, no-store")
                || link.contains("assets/"),
            "{target}: {}",
            answer.head
        );
        seen += 1;
    }
    assert!(seen > 8, "{seen} links");
    let feed = ask(world, "GET", &format!("{path}feed.atom")).text();
    assert!(feed.contains(path) && !feed.contains("/status/soon"), "{feed}");
    let json = ask(world, "GET", &format!("{path}api/v2/summary.json")).text();
    assert!(json.contains(path.trim_end_matches('/')) && !json.contains("/status/soon"), "{json}");
    assert_eq!(ask(world, "GET", &format!("{path}sitemap.xml")), ask(world, "GET", "/never"));
}

#[tokio::test]
async fn a_link_ends_by_itself_and_leaves_a_page_with_a_password_as_it_is() {
    let mut world = World::new(&pages());
    world.write("password", "right");
    world.start().await;
    let path = path_of(&run_ok(&world, &["page", "preview", "partners", "--expires", "10s"]));
    until("the page is rendered", BOUND, async || ask(&world, "GET", &path).text().contains("Inside")).await;
    assert_eq!(ask(&world, "GET", "/status/partners/").status, 403, "others sign in");
    is_gone(&world, &path).await;
    for method in ["GET", "HEAD", "POST"] {
        for path in [path.clone(), format!("{path}feed.rss"), path.trim_end_matches('/').to_owned()] {
            let unknown = path.replacen("/preview/", "/preview/0", 1);
            assert_eq!(ask(&world, method, &path), ask(&world, method, &unknown), "{method} {path}");
        }
    }
    assert_eq!(ask(&world, "GET", "/status/partners/").status, 403);
    // The audit names who made it.
    let audit = rusqlite::Connection::open(world.database()).expect("opens");
    let made: (String, String) = audit
        .query_row("SELECT actor, object FROM audit WHERE action = 'share_preview'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a row");
    assert!(made.0.starts_with("cli:") && made.1 == "page", "{made:?}");
}

/// All files below a folder.
fn walk(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push((path.display().to_string(), std::fs::read(&path).expect("readable")));
        }
    }
    files
}
