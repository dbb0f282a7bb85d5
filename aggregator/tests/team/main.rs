//! The team hears of problems: once, though the program starts again, and however slow another receiver is.

use serde_json::Value;
use skerry_aggregator::app::App;
use skerry_aggregator::config::load;
use skerry_aggregator::engine::Engine;
use skerry_domain::step::{Command, ProblemChange};
use skerry_domain::workspaces::Target;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const BOUND: Duration = Duration::from_secs(60);

/// A server that takes every request and keeps the bodies, by path.
struct Endpoint {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Endpoint {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let taken = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let kept = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&kept)));
            }
        });
        Self { address, taken }
    }

    /// The states and titles that a pager heard of, in order.
    fn paged(&self) -> Vec<String> {
        let taken = self.taken.lock().expect("unpoisoned");
        let pages = taken.iter().filter(|(path, _)| path == "/page");
        pages.map(|(_, body)| format!("{} {}", text(body, "state"), text(body, "title"))).collect()
    }

    fn alerts(&self) -> Vec<Value> {
        let taken = self.taken.lock().expect("unpoisoned");
        let alerts = taken.iter().filter(|(path, _)| path == "/api/v2/alerts");
        alerts.flat_map(|(_, body)| body.as_array().expect("a list").clone()).collect()
    }
}

fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap_or_else(|| panic!("no {member}: {body}"))
}

async fn answer(mut stream: TcpStream, kept: Arc<Mutex<Vec<(String, Value)>>>) {
    let mut read = Vec::new();
    loop {
        let head = read.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head {
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if read.len() >= end + 4 + length {
                let path = head.split(' ').nth(1).expect("a request line").to_owned();
                let body = serde_json::from_slice(&read[end + 4..]).expect("JSON");
                kept.lock().expect("unpoisoned").push((path, body));
                let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(reply).await;
                return;
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&chunk[..count]),
        }
    }
}

/// A running aggregator.
struct Running {
    engine: Engine,
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    async fn start(folder: &Path, text: &str) -> Self {
        let path = folder.join("aggregator.toml");
        std::fs::write(&path, text).expect("written");
        let configs = load(&[path]).map_err(|problems| problems.to_string()).expect("a right file").configs;
        let app = App::start(&configs, Vec::new()).await.expect("starts");
        let engine = app.engine();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(app.run(async move { stopped.await.unwrap_or_default() }));
        Self { engine, stop, task }
    }

    async fn stop(self) {
        self.stop.send(()).expect("it runs");
        timeout(BOUND, self.task).await.expect("stops in time").expect("no panic").expect("stops");
    }
}

fn check(name: &str, address: SocketAddr) -> String {
    let port = address.port();
    format!(
        "[[check]]\nname = \"{name}\"\ntype = \"tcp\"\nhost = \"127.0.0.1\"\nport = {port}\ninterval = \"1s\"\n\
         timeout = \"500ms\"\nfall = 1\nrise = 1\nlabels = {{ team = \"web\" }}\n"
    )
}

fn file(endpoint: SocketAddr, dead: SocketAddr, checks: &str) -> String {
    format!(
        "[[listen]]\naddress = \"127.0.0.1:0\"\nserves = [\"public\"]\n[store]\npath = \"skerry.db\"\n[local_agent]\n\
         [[receiver]]\nname = \"dead\"\ntype = \"http\"\nurl = \"http://{dead}/{{{{id}}}}\"\n\
         [[receiver]]\nname = \"pager\"\ntype = \"http\"\nurl = \"http://{endpoint}/page\"\n\
         headers = {{ Content-Type = \"application/json\" }}\n\
         body = '{{\"id\": \"{{{{id}}}}\", \"state\": \"{{{{state}}}}\", \"title\": \"{{{{title}}}}\"}}'\n\
         [[receiver]]\nname = \"alerts\"\ntype = \"alertmanager\"\nurl = \"http://{endpoint}\"\n\
         [[receiver]]\nname = \"other-team\"\ntype = \"http\"\nurl = \"http://{endpoint}/other/{{{{id}}}}\"\n\
         [[route]]\nreceivers = [\"dead\", \"pager\", \"alerts\"]\nlabels = {{ team = \"web\" }}\n\
         [[route]]\nreceivers = [\"other-team\"]\nlabels = {{ team = \"db\" }}\n{checks}"
    )
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + BOUND;
    while !holds() {
        assert!(Instant::now() < end, "not in time: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// An address at which nothing listens, until it is bound again.
async fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("bound")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_is_said_once_and_its_end_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = Endpoint::start().await;
    // It takes connections and never answers.
    let dead = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dead = (dead.local_addr().expect("bound"), dead);
    let (one, two) = (closed().await, closed().await);

    let checks = check("one", one);
    let running = Running::start(folder.path(), &file(endpoint.address, dead.0, &checks)).await;
    until("the first problem is paged", || !endpoint.paged().is_empty()).await;
    assert_eq!(endpoint.paged(), ["firing one is down"]);
    until("Alertmanager knows it", || !endpoint.alerts().is_empty()).await;
    let alert = endpoint.alerts().remove(0);
    assert_eq!((&alert["labels"]["check"], &alert["labels"]["team"]), (&"one".into(), &"web".into()));
    assert!(text(&alert, "endsAt") > text(&alert, "startsAt"), "{alert}");
    running.stop().await;

    // After a start each look decides about all conditions: with the second one the first would be said again.
    let checks = format!("{checks}{}", check("two", two));
    let running = Running::start(folder.path(), &file(endpoint.address, dead.0, &checks)).await;
    until("the second problem is paged", || endpoint.paged().len() > 1).await;
    assert_eq!(endpoint.paged(), ["firing one is down", "firing two is down"]);

    acknowledge(&running.engine).await;
    let opened = TcpListener::bind(one).await.expect("still free");
    until("the end of the first is paged", || endpoint.paged().len() > 2).await;
    assert_eq!(endpoint.paged()[2..], ["resolved Resolved: one is down"]);
    drop(opened);
    running.stop().await;
    let taken = endpoint.taken.lock().expect("unpoisoned");
    assert!(taken.iter().all(|(path, _)| !path.starts_with("/other")), "another team's receiver heard of it");
}

async fn acknowledge(engine: &Engine) {
    let snapshot = engine.snapshot();
    let state = snapshot.workspaces.named("default").expect("the workspace");
    for problem in state.open_problems.values() {
        let command = Command::ChangeProblem { problem: *problem, change: ProblemChange::Acknowledge };
        engine.command((Target::Name("default".to_owned()), command)).await.expect("taken");
    }
}
