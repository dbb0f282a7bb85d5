//! Behind caches that are configured as we say: changes arrive at once, load does not, and the page stands when the aggregator
//! does not.

use crate::http::{get, request};
use crate::world::World;
use skerry_tests::parts::Environment;
use skerry_tests::parts::nginx::{Nginx, Site};
use skerry_tests::parts::varnish::Varnish;
use skerry_tests::parts::{stalled, until};
use socket2::{Domain, Socket, Type};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) const VCL: &str = include_str!("../../packaging/edge/varnish.vcl");
pub(crate) const NGINX: &str = include_str!("../../packaging/edge/nginx.conf");
pub(crate) const BOUND: Duration = Duration::from_secs(60);
/// How often the caches are asked.
const REQUESTS: u64 = 10_000;
/// Each with an address of its own.
const CLIENTS: u16 = 64;
/// Changes at least, meanwhile.
const ROUNDS: u64 = 3;
/// What is asked for.
pub(crate) const PATHS: [&str; 3] = ["/", "/api/v2/status.json", "/history"];
pub(crate) const PAGE: &str = "[[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\n\
                    [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n";
const STATUSES: [(&str, &str); 3] = [("major", "critical"), ("degraded", "minor"), ("operational", "none")];

fn set(world: &World, status: &str) {
    let output = world.command(&["component", "set", "Shop", status]).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The indicator of `status.json` behind a cache.
fn indicator(port: u16) -> String {
    let (status, body) = fetch(port, "/api/v2/status.json");
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    body["status"]["indicator"].as_str().expect("a text").to_owned()
}

/// The value of a metric of the aggregator; all its series together.
fn metric(world: &World, name: &str) -> u64 {
    let text = get(world.private, "/metrics").expect("it answers").text();
    let lines = text.lines().filter(|line| line.starts_with(&format!("skerry_{name}")));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64
}

/// How many purges had this result.
fn purges(world: &World, result: &str) -> u64 {
    let text = get(world.private, "/metrics").expect("it answers").text();
    let of_result = format!("result=\"{result}\"");
    let lines =
        text.lines().filter(|line| line.starts_with("skerry_purges_total{") && line.contains(&of_result));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// The requests that the origin answered.
fn at_origin(world: &World) -> u64 {
    ["whole", "not_modified", "not_found", "other"]
        .iter()
        .map(|kind| metric(world, &format!("public_answers_{kind}_total")))
        .sum()
}

/// Status and body of `path`.
pub(crate) fn fetch(port: u16, path: &str) -> (u16, String) {
    ask(&mut connected(port), path)
}

fn connected(port: u16) -> BufReader<TcpStream> {
    connected_from(Ipv4Addr::LOCALHOST, port)
}

pub(crate) fn connected_from(client: Ipv4Addr, port: u16) -> BufReader<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((client, 0)).into()).expect("an address of the loopback");
    socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).expect("the cache listens");
    socket.set_read_timeout(Some(BOUND)).expect("a bound");
    BufReader::new(socket.into())
}

