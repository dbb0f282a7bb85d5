//! Attacks of unknown clients and of one stolen token on an aggregator, all at once, while a visitor reads a page.

use crate::median;
use anyhow::Context as _;
use bytes::Bytes;
use prost::Message as _;
use skerry_protocol::wire::{self, Batch, Folded, Observation, Record, record::Kind};
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};

/// Clients without a token, each with an endless body.
const UNKNOWN_CLIENTS: usize = 600;
/// Clients that request the page continuously and read nothing.
const READERS: usize = 500;
/// Clients that request its head only.
const HEAD_READERS: usize = 100;
/// Connections with the stolen token.
const AGENTS: usize = 8;
/// Before a client that was disconnected tries again.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two requests of the visitor.
const VISIT: Duration = Duration::from_millis(100);

/// Attacks for `seconds` and prints how long the visitor waited. `token` belongs to the agent `stolen`.
pub(crate) fn all_at_once(public: &str, private: &str, token: &str, seconds: u64) -> anyhow::Result<()> {
    let (public, private): (SocketAddr, SocketAddr) = (public.parse()?, private.parse()?);
    let until = Instant::now() + Duration::from_secs(seconds);
    let bodies = hostile_bodies()?;
    let attackers = std::thread::spawn({
        let token = token.to_owned();
        move || attack(public, private, &token, &bodies, until)
    });
    let visitor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut waited = visitor.block_on(visit(public, until))?;
    attackers.join().map_err(|_| anyhow::anyhow!("the attackers panicked"))??;
    waited.sort_by(f64::total_cmp);
    let p99 = waited.get(waited.len() * 99 / 100).copied().context("the visitor saw nothing")?;
    let worst = waited.last().copied().unwrap_or_default();
    let (visits, middle) = (waited.len(), median(waited));
    writeln!(
        std::io::stdout(),
        "{visits} visits, {middle:.1} ms median, {p99:.1} ms p99, {worst:.1} ms worst"
    )?;
    Ok(())
}

fn attack(
    public: SocketAddr,
    private: SocketAddr,
    token: &str,
    bodies: &[Bytes],
    until: Instant,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut all = tokio::task::JoinSet::new();
        let endless = format!("{}Content-Length: 1048576\r\n\r\n", head(""));
        let asks = |method: &str| format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n").repeat(2_000);
        for (many, address, first, then) in [
            (UNKNOWN_CLIENTS, private, endless.into_bytes(), vec![0; 64 << 10]),
            (READERS, public, Vec::new(), asks("GET").into_bytes()),
            (HEAD_READERS, public, Vec::new(), asks("HEAD").into_bytes()),
        ] {
            let (first, then) = (Bytes::from(first), Bytes::from(then));
            for _ in 0..many {
                all.spawn(flood(address, first.clone(), then.clone(), until));
            }
        }
        for number in 0..AGENTS {
            all.spawn(deliver(private, token.to_owned(), bodies.to_vec(), number, until));
        }
        while let Some(ended) = all.join_next().await {
            ended?;
        }
        Ok(())
    })
}

fn head(token: &str) -> String {
    format!("POST {} HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\n{token}", wire::BATCH_PATH)
}

async fn pause() {
    sleep_until(tokio::time::Instant::now() + PAUSE).await;
}

/// Sends `first` and then `then` without end, and reads nothing; reconnects when it is disconnected.
async fn flood(address: SocketAddr, first: Bytes, then: Bytes, until: Instant) {
    while Instant::now() < until {
        let sending = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&then).await?;
                pause().await;
            }
        };
        let _cut: Result<std::io::Result<()>, _> =
            timeout(until.saturating_duration_since(Instant::now()), sending).await;
        pause().await;
    }
}

