//! A copy in a bucket of a real S3 server, which fails again and again: what can be reached from its index is whole at every
//! moment, and in the end it is what visitors get.

use crate::export::links;
use crate::http::{get, request};
use crate::world::World;
use skerry_tests::parts::moto::Moto;
use skerry_tests::parts::{skipped, until};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(90);
const PREFIX: &str = "/status/site/";
/// The server does not look at signatures, but there has to be one.
const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
const PAGES: &str = "[public]\nroot = \"main\"\n\n\
    [[page]]\nkey = \"main\"\nname = \"Main\"\npublic = true\n\n\
    [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nmanual = true\n\n\
    [[page]]\nkey = \"other\"\nname = \"Other\"\npublic = true\n\n\
    [[page.component]]\nkey = \"inside\"\nname = \"Inside\"\nmanual = true\n";

/// What the server holds, as its clients were told or not, and what was wrong on the way.
#[derive(Default)]
struct Seen {
    objects: BTreeMap<String, Vec<u8>>,
    requests: usize,
    wrong: Vec<String>,
}

impl Seen {
    /// Follows the links of the index; each must lead to an object.
    fn check(&mut self, after: &str) {
        if !self.objects.contains_key("index.html") {
            return;
        }
        let (mut reached, mut left) = (vec!["/".to_owned()], vec!["/".to_owned()]);
        while let Some(path) = left.pop() {
            let Some(object) = self.at(&path) else {
                self.wrong.push(format!("after {after}: {path} is linked to and not there"));
                return;
            };
            let text = String::from_utf8_lossy(object).into_owned();
            if text.starts_with("<!DOCTYPE html>") {
                let new: Vec<String> =
                    links(&text, &path).into_iter().filter(|link| !reached.contains(link)).collect();
                reached.extend(new.iter().cloned());
                left.extend(new);
            }
        }
    }

    /// The object that a static server shows at a path.
    fn at(&self, path: &str) -> Option<&Vec<u8>> {
        let path = path.trim_start_matches('/');
        let names = [path.to_owned(), format!("{path}.html"), format!("{path}index.html")];
        names.iter().find_map(|name| self.objects.get(name))
    }
}

/// What becomes of a request.
enum Fate {
    Passes,
    Refused,
    /// It takes effect, and the client never hears of it.
    Unanswered,
}

fn fate(number: usize) -> Fate {
    match number {
        // Longer than one request is tried again.
        30..50 => Fate::Refused,
        _ if number % 7 == 3 => Fate::Refused,
        _ if number % 7 == 5 => Fate::Unanswered,
        _ => Fate::Passes,
    }
}

/// A proxy in front of the server on port `origin`, with failures.
fn failing(origin: u16) -> (u16, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let shared = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&shared);
            std::thread::spawn(move || pass(stream, origin, &seen));
        }
    });
    (port, seen)
}