/// Asks for `path` on a connection that stays; returns status and body.
pub(crate) fn ask(stream: &mut BufReader<TcpStream>, path: &str) -> (u16, String) {
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: status.example.com\r\nAccept-Encoding: identity\r\n\r\n");
    stream.get_mut().write_all(head.as_bytes()).expect("sent");
    let (mut status, mut length, mut chunked) = (0, 0, false);
    loop {
        let mut line = String::new();
        assert_ne!(stream.read_line(&mut line).expect("an answer"), 0, "the cache hung up");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().expect("a status");
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().expect("a length");
        }
        chunked |= line == "transfer-encoding: chunked";
    }
    let mut body = Vec::new();
    let mut read = |stream: &mut BufReader<TcpStream>, length: usize| {
        let begin = body.len();
        body.resize(begin + length, 0);
        stream.read_exact(&mut body[begin..]).expect("a body");
    };
    while chunked {
        let mut size = String::new();
        stream.read_line(&mut size).expect("a size");
        let size = usize::from_str_radix(size.trim(), 16).expect("a size");
        read(stream, size);
        stream.read_line(&mut String::new()).expect("an end");
        chunked = size > 0;
    }
    read(stream, length);
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// Many clients ask while `meanwhile` runs again and again; returns how long it took.
fn storm(port: u16, meanwhile: impl Fn()) -> Duration {
    let (begun, asked) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let (failed, rounds) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicU64::new(0)));
    let client = |number: u16| {
        let (asked, failed, rounds) = (Arc::clone(&asked), Arc::clone(&failed), Arc::clone(&rounds));
        std::thread::spawn(move || {
            let [high, low] = number.to_be_bytes();
            let mut stream = connected_from(Ipv4Addr::new(127, 1, high, low + 1), port);
            while asked.fetch_add(1, Ordering::Relaxed) < REQUESTS || rounds.load(Ordering::Relaxed) < ROUNDS
            {
                let path = PATHS[usize::from(number) % PATHS.len()];
                let (status, body) = ask(&mut stream, path);
                if status != 200 || body.is_empty() {
                    failed.lock().expect("nobody panicked").push(format!("{status} for {path}"));
                }
            }
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(client).collect();
    while !clients.iter().all(std::thread::JoinHandle::is_finished) {
        meanwhile();
        rounds.fetch_add(1, Ordering::Relaxed);
    }
    clients.into_iter().for_each(|client| client.join().expect("no panic"));
    assert_eq!(*failed.lock().expect("nobody panicked"), Vec::<String>::new());
    begun.elapsed()
}

/// Sets one status after the other.
fn changes(world: &World) -> impl Fn() + '_ {
    let count = AtomicU64::new(0);
    move || {
        let next = usize::try_from(count.fetch_add(1, Ordering::Relaxed)).expect("small");
        set(world, STATUSES[next % STATUSES.len()].0);
    }
}

/// Varnish as we configure it.
pub(crate) async fn varnish_before(world: &World, environment: Environment) -> Varnish {
    varnish_of(VCL, world.public, environment).await
}

/// Varnish with this configuration.
pub(crate) async fn varnish_of(text: &str, origin: u16, environment: Environment) -> Varnish {
    let port = format!(".port = \"{origin}\";");
    Varnish::start_in(&text.replace(".port = \"8080\";", &port), environment).await
}

/// nginx as we configure it.
pub(crate) async fn nginx_before(world: &World, environment: Environment) -> Nginx {
    nginx_of(NGINX, world.public, "", environment).await
}

/// nginx with this configuration and a line more for its server.
pub(crate) async fn nginx_of(text: &str, origin: u16, more: &str, environment: Environment) -> Nginx {
    let origin = format!("proxy_pass http://127.0.0.1:{origin};");
    let text = text
        .replace("proxy_pass http://127.0.0.1:8080;", &origin)
        .replace("/var/cache/nginx-status", "DIR/cache");
    let (http, server) = text.split_once("\nserver {").expect("a server");
    let server = server.trim_end().strip_suffix('}').expect("its end");
    let is_place = |line: &&str| !["listen ", "server_name "].iter().any(|one| line.trim().starts_with(one));
    let server: Vec<&str> = std::iter::once(more).chain(server.lines().filter(is_place)).collect();
    let server = server.join("\n");
    // The clients of the test ask more often than nginx lets one connection by default.
    let http = format!("{http}\nkeepalive_requests 1000000;");
    Nginx::start(&Site { http, server, environment, ..Site::default() }).await
}

#[tokio::test]
async fn behind_varnish_changes_are_seen_at_once_and_load_is_not() {
    let mut world = World::new("");
    let varnish = varnish_before(&world, Environment::new()).await;
    let edge = varnish.port;
    world.declare(&format!("[[purge]]\nvarnish = {{ url = \"http://127.0.0.1:{edge}\" }}\n\n{PAGE}"));
    world.start().await;
    until("the cache has the page", BOUND, async || fetch(edge, "/api/v2/status.json").0 == 200).await;
    // The purge of the start is over, and so is the pause after it.
    until("the start has purged", BOUND, async || purges(&world, "success") > 0).await;
    let calm = Instant::now();
    until("the pause is over", BOUND, async || calm.elapsed() > Duration::from_millis(5_100)).await;

    for (status, expected, bound) in [("major", "critical", 1), ("degraded", "minor", 6)] {
        indicator(edge);
        set(&world, status);
        let (changed, busy) = (Instant::now(), stalled());
        until("the change is at the edge", BOUND, async || indicator(edge) == expected).await;
        let limit = Duration::from_secs(bound) + (stalled() - busy);
        assert!(changed.elapsed() <= limit, "{status}: {:?}", changed.elapsed());
    }

    let before = at_origin(&world);
    let took = storm(edge, changes(&world));
    let asked = at_origin(&world) - before;
    // Each path once for each purge and for each end of a life, and the probe of the cache.
    let seconds = took.as_secs() + 1;
    let most = PATHS.len() as u64 * (3 + seconds / 5 + seconds / 30) + seconds.div_ceil(2) + 2;
    println!("{REQUESTS} requests in {took:?}: {asked} at the origin, at most {most}");
    assert!(asked <= most && most < REQUESTS / 20, "{asked} requests at the origin in {took:?}");

    until("it is operational", BOUND, async || {
        set(&world, "major");
        indicator(edge) == "critical"
    })
    .await;
    assert_eq!(purges(&world, "failure"), 0);
    let page = world.page("/").head;
    let key = page.split("urrogate-key: ").nth(1).and_then(|rest| rest.split([' ', '\r', '\n']).next());
    let expire = format!("PURGEKEYS / HTTP/1.1\r\nxkey-softpurge: {}", key.expect("its key"));
    let purged = move || {
        let answer = request(edge, &expire, b"").expect("the cache answers");
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    stands(&mut world, edge, Duration::from_secs(6), purged).await;
}

/// The origin dies, is away beyond the life of its copies, which `expire` may end, and returns.
async fn stands(world: &mut World, edge: u16, life: Duration, expire: impl Fn()) {
    for path in PATHS {
        assert_eq!(fetch(edge, path).0, 200);
    }
    world.kill();
    expire();
    let dead = Instant::now();
    until("copies are old", BOUND, async || {
        for path in PATHS {
            let (status, _) = fetch(edge, path);
            assert_eq!(status, 200, "{path} {:?} after the origin died", dead.elapsed());
        }
        dead.elapsed() > life
    })
    .await;
    let (_, page) = fetch(edge, "/");
    assert!(page.contains("Valid until"), "the page says how long it holds: {page}");
    assert_eq!(indicator(edge), "critical", "the last state that was known");
    world.start().await;
    let before = at_origin(world);
    let took = storm(edge, std::thread::yield_now);
    let asked = at_origin(world) - before;
    let most = PATHS.len() as u64 * (3 + (took.as_secs() + 1) / 5) + took.as_secs().div_ceil(2) + 4;
    assert!(
        asked <= most,
        "a stampede: {asked} of {REQUESTS} requests at the origin in {took:?}, at most {most}"
    );
    until("the cache has the new aggregator's pages", BOUND, async || {
        fetch(edge, "/").1 == world.page("/").text()
    })
    .await;
}

#[tokio::test]
async fn behind_nginx_load_follows_lives_and_not_viewers() {
    let mut world = World::new(PAGE);
    world.start().await;
    let nginx = nginx_before(&world, Environment::new()).await;
    let edge = nginx.port();
    for path in PATHS {
        assert_eq!(fetch(edge, path).0, 200);
    }
    let before = at_origin(&world);
    let took = storm(edge, changes(&world));
    let asked = at_origin(&world) - before;
    let most = PATHS.len() as u64 * (2 + (took.as_secs() + 1) / 10);
    println!("{REQUESTS} requests in {took:?}: {asked} at the origin, at most {most}");
    assert!(asked <= most && most < REQUESTS / 20, "{asked} requests at the origin in {took:?}");
    set(&world, "operational");
    until("it is operational", BOUND, async || indicator(edge) == "none").await;
    set(&world, "major");
    let (changed, busy) = (Instant::now(), stalled());
    until("the change is at the edge", BOUND, async || indicator(edge) == "critical").await;
    let limit = Duration::from_secs(11) + (stalled() - busy);
    assert!(changed.elapsed() <= limit, "without a purge: {:?}", changed.elapsed());
    stands(&mut world, edge, Duration::from_secs(12), || {}).await;
}
