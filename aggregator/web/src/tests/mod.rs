//! The HTTP endpoints over real sockets: what a cache, a crawler or an attacker gets, to the byte.

mod api;
mod archive;
mod clients;
mod endpoints;
mod http2;
mod pipelining;
mod poisoning;
mod public;
mod restricted;
mod subscriptions;
mod timeouts;

use super::{
    Api, BaseHosts, Bound, Delivery, Endpoints, EnrolAnswer, Ingest, IngestAnswer, Limits, Listener,
    MetricsAccess, Operations, PublicSide, Readiness, Serves, TlsFiles, Traffic, TrustedProxies,
};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use skerry_domain::time::Timestamp;
use skerry_protocol::wire::{EnrolReply, EnrolRequest, Reply};
use skerry_publish::html::Document;
use skerry_publish::output::{CacheClass, Compression, Kind, Output, Publication, Site};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

const POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'";
const METRICS: &str = "# TYPE skerry_x counter\nskerry_x_total 1\n# EOF\n";
const NOW: Timestamp = Timestamp(784_111_777_000);

/// Accepts every batch of the token `good`; other tokens name the answer that they get.
#[derive(Default)]
struct FakeIngest {
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

struct Admitted {
    bodies: Arc<Mutex<Vec<Bytes>>>,
    token: String,
}

#[async_trait]
impl Delivery for Admitted {
    fn grow(&mut self, _bytes: usize) -> Result<(), IngestAnswer> {
        if self.token == "no-room" { Err(IngestAnswer::Busy { retry_after: 2 }) } else { Ok(()) }
    }

    async fn batch(self: Box<Self>, body: Bytes) -> IngestAnswer {
        match self.token.as_str() {
            "broken" => IngestAnswer::Malformed("epoch must be 16 bytes".into()),
            "busy" => IngestAnswer::Busy { retry_after: 3 },
            "flood" => IngestAnswer::Exceeded { why: "exceeds its limit".into(), retry_after: 9 },
            "full" => IngestAnswer::Unavailable("the disk is full".into()),
            _ => {
                self.bodies.lock().expect("not poisoned").push(body);
                IngestAnswer::Reply(Reply { protocol: 1, acknowledged_through: 7, ..Reply::default() })
            }
        }
    }
}

#[async_trait]
impl Ingest for FakeIngest {
    async fn admit(&self, token: Option<&str>) -> Result<Box<dyn Delivery>, IngestAnswer> {
        match token {
            Some("other-workspace") => Err(IngestAnswer::Forbidden("not this agent".into())),
            Some(token @ ("good" | "no-room" | "broken" | "busy" | "flood" | "full")) => {
                Ok(Box::new(Admitted { bodies: Arc::clone(&self.bodies), token: token.to_owned() }))
            }
            _ => Err(IngestAnswer::Unauthorized),
        }
    }

    async fn enrol(&self, request: EnrolRequest) -> EnrolAnswer {
        match request.secret.as_str() {
            "good" => EnrolAnswer::Reply(EnrolReply {
                protocol: 1,
                credential: "ska".into(),
                ..EnrolReply::default()
            }),
            "used" => EnrolAnswer::Spent("already used".into()),
            "full" => EnrolAnswer::Unavailable("the disk is full".into()),
            _ => EnrolAnswer::Unknown("no such token".into()),
        }
    }
}

/// Reports the given reasons and requires the given token; an empty token stands for one that cannot be read.
#[derive(Default)]
struct FakeOperations {
    token: Mutex<Option<&'static str>>,
    reasons: Mutex<Vec<String>>,
}

impl Operations for FakeOperations {
    fn ready(&self) -> Readiness {
        Readiness { reasons: self.reasons.lock().expect("not poisoned").clone() }
    }

    fn metrics_access(&self, token: Option<&str>) -> MetricsAccess {
        match *self.token.lock().expect("not poisoned") {
            None => MetricsAccess::Granted,
            Some("") => MetricsAccess::Unavailable,
            wanted if token == wanted => MetricsAccess::Granted,
            Some(_) => MetricsAccess::Denied,
        }
    }

    fn metrics(&self) -> String {
        METRICS.into()
    }
}

/// A site that is being served; it stops when the test ends.
struct TestServer {
    addresses: Vec<SocketAddr>,
    site: Arc<ArcSwap<Site>>,
    traffic: Traffic,
    ingest: Arc<FakeIngest>,
    operations: Arc<FakeOperations>,
    api: Arc<api::FakeApi>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

const PUBLIC: Serves = Serves { public: true, agents: false, hooks: false, api: false, admin: false };
const PRIVATE: Serves = Serves { public: false, agents: true, hooks: true, api: true, admin: true };

impl TestServer {
    fn start(site: Site, serves: &[Serves]) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners: Vec<Listener> = serves
            .iter()
            .map(|serves| Listener {
                address,
                serves: *serves,
                tls: None,
                names: Vec::new(),
                proxies: TrustedProxies::default(),
            })
            .collect();
        Self::start_bound(site, super::bind(&listeners).expect("a free port"))
    }

    fn start_bound(site: Site, bound: Bound) -> Self {
        Self::start_limited(site, bound, Limits { workers: 1, ..Limits::default() })
    }

