//! Behind real caches: content that is no longer public disappears from them soon, and does not return when
//! the aggregator dies.

use crate::edge::{NGINX as OURS, nginx_of};
use crate::http::{Answer, request};
use crate::world::World;
use skerry_tests::parts::Environment;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::until;
use skerry_tests::parts::varnish::Varnish;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A copy is fresh for 10 s and may be served stale once more for 20 s while it is revalidated; the rest is
/// for a busy machine.
const GONE: Duration = Duration::from_secs(45);
/// Time until a cache has noticed for each copy that its origin is dead.
const NOTICED: Duration = Duration::from_secs(60);
const ENCODINGS: [&str; 2] = ["", "\r\nAccept-Encoding: gzip"];

/// `[[page]]`s in which a page, a component and a text are public or not, and a page has a password or not.
fn pages(still: bool) -> String {
    let text = if still { "Launch of Ostrich on Friday" } else { "Where you pay" };
    let closed =
        if still { "public = true" } else { "audience = \"password\"\npassword_file = \"password\"" };
    format!(
        "[[page]]\nkey = \"open\"\nname = \"Open\"\npublic = true\n\n\
         [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\ndescription = \"{text}\"\nchecks = []\n\n\
         [[page.component]]\nkey = \"staff\"\nname = \"Staff entrance\"\npublic = {still}\nchecks = []\n\n\
         [[page]]\nkey = \"gone\"\nname = \"Gone\"\npublic = {still}\n\n\
         [[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nchecks = []\n\n\
         [[page]]\nkey = \"closed\"\nname = \"Closed\"\n{closed}\n\n\
         [[page.component]]\nkey = \"door\"\nname = \"Door\"\nchecks = []\n"
    )
}

/// A cache in front of the aggregator.
struct Cache {
    name: &'static str,
    port: u16,
}

/// Caches configured as in their manuals and in common tutorials, and as in ours.
const NGINX: [(&str, &str); 5] = [
    ("plain", ""),
    ("stale on errors", "proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;"),
    (
        "stale while updating",
        "proxy_cache_use_stale error timeout updating http_502; proxy_cache_background_update on;",
    ),
    (
        "stale while updating, locked, revalidated",
        "proxy_cache_use_stale error timeout updating http_502; proxy_cache_background_update on; \
         proxy_cache_lock on; proxy_cache_revalidate on;",
    ),
    (
        "lives of its own for every status",
        "proxy_ignore_headers Cache-Control; proxy_cache_valid any 5s; proxy_cache_use_stale error timeout;",
    ),
];

/// Varnish with its defaults, and with a long grace, which its users set to serve stale copies on errors.
const VARNISH: [(&str, &str); 2] =
    [("varnish", ""), ("varnish with grace", "sub vcl_backend_response { set beresp.grace = 24h; }")];

async fn nginx_before(origin: u16, more: &str) -> Nginx {
    let http = "proxy_cache_path DIR/cache keys_zone=status:1m inactive=1d;".to_owned();
    let location = format!(
        "location / {{ proxy_pass http://127.0.0.1:{origin}; proxy_cache status; proxy_http_version 1.1; {more} }}"
    );
    let server = format!("{SHOW_CACHE}\n{location}");
    Nginx::start(&Site { http, server, ..Site::default() }).await
}

const SHOW_CACHE: &str = "add_header X-Cache-Status $upstream_cache_status always;";

fn ask(port: u16, path: &str, more: &str) -> Answer {
    request(port, &format!("GET {path} HTTP/1.1{more}"), b"").expect("the cache answers")
}

/// Content that was public and must not be shown any more.
struct Secret {
    path: String,
    /// Text of the body, if the path itself stays public.
    text: Option<&'static str>,
}

impl Secret {
    fn is_shown_in(&self, answer: &Answer) -> bool {
        answer.status == 200
            && self.text.is_none_or(|text| String::from_utf8_lossy(&answer.decoded()).contains(text))
    }
}

/// Whether the cache knows that the aggregator is dead, or serves a copy beyond its 10 s.
fn knows_of_the_death(answer: &Answer) -> bool {
    let age = answer.header("age").and_then(|age| age.parse::<u32>().ok());
    answer.status >= 502
        || matches!(answer.header("x-cache-status"), Some("STALE" | "UPDATING"))
        || age.is_some_and(|age| age > 10)
}