/// Delivers one hostile batch after another.
async fn deliver(address: SocketAddr, token: String, bodies: Vec<Bytes>, number: usize, until: Instant) {
    for body in bodies.iter().cycle().skip(number) {
        if Instant::now() >= until {
            return;
        }
        let delivering = async {
            let mut stream = TcpStream::connect(address).await?;
            let length = body.len();
            let head = head(&format!(
                "Authorization: Bearer {token}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            ));
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body).await?;
            stream.read_to_end(&mut Vec::new()).await
        };
        let _refused: Result<std::io::Result<usize>, _> = timeout(Duration::from_secs(10), delivering).await;
        sleep_until(tokio::time::Instant::now() + PAUSE / 10).await;
    }
}

/// Requests the page on a new connection each time. Returns the milliseconds until it arrived.
async fn visit(public: SocketAddr, until: Instant) -> anyhow::Result<Vec<f64>> {
    let ask = b"GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n";
    let mut waited = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        let reading = async {
            let mut stream = TcpStream::connect(public).await?;
            stream.write_all(ask).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer =
            timeout(Duration::from_secs(10), reading).await.context("the page did not come in 10 s")??;
        anyhow::ensure!(
            answer.starts_with(b"HTTP/1.1 200 "),
            "{}",
            String::from_utf8_lossy(&answer[..answer.len().min(200)])
        );
        waited.push(begun.elapsed().as_secs_f64() * 1e3);
        sleep_until(tokio::time::Instant::from_std(begun + VISIT)).await;
    }
    Ok(waited)
}

/// Small bodies that decompress to large ones, and batches that use all limits.
fn hostile_bodies() -> anyhow::Result<Vec<Bytes>> {
    let batch = |epoch: u8| Batch {
        protocol: wire::PROTOCOL_VERSION,
        agent: "stolen".to_owned(),
        epoch: vec![epoch; 16],
        boot_id: "boot".to_owned(),
        boot_now_ms: 1_000_000_000,
        wall_now_ms: 1_795_191_300_000,
        checks: vec!["hostile".to_owned()],
        boots: vec!["boot".to_owned()],
        process: vec![epoch; 16],
        ..Batch::default()
    };
    let mut bodies = Vec::new();
    // Millions of empty boots, records, states and checks.
    for number in [9_u8, 10, 11, 8] {
        let plain = [batch(1).encode_to_vec(), [number << 3 | 2, 0].repeat(4_000_000)].concat();
        bodies.push(zstd::bulk::compress(&plain, 3)?);
    }
    let observation = |n: u64, hard: i32| Observation {
        boot_ms: 900_000_000 + n,
        outcome: 1 + 2 * (n as i32 % 2),
        detail: "x".repeat(200),
        hard,
        since_boot_ms: Some(900_000_000 + n),
        ..Observation::default()
    };
    let records = |from: u64, hard: fn(u64) -> i32| -> Vec<Record> {
        let one = |n| Record { sequence: n, kind: Some(Kind::Observation(observation(n, hard(n)))) };
        (from..from + 10_000).map(one).collect()
    };
    // Text in an id, ten thousand words, a state that changes with each record, thousands of names.
    bodies.push(wire::encode(&Batch { process: vec![7; 8_000_000], ..batch(1) })?);
    bodies.push(wire::encode(&Batch {
        boots: (0..8).map(|n| n.to_string().repeat(1_000_000)).collect(),
        ..batch(1)
    })?);
    for round in 0..8 {
        bodies.push(wire::encode(&Batch { records: records(1 + round * 20_000, |_| 1), ..batch(1) })?);
        bodies.push(wire::encode(&Batch {
            records: records(10_001 + round * 20_000, |n| 1 + 2 * (n as i32 % 2)),
            ..batch(1)
        })?);
    }
    let names = |from: usize| (from..from + 19_000).map(|n| format!("{n:0>390}")).collect();
    bodies.push(wire::encode(&Batch { checks: names(0), ..batch(1) })?);
    bodies.push(wire::encode(&Batch { checks: names(19_000), ..batch(1) })?);
    // Many runs folded into one millisecond.
    for round in 0..8 {
        let folded =
            Folded { first: Some(observation(0, 1)), count: 100_000, last_boot_ms: 900_000_001, through: 0 };
        let record = Record { sequence: 1_000_000 + round, kind: Some(Kind::Folded(folded)) };
        bodies.push(wire::encode(&Batch { records: vec![record], ..batch(1) })?);
    }
    Ok(bodies.into_iter().map(Bytes::from).collect())
}