    fn start_limited(site: Site, bound: Bound, limits: Limits) -> Self {
        let addresses = bound.addresses();
        let site = Arc::new(ArcSwap::from_pointee(site));
        let (ingest, operations) = (Arc::new(FakeIngest::default()), Arc::new(FakeOperations::default()));
        let (traffic, api) = (Traffic::default(), Arc::default());
        let not_found = Document { html: "<title>Not found</title>".to_owned(), policy: POLICY.to_owned() };
        let base =
            BaseHosts { domain: Some("base.example".to_owned()), host: Some("www.base.example".to_owned()) };
        let public = PublicSide::new(Arc::clone(&site), not_found, traffic.clone()).below(base);
        let public = Arc::new(public);
        let endpoints = Endpoints {
            public,
            subscriptions: Some(Arc::new(subscriptions::FakeSubscriptions)),
            restricted: Some(restricted::side()),
            ingest: Arc::clone(&ingest) as Arc<dyn Ingest>,
            heartbeats: None,
            api: Some(Arc::clone(&api) as Arc<dyn Api>),
            operations: Arc::clone(&operations) as Arc<dyn Operations>,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let shutdown = async move { stopped.await.unwrap_or_default() };
            let run = async move { bound.run(&endpoints, limits, shutdown).await };
            let runtime = runtime.expect("a runtime");
            let served = runtime.block_on(async { tokio::spawn(run).await.expect("no panic") });
            served.expect("serves until stopped");
        });
        Self { addresses, site, traffic, ingest, operations, api, stop: Some(stop), thread: Some(thread) }
    }

    /// Requests `GET path` on `host` from the first listener, with further header lines.
    fn get(&self, host: &str, path: &str, lines: &[&str]) -> Answer {
        self.request(0, "GET", host, path, lines)
    }

    fn request(&self, listener: usize, method: &str, host: &str, path: &str, lines: &[&str]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for line in lines {
            head += line;
            head += "\r\n";
        }
        head += "\r\n";
        self.send(listener, head.as_bytes())
    }

    /// Sends the bytes unchanged and reads until the server closes.
    fn send(&self, listener: usize, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.addresses[listener]).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
        stream.write_all(request).expect("it reads");
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).expect("it answers and closes");
        Answer::parse(&raw)
    }

    fn stop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            stop.send(()).expect("it still runs");
            thread.join().expect("it ends in order");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// Creates a certificate for a.example, and its files in `folder`.
fn create_certificate(folder: &Path) -> (rcgen::Certificate, TlsFiles) {
    let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).expect("a certificate");
    let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).expect("writable");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("writable");
    (made.cert, files)
}

/// Starts TLS to a.example on `socket`; trusts `certificate` only.
fn tls_client(
    certificate: &rcgen::Certificate,
    socket: TcpStream,
) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).expect("a certificate");
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of the provider")
            .with_root_certificates(roots)
            .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("a.example").expect("a host name");
    let connection = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
    rustls::StreamOwned::new(connection, socket)
}

/// A response as it was received, without `Date`: that alone may differ between two 404s.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(raw: &[u8]) -> Self {
        let end =
            raw.windows(4).position(|four| four == b"\r\n\r\n").expect("a head ends with an empty line");
        let head = std::str::from_utf8(&raw[..end]).expect("heads are ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next().expect("a status line").to_owned();
        let mut headers = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("name and value");
            let former = headers.insert(name.to_ascii_lowercase(), value.to_owned());
            assert_eq!(former, None, "{name} is sent once");
        }
        assert!(headers.remove("date").is_some(), "an origin dates its answers");
        Self { status, headers, body: raw[end + 4..].to_vec() }
    }

    fn code(&self) -> &str {
        &self.status[9..12]
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }
}

fn output(content_type: &'static str, cache: CacheClass, keys: &[&str], body: &str) -> Arc<Output> {
    let policy = if content_type.starts_with("text/html") { POLICY } else { "" };
    Output::render(Kind { content_type, cache, keys, policy }, body.into(), NOW, None, Compression::Fast)
}

fn page(name: &str) -> Arc<Publication> {
    let html = "text/html; charset=utf-8";
    let json = "application/json; charset=utf-8";
    let long = format!("<!doctype html><title>{name}</title>{}", "<p>operational</p>".repeat(200));
    let outputs = [
        ("", output(html, CacheClass::Live, &[name, "index"], &long)),
        ("history/2026-10", output(html, CacheClass::Closed, &[name], &long)),
        ("api/v2/status.json", output(json, CacheClass::Live, &[name], &format!("{{\"name\":\"{name}\"}}"))),
        ("components/abc/badge.svg", output("image/svg+xml", CacheClass::Live, &[name], "<svg/>")),
        ("robots.txt", output("text/plain; charset=utf-8", CacheClass::Live, &[], name)),
    ];
    let outputs = outputs.into_iter().map(|(path, output)| (path.to_owned(), output));
    Arc::new(Publication { outputs: outputs.collect(), ..Publication::default() })
}

/// Pages `a` (also at a.example) and `b`. Like a private page, a page `hidden` is not part of the site.
fn two_pages() -> Site {
    let (a, b) = (page("a"), page("b"));
    let script = output("text/javascript; charset=utf-8", CacheClass::Immutable, &[], "let a = 1;");
    let robots = output("text/plain; charset=utf-8", CacheClass::Live, &[], "shared");
    Site {
        by_slug: [("a".to_owned(), Arc::clone(&a)), ("b".to_owned(), b)].into_iter().collect(),
        by_host: [("a.example".to_owned(), a)].into_iter().collect(),
        root: None,
        directory: None,
        shared: [("assets/0a1b.js".to_owned(), script), ("robots.txt".to_owned(), robots)]
            .into_iter()
            .collect(),
    }
}