fn id(world: &World, root: &str, name: &str) -> String {
    world.component(root, name)["id"].as_str().expect("an id").to_owned()
}

fn secrets(world: &World) -> Vec<Secret> {
    let gone = |path: String| Secret { path, text: None };
    let says = |path: String, text| Secret { path, text: Some(text) };
    let staff = id(world, "/status/open/", "Staff entrance");
    let shop = id(world, "/status/open/", "Shop");
    let inside = id(world, "/status/gone/", "Inside");
    vec![
        gone("/status/closed/".into()),
        gone("/status/closed/api/v2/components.json".into()),
        gone("/status/gone/".into()),
        gone("/status/gone/api/v2/summary.json".into()),
        gone(format!("/status/gone/components/{inside}")),
        gone(format!("/status/open/components/{staff}")),
        gone(format!("/status/open/components/{staff}/badge.svg")),
        says("/status/open/".into(), "Staff entrance"),
        says("/status/open/api/v2/components.json".into(), "Ostrich"),
        says(format!("/status/open/components/{shop}"), "Ostrich"),
    ]
}

#[tokio::test]
async fn content_that_stops_being_public_disappears_from_every_cache_for_good() {
    let mut world = World::new(&pages(true));
    world.write("password", "right");
    world.start().await;
    let secrets = secrets(&world);
    let (mut nginxes, mut varnishes, mut caches) = (Vec::new(), Vec::new(), Vec::new());
    for (name, more) in NGINX {
        let nginx = nginx_before(world.public, more).await;
        caches.push(Cache { name, port: nginx.port() });
        nginxes.push(nginx);
    }
    nginxes.push(nginx_of(OURS, world.public, SHOW_CACHE, Environment::new()).await);
    caches.push(Cache { name: "nginx as ours", port: nginxes[NGINX.len()].port() });
    for (name, rules) in VARNISH {
        let varnish = Varnish::start(world.public, rules).await;
        caches.push(Cache { name, port: varnish.port });
        varnishes.push(varnish);
    }
    for cache in &caches {
        for secret in &secrets {
            for encoding in ENCODINGS {
                let answer = ask(cache.port, &secret.path, encoding);
                assert!(secret.is_shown_in(&answer), "{}: {} {answer:?}", cache.name, secret.path);
            }
        }
    }
    world.declare(&pages(false));
    world.running().hang_up();
    until("the origin has changed", Duration::from_secs(10), async || {
        secrets.iter().all(|secret| !secret.is_shown_in(&world.page(&secret.path)))
    })
    .await;

    let deadline = Instant::now() + GONE;
    let mut left: BTreeSet<_> = every(&caches, &secrets).collect();
    until("every cache has let go of them", GONE * 2, async || {
        left.retain(|&(cache, secret, encoding)| {
            let (cache, secret, asked) = (&caches[cache], &secrets[secret], Instant::now());
            let answer = ask(cache.port, &secret.path, ENCODINGS[encoding]);
            let shown = secret.is_shown_in(&answer);
            assert!(!shown || asked < deadline, "{}: {} stays: {answer:?}", cache.name, secret.path);
            shown
        });
        left.is_empty()
    })
    .await;

    world.kill();
    let mut left: BTreeSet<_> = every(&caches, &secrets).collect();
    until("every cache misses the aggregator", NOTICED, async || {
        for asked in every(&caches, &secrets) {
            let (cache, secret) = (&caches[asked.0], &secrets[asked.1]);
            let answer = ask(cache.port, &secret.path, ENCODINGS[asked.2]);
            assert!(!secret.is_shown_in(&answer), "{}: {} returned: {answer:?}", cache.name, secret.path);
            if knows_of_the_death(&answer) {
                left.remove(&asked);
            }
        }
        left.is_empty()
    })
    .await;
}

fn every<'a>(caches: &'a [Cache], secrets: &'a [Secret]) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
    (0..caches.len())
        .flat_map(|cache| (0..secrets.len()).map(move |secret| (cache, secret)))
        .flat_map(|(cache, secret)| (0..ENCODINGS.len()).map(move |encoding| (cache, secret, encoding)))
}
