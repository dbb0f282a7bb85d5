use super::*;
use crate::engine::Engine;
use skerry_domain::time::Timestamp;
use skerry_store::Store;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use url::Url;

const BOUND: Duration = Duration::from_secs(60);

/// A cache that answers each request with the next status, then with 200, and passes on the head.
fn cache(statuses: &'static [u16]) -> (u16, crossbeam_channel::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let (heads, received) = crossbeam_channel::unbounded();
    std::thread::spawn(move || {
        let mut statuses = statuses.iter();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let mut head = String::new();
            while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
            let status = statuses.next().copied().unwrap_or(200);
            let more = if status == 302 {
                format!("location: http://127.0.0.1:{port}/elsewhere\r\n")
            } else {
                String::new()
            };
            let answer =
                format!("HTTP/1.1 {status} X\r\n{more}content-length: 6\r\nconnection: close\r\n\r\nsecret");
            let _ = stream.write_all(answer.as_bytes());
            if heads.send(head).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn engine() -> (Engine, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("skerry.db")).expect("a new database");
    (Engine::showing(&store).expect("it is read"), folder)
}

fn stale(keys: &[&str]) -> Stale {
    Stale::from([("page-a".to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())])
}

fn purger(port: u16) -> Purger {
    let url = Url::parse(&format!("http://127.0.0.1:{port}/")).expect("a URL");
    Purger::new(
        &Purge::Varnish { url },
        "varnish".to_owned(),
        skerry_agent::delivery::client_of_host(0).expect("a client"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_refuses_is_told_again_with_what_changed_meanwhile() {
    let (port, heads) = cache(&[302, 503]);
    let (purger, (engine, _folder)) = (purger(port), engine());
    let (queue, progress) = (Arc::clone(&purger.queue), Arc::clone(&purger.progress));
    let running = tokio::spawn(purger.run(engine));
    let next = || {
        let heads = heads.clone();
        async move {
            let received = tokio::task::spawn_blocking(move || heads.recv_timeout(BOUND)).await;
            received.expect("no panic").expect("the cache is told")
        }
    };
    queue.add(&stale(&["page-a-index"]));
    let first = next().await;
    assert!(first.starts_with("PURGEKEYS / HTTP/1.1\r\n"), "{first}");
    assert!(first.contains("xkey-softpurge: page-a-index\r\n"), "{first}");
    queue.add(&stale(&["page-a-history"]));
    let second = next().await;
    assert!(second.starts_with("PURGEKEYS / "), "a redirect is not followed: {second}");
    let third = next().await;
    assert!(third.contains("xkey-softpurge: page-a-history page-a-index\r\n"), "{third}");
    let deadline = Instant::now() + BOUND;
    while (progress.successes() == 0 || progress.pending() > 0) && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert_eq!((progress.successes(), progress.failures(), progress.pending()), (1, 2, 0));
    assert!(progress.last_success().is_some_and(|at| at > Timestamp(0)));
    running.abort();
}

#[tokio::test]
async fn nothing_of_an_answer_is_told_but_its_status() {
    let (port, _heads) = cache(&[500]);
    let purger = purger(port);
    let refused = purger.send(&stale(&["page-a"])).await.expect_err("it refuses");
    assert_eq!(format!("{refused:#}"), "it answered 500 Internal Server Error");
    let gone = Purger::new(
        &Purge::Http {
            url: format!("http://127.0.0.1:{}/?token=secret", free_port()),
            method: "POST".to_owned(),
            headers: Vec::new(),
            token_file: None,
        },
        "http".to_owned(),
        skerry_agent::delivery::client_of_host(0).expect("a client"),
    );
    let unreachable = gone.send(&stale(&["page-a"])).await.expect_err("nobody listens");
    assert!(!format!("{unreachable:#}").contains("secret"), "{unreachable:#}");
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