/// One request, and no more of this connection.
fn pass(mut client: TcpStream, origin: u16, seen: &Mutex<Seen>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let (mut first, mut head, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // One after the other, so that what was seen is what the server has.
    let mut seen = seen.lock().expect("nobody panicked");
    seen.requests += 1;
    let fate = fate(seen.requests);
    if matches!(fate, Fate::Refused) {
        let answer = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(answer.as_bytes()).ok();
    }
    let mut server = TcpStream::connect(("127.0.0.1", origin)).ok()?;
    server.write_all(format!("{first}{head}Connection: close\r\n\r\n").as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    let done = answer.starts_with(b"HTTP/1.1 2");
    let mut words = first.split(' ');
    let (method, path) = (words.next()?, words.next()?.split('?').next()?.to_owned());
    if let Some(path) = path.strip_prefix(PREFIX).filter(|path| done && !path.starts_with('.')) {
        match method {
            "PUT" => drop(seen.objects.insert(path.to_owned(), body)),
            "DELETE" => drop(seen.objects.remove(path)),
            _ => {}
        }
        if method != "GET" {
            seen.check(&format!("{method} {path}"));
        }
    }
    if matches!(fate, Fate::Unanswered) {
        return client.shutdown(Shutdown::Both).ok();
    }
    client.write_all(&answer).ok()
}

fn tools() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools")
}

fn set(world: &World, component: &str, status: &str) {
    let output = world.command(&["component", "set", component, status]).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn up_to_date(world: &World) -> bool {
    let metrics = get(world.private, "/metrics").expect("it answers").text();
    let pending = metrics.lines().find(|line| line.starts_with("skerry_export_pending"));
    pending.is_some_and(|line| line.ends_with(" 0")) && exports(&metrics, "success") > Some(0)
}

/// How many exports had this result.
fn exports(metrics: &str, result: &str) -> Option<u64> {
    let of_result = format!("result=\"{result}\"");
    let mut lines = metrics.lines().filter(|line| line.starts_with("skerry_exports_total{"));
    lines.find(|line| line.contains(&of_result))?.rsplit(' ').next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_never_holds_half_a_site() {
    let moto = match Moto::start(&tools()).await {
        Ok(moto) => moto,
        Err(why) => return skipped(&why),
    };
    assert_eq!(request(moto.port, "PUT /status HTTP/1.1", b"").expect("it answers").status, 200);
    let (proxy, seen) = failing(moto.port);
    let mut world = World::new("");
    let [id, secret] = ["s3-id", "s3-secret"].map(|name| world.write(name, "test\n").display().to_string());
    let export = format!(
        "[[export]]\ns3 = {{ bucket = \"status\", prefix = \"site\", endpoint = \"http://127.0.0.1:{proxy}\", \
         access_key_id_file = \"{id}\", secret_access_key_file = \"{secret}\" }}\n\n"
    );
    world.declare(&format!("{export}{PAGES}"));
    world.start().await;
    let holds = |path: &str, text: &str| {
        let seen = seen.lock().expect("nobody panicked");
        seen.objects.get(path).is_some_and(|object| String::from_utf8_lossy(object).contains(text))
    };
    until("the copy is complete", BOUND, async || up_to_date(&world)).await;
    let words =
        ["incident", "open", "--page", "main", "--title", "Cards are declined", "--message", "We look."];
    let output = world.command(&words).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    set(&world, "Shop", "major");
    until("the change is there", BOUND, async || {
        holds("index.html", "Cards are declined") && holds("api/v2/status.json", "critical")
    })
    .await;
    let private = PAGES.replace("name = \"Other\"\npublic = true", "name = \"Other\"\npublic = false");
    world.declare(&format!("{export}{private}"));
    world.running().hang_up();
    until("what is private is gone", BOUND, async || {
        let seen = seen.lock().expect("nobody panicked");
        !seen.objects.keys().any(|path| path.starts_with("status/other/"))
    })
    .await;
    until("the copy is up to date", BOUND, async || up_to_date(&world)).await;
    let metrics = get(world.private, "/metrics").expect("it answers").text();
    assert!(exports(&metrics, "failure") > Some(0), "nothing failed: {metrics}");
    assert_complete(&moto, &seen.lock().expect("nobody panicked"));
    world.stop().await;
}

/// The bucket holds what was sent, and nothing was linked before it was there.
fn assert_complete(moto: &Moto, seen: &Seen) {
    assert_eq!(seen.wrong, Vec::<String>::new(), "of {} requests", seen.requests);
    for (path, object) in &seen.objects {
        let ask = format!("GET {PREFIX}{path} HTTP/1.1\r\n{SIGNED}");
        let stored = request(moto.port, &ask, b"").expect("moto answers");
        assert_eq!(stored.body, *object, "{path}");
        let (head, html) = (stored.head.to_ascii_lowercase(), path.ends_with(".html"));
        assert!(head.contains("cache-control: public, max-age="), "{path}: {head}");
        assert!(!html || head.contains("content-type: text/html; charset=utf-8"), "{path}: {head}");
    }
    assert!(!seen.objects.is_empty());
}
