//! An aggregator that only remembers: for judging an agent by what it sends.

use crate::dice::pass;
use prost::Message;
use skerry_protocol::wire::{Batch, Lost, PROTOCOL_VERSION, Reply, decode, encode, record::Kind};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// One record as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Saw {
    /// Check, boot clock at its start, and the hard state after it.
    Observation(String, u64, i32),
    /// What the agent gave up.
    Lost(Lost),
}

#[derive(Debug, Default)]
struct Memory {
    refuse: bool,
    /// So long it thinks before each answer.
    pause: Duration,
    saw: BTreeMap<([u8; 16], u64), Saw>,
    acknowledged: u64,
}

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) port: u16,
    memory: Arc<Mutex<Memory>>,
}

impl Peer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let own = Arc::clone(&memory);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                // An answer that cannot be given is the agent's to miss.
                let _ = serve(stream, &own);
            }
        });
        Self { port, memory }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().expect("no one panics with it in hand")
    }

    /// Answers 503 from now on, or takes what comes.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.memory().refuse = refuse;
    }

    /// Answers so late from now on.
    pub(crate) fn pause(&self, pause: Duration) {
        self.memory().pause = pause;
    }

    /// Everything that was ever sent, taken or not.
    pub(crate) fn saw(&self) -> BTreeMap<([u8; 16], u64), Saw> {
        self.memory().saw.clone()
    }

    pub(crate) fn forget(&self) {
        let mut memory = self.memory();
        memory.saw.clear();
        memory.acknowledged = 0;
    }

    /// The highest sequence it has acknowledged since it last forgot.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.memory().acknowledged
    }
}

/// A batch that says nothing.
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
    pass(pause);
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
                Saw::Observation(batch.checks[one.check as usize].clone(), one.boot_ms, one.hard)
            }
            Some(Kind::Lost(lost)) => Saw::Lost(lost.clone()),
            Some(Kind::Folded(_)) | None => continue,
        };
        memory.saw.insert((epoch, record.sequence), saw);
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
