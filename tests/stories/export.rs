//! A copy as files: a complete site behind a plain server while the aggregator is dead, and never a half-written one.

use crate::http::{Answer, get};
use crate::world::World;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);
/// From where all links are followed: addresses of other pages are absolute.
const FROM: [&str; 3] = ["/", "/status/", "/status/other/"];
const MANUAL: &str = include_str!("../../docs/export.md");
const PAGES: &str = "[public]\nroot = \"main\"\n\n\
    [[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\nlisted = true\n\n\
    [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n\n\
    [[page]]\nkey = \"other\"\nname = \"Other\"\npublic = true\nlisted = true\n\n\
    [[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n\n\
    [[page]]\nkey = \"staff\"\nname = \"Staff entrance\"\npublic = false\n\n\
    [[page.component]]\nkey = \"door\"\nname = \"Back door\"\nmanual = true\n";

fn run(world: &World, words: &[&str]) -> String {
    let output = world.command(words).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The locations of the server of the manual, verbatim.
async fn nginx_of_the_manual(root: &Path) -> Nginx {
    let (_, server) = MANUAL.split_once("    root /srv/status;\n").expect("an example");
    let (locations, _) = server.split_once("\n}\n").expect("its end");
    let server = format!("root {};\n{locations}", root.display());
    Nginx::start(&Site { server, ..Site::default() }).await
}

/// Every file of a folder with its contents; what was just being written when the aggregator was killed is left out.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with(".skerry-export-") {
                let below = path.strip_prefix(folder).expect("below it").to_string_lossy().into_owned();
                found.insert(below, std::fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

/// The addresses on the same host that a page names, as paths.
pub(crate) fn links(html: &str, at: &str) -> BTreeSet<String> {
    let base = url::Url::parse(&format!("http://copy{at}")).expect("a URL");
    let mut found = BTreeSet::new();
    for attribute in ["href=", "src="] {
        for rest in html.split(attribute).skip(1) {
            let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
            let value = match quote {
                Some(quote) => rest[1..].split(quote).next(),
                None => rest.split([' ', '>']).next(),
            };
            let link = base.join(&value.unwrap_or_default().replace("&amp;", "&")).expect("a link");
            if link.host_str() == Some("copy") && link.scheme() == "http" {
                found.insert(link.path().to_owned());
            }
        }
    }
    found
}

/// Follows every link from these paths.
fn crawl(from: &[&str], ask: impl Fn(&str) -> Answer) -> BTreeSet<String> {
    let mut seen: BTreeSet<String> = from.iter().map(|path| (*path).to_owned()).collect();
    let mut left: Vec<String> = seen.iter().cloned().collect();
    while let Some(path) = left.pop() {
        let answer = ask(&path);
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.text();
        if text.starts_with("<!DOCTYPE html>") {
            let new: Vec<String> =
                links(&text, &path).into_iter().filter(|link| !seen.contains(link)).collect();
            seen.extend(new.iter().cloned());
            left.extend(new);
        }
    }
    seen
}

/// Opens an incident; returns its path once visitors see it.
async fn open_incident(world: &World) -> String {
    let words = ["incident", "open", "--page", "main", "--title", "Cards are declined"];
    run(world, &[&words[..], &["--message", "We are looking.", "--component", "Shop=major"]].concat());
    let listed = || world.page("/api/v2/incidents/unresolved.json").json()["incidents"][0]["id"].clone();
    until("it is published", BOUND, async || listed().is_string()).await;
    format!("/incidents/{}", listed().as_str().expect("an id"))
}

/// What the server says of the files, as the aggregator does.
fn headers_of_the_manual(ask: impl Fn(&str) -> Answer) {
    let data = "default-src 'none'; style-src 'unsafe-inline'";
    for (path, kind, policy) in [
        ("/", "text/html; charset=utf-8", "default-src 'self';"),
        ("/widget.html", "text/html; charset=utf-8", "default-src 'self';"),
        ("/api/v2/status.json", "application/json; charset=utf-8", data),
        ("/badge.svg", "image/svg+xml", data),
        ("/calendar.ics", "text/calendar; charset=utf-8", data),
        ("/uptime.csv", "text/csv; charset=utf-8", data),
        ("/feed.atom", "application/atom+xml; charset=utf-8", data),
    ] {
        let answer = ask(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let said = answer.header("content-security-policy").unwrap_or_default();
        assert!(said.starts_with(policy), "{path}: {said}");
        let exposed = (policy == data).then_some("Age, Date");
        assert_eq!(answer.header("access-control-expose-headers"), exposed, "{path}");
    }
    assert_eq!(ask("/.skerry-export").status, 404, "it names every file");
    let list = ask("/status/").text();
    assert!(list.contains("/status/other/\""), "its links are those of pages: {list}");
}

#[tokio::test]
async fn a_copy_stands_behind_a_plain_server_when_the_aggregator_is_dead() {
    let mut world = World::new("");
    let copy = world.path("copy");
    let export = format!("[[export]]\ndirectory = \"{}\"\n\n", copy.display());
    world.declare(&format!("{export}{PAGES}"));
    world.start().await;
    let incident = open_incident(&world).await;
    let read = |path: &str| std::fs::read_to_string(copy.join(path)).unwrap_or_default();
    until("the incident is in the copy", BOUND, async || {
        read("index.html").contains("Cards are declined") && read("api/v2/status.json").contains("critical")
    })
    .await;
    let live = crawl(&FROM, |path| world.page(path));
    world.kill();
    let nginx = nginx_of_the_manual(&copy).await;
    let ask = |path: &str| get(nginx.port(), path).expect("nginx answers");
    let crawled = crawl(&FROM, ask);
    assert_eq!(crawled, live, "every link that visitors have");
    assert!(crawled.contains(&incident), "{crawled:?}");
    let index = ask("/").text();
    assert!(index.contains("Valid until"), "the page says how long it holds: {index}");
    assert_eq!(ask("/status/other").status, 301, "as the aggregator redirects");
    headers_of_the_manual(ask);
    let (gone, never) = (ask("/status/staff/"), ask("/never"));
    assert_eq!((gone.status, never.status), (404, 404));
    assert!(gone.body == never.body && gone.text().contains("<h1>"), "{}", gone.text());
    let secret = |(path, bytes): &(&String, &Vec<u8>)| {
        let text = String::from_utf8_lossy(bytes);
        path.contains("staff") || ["Staff entrance", "Back door"].iter().any(|name| text.contains(name))
    };
    let all = files(&copy);
    assert_eq!(all.iter().find(secret), None, "what is private is not there");

    // By hand, without an aggregator, the same files come about.
    let by_hand = world.path("by-hand");
    let told = run(&world, &["export", &by_hand.display().to_string()]);
    assert!(told.contains("2 pages"), "{told}");
    assert_eq!(files(&by_hand).keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
    let told = run(&world, &["export", &by_hand.display().to_string(), "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["written"].as_u64() < told["files"].as_u64(), "only what changed: {told}");
    let foreign = world.write("foreign/mine.txt", "mine");
    let folder = foreign.parent().expect("a folder").display().to_string();
    let refused = world.command(&["export", &folder]).output().expect("it starts");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("mine.txt"), "{why}");
    assert_eq!(files(Path::new(&folder)).len(), 1);
}

#[tokio::test]
async fn what_becomes_private_leaves_the_copy_while_an_export_by_hand_may_run() {
    let mut world = World::new("");
    let copy = world.path("copy");
    let export = format!("[[export]]\ndirectory = \"{}\"\n\n", copy.display());
    world.declare(&format!("{export}{PAGES}"));
    world.start().await;
    until("the copy is complete", BOUND, async || copy.join("status/other/api/v2/status.json").exists())
        .await;
    let busy = world.command(&["export", &copy.display().to_string()]).output().expect("it starts");
    let why = String::from_utf8_lossy(&busy.stderr).into_owned();
    assert!(!busy.status.success() && why.contains("another export writes to"), "{why}");
    run(&world, &["export", &world.path("by-hand").display().to_string()]);
    let private = PAGES.replace("name = \"Other\"\npublic = true", "name = \"Other\"\npublic = false");
    world.declare(&format!("{export}{private}"));
    world.running().hang_up();
    until("it is gone", BOUND, async || !copy.join("status/other").exists()).await;
    until("the list follows", BOUND, async || {
        let list = std::fs::read_to_string(copy.join("status/index.html")).unwrap_or_default();
        list.contains("Main") && !list.contains("Other")
    })
    .await;
    world.stop().await;
}
