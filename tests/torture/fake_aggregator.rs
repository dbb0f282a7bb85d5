//! An aggregator that only records, to judge an agent by what it sends.

use crate::rng::elapse;
use prost::Message;
use skerry_protocol::wire::{Batch, Lost, PROTOCOL_VERSION, Reply, decode, encode, record::Kind};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// One record as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Received {
    /// Check, boot clock at its start, and the hard state after it.
    Observation(String, u64, i32),
    /// What the agent lost.
    Lost(Lost),
}

#[derive(Debug, Default)]
struct Memory {
    refuse: bool,
    /// Delay of each answer.
    pause: Duration,
    received: BTreeMap<([u8; 16], u64), Received>,
    acknowledged: u64,
}

#[derive(Debug)]
pub(crate) struct FakeAggregator {
    pub(crate) port: u16,
    memory: Arc<Mutex<Memory>>,
}

impl FakeAggregator {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let own = Arc::clone(&memory);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                // The agent misses an answer that cannot be sent.
                let _ = serve(stream, &own);
            }
        });
        Self { port, memory }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().expect("no one panics with it in hand")
    }

    /// Answers 503 from now on, or accepts again.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.memory().refuse = refuse;
    }

    /// Delays every answer from now on.
    pub(crate) fn pause(&self, pause: Duration) {
        self.memory().pause = pause;
    }

    /// Everything that was ever sent, accepted or not.
    pub(crate) fn received(&self) -> BTreeMap<([u8; 16], u64), Received> {
        self.memory().received.clone()
    }

    pub(crate) fn forget(&self) {
        let mut memory = self.memory();
        memory.received.clear();
        memory.acknowledged = 0;
    }

    /// The highest sequence acknowledged since the last [`Self::forget`].
    pub(crate) fn acknowledged(&self) -> u64 {
        self.memory().acknowledged
    }
}

/// An empty batch.
pub(crate) fn empty_batch(agent: &str) -> Vec<u8> {
    let batch = Batch {
        protocol: PROTOCOL_VERSION,
        agent: agent.to_owned(),
        epoch: vec![9; 16],
        boot_now_ms: 1_000,
        ..Batch::default()
    };
    encode(&batch).expect("it compresses")
}

fn serve(mut stream: TcpStream, memory: &Mutex<Memory>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let Some(body) = request(&mut stream)? else { return Ok(()) };
    let (status, answer) = take(&body, memory);
    let pause = memory.lock().expect("no one panics with it in hand").pause;
    elapse(pause);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&answer)
}

fn request(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let (mut received, mut part) = (Vec::new(), [0; 16 << 10]);
    loop {
        if let Some(head) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            let whole = head + 4 + length.unwrap_or(0);
            if received.len() >= whole {
                return Ok(Some(received[head + 4..whole].to_vec()));
            }
        }
        match stream.read(&mut part)? {
            0 => return Ok(None),
            some => received.extend_from_slice(&part[..some]),
        }
    }
}

fn take(body: &[u8], memory: &Mutex<Memory>) -> (&'static str, Vec<u8>) {
    let batch = match decode(body) {
        Ok(batch) => batch,
        Err(error) => panic!("an agent sent what cannot be read: {error}"),
    };
    let epoch: [u8; 16] = batch.epoch.as_slice().try_into().expect("checked by the decoder");
    let mut memory = memory.lock().expect("no one panics with it in hand");
    let mut last = 0;
    for record in &batch.records {
        last = record.sequence;
        let saw = match &record.kind {
            Some(Kind::Observation(one)) => {
                Received::Observation(batch.checks[one.check as usize].clone(), one.boot_ms, one.hard)
            }
            Some(Kind::Lost(lost)) => Received::Lost(lost.clone()),
            Some(Kind::Folded(_)) | None => continue,
        };
        memory.received.insert((epoch, record.sequence), saw);
    }
    if memory.refuse {
        return ("503 Service Unavailable", Vec::new());
    }
    memory.acknowledged = memory.acknowledged.max(last);
    let reply = Reply {
        protocol: PROTOCOL_VERSION,
        acknowledged_through: last,
        want_inventory: false,
        ..Reply::default()
    };
    ("200 OK", reply.encode_to_vec())
}
