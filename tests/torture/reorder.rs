//! Reordered requests: a proxy sends some twice and delays some until later ones have passed, while replies
//! are lost, old batches are replayed and the aggregator is killed. Nothing counts twice, and nothing
//! acknowledged is missing.

use crate::harness::Harness;
use crate::oracle::DatabaseView;
use crate::rng::{Rng, elapse, rounds, seed, until};
use crate::sender::{Ledger, Misbehaviour, Sender, checks_of};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Silence limit of the senders' checks, which run every second.
const SILENCE: i64 = 13_000;

#[test]
fn reordered_requests_count_once() {
    let rounds = rounds(8);
    let mut rng = Rng::new(seed("torture::reordered_requests"));
    let names = ["one", "two", "calm"];
    let checks: Vec<String> = names.iter().flat_map(|name| checks_of(name)).collect();
    let harness = Harness::new(&checks, None);
    let mut aggregator = harness.start();
    let proxy = Proxy::start(harness.private, rng.fork());
    // A new spool would be another sender, and delayed requests of the old one would look like a copy of the
    // agent.
    let misbehaviour =
        |name: &str| Misbehaviour { new_spool_percent: 0, always_well: name == "calm", ..Misbehaviour::BAD };
    let senders: Vec<Sender> = names
        .iter()
        .map(|name| Sender::start(name, proxy.port, harness.enrol(name), misbehaviour(name), rng.fork()))
        .collect();
    for _ in 0..rounds {
        elapse(rng.between(500, 1_500));
        if rng.percent(50) {
            aggregator.kill();
            aggregator = harness.start();
        }
        let before: Vec<u64> = senders.iter().map(|sender| sender.ledger().acknowledged()).collect();
        until("something new of everyone is stored", Duration::from_secs(30), || {
            senders.iter().zip(&before).all(|(sender, before)| sender.ledger().acknowledged() > *before)
        });
    }
    senders.iter().for_each(Sender::settle);
    until("all is well again", Duration::from_secs(30), || {
        harness.shown().is_some_and(|shown| shown.iter().all(|(_, status)| status == "operational"))
    });
    let ledgers: Vec<Ledger> = senders.into_iter().map(Sender::stop).collect();
    until("nothing is held back any more", Duration::from_secs(30), || {
        proxy.held.load(Ordering::SeqCst) == 0
    });
    let look = DatabaseView::at(&harness);
    look.sound();
    let mut observations = 0;
    for ledger in &ledgers {
        look.marks(ledger, || ledger.spools.len());
        observations += look.once(ledger);
        look.transitions(ledger);
        for check in checks_of(&ledger.name) {
            let outage = look.intervals(&check, SILENCE).unwrap_or(0);
            assert!(ledger.name != "calm" || outage == 0, "an outage that nobody saw");
        }
    }
    let (twice, late) = (proxy.twice.load(Ordering::SeqCst), proxy.late.load(Ordering::SeqCst));
    assert!(twice > 0 && late > 0, "{twice} requests went twice, {late} came late");
    say!("{observations} observations once each; {twice} requests went twice, {late} came late");
    drop(look);
    aggregator.stop();
}

/// A proxy in front of the aggregator.
struct Proxy {
    port: u16,
    twice: Arc<AtomicU64>,
    late: Arc<AtomicU64>,
    /// Number of requests held back now.
    held: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts a proxy that runs until the process ends.
    fn start(to: u16, mut rng: Rng) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("binds");
        let port = listener.local_addr().expect("bound").port();
        let proxy = Self { port, twice: Arc::default(), late: Arc::default(), held: Arc::default() };
        let (twice, late, held) =
            (Arc::clone(&proxy.twice), Arc::clone(&proxy.late), Arc::clone(&proxy.held));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (fate, wait) = (rng.below(100), rng.between(50, 700));
                let (twice, late, held) = (Arc::clone(&twice), Arc::clone(&late), Arc::clone(&held));
                std::thread::spawn(move || {
                    let Some((client, request)) = request(client) else { return };
                    if fate < 20 {
                        // The sender gets no answer and continues; this request arrives after its next ones.
                        held.fetch_add(1, Ordering::SeqCst);
                        drop(client);
                        elapse(wait);
                        late.fetch_add(u64::from(forward(to, &request).is_some()), Ordering::SeqCst);
                        held.fetch_sub(1, Ordering::SeqCst);
                        return;
                    }
                    if fate < 40 {
                        twice.fetch_add(u64::from(forward(to, &request).is_some()), Ordering::SeqCst);
                    }
                    relay(client, forward(to, &request));
                });
            }
        });
        proxy
    }
}

/// Reads one complete request.
fn request(mut client: TcpStream) -> Option<(TcpStream, Vec<u8>)> {
    client.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 16 << 10];
        let read = client.read(&mut chunk).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&chunk[..read]);
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if request.len() >= end + 4 + length.unwrap_or(0) {
            return Some((client, request));
        }
    }
}

/// Forwards the request and returns the answer, after which the aggregator closes.
fn forward(to: u16, request: &[u8]) -> Option<Vec<u8>> {
    let mut aggregator = TcpStream::connect(("127.0.0.1", to)).ok()?;
    aggregator.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    aggregator.write_all(request).ok()?;
    let mut answer = Vec::new();
    aggregator.read_to_end(&mut answer).ok()?;
    Some(answer)
}

fn relay(mut client: TcpStream, answer: Option<Vec<u8>>) {
    // A sender that does not read the answer has disconnected already.
    let _ = answer.map(|answer| client.write_all(&answer));
}
