//! Name servers that BIND and Unbound cannot play: each violates the protocol in one way, over UDP and TCP on
//! the same port, and records its queries.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsBehaviour {
    /// Correctly: `192.0.2.1` with a TTL of 300 s.
    Right,
    /// Correctly, after 400 ms.
    Slow,
    /// Never.
    Silent,
    /// With a wrong id.
    WrongId,
    /// With a wrong id, and 200 ms later with the right one.
    WrongIdThenRight,
    /// With a wrong id, again and again.
    FloodOfWrongIds,
    /// For another question.
    WrongQuestion,
    /// With the query itself, which is not an answer.
    Echo,
    /// The right id and random bytes.
    Garbage,
    /// The right id, and a name that points to itself.
    CompressionLoop,
    /// A header that promises 65,535 records.
    Promises,
    /// 5,000 bytes over UDP, 60,000 over TCP, of unrelated records.
    Huge,
    /// An endless chain of aliases.
    AliasLoop,
    /// Only with a record of another name.
    OtherName,
    /// Truncated over UDP and over TCP.
    AlwaysTruncated,
    /// Truncated over UDP; over TCP a length and no data.
    CloseInMessage,
    /// `SERVFAIL`, like a resolver without upstream.
    Servfail,
    /// The response code 3841.
    PrivateCode,
    /// Correctly without EDNS; `FORMERR` with it, as RFC 6891 specifies for servers that do not support it.
    FormerrToEdns,
    /// The same with `NOTIMP`.
    NotimpToEdns,
    /// `FORMERR` only, like a server that could not parse the query.
    BareFormerr,
    /// A TXT record with terminal control characters.
    TerminalControl,
}

/// A running server; stops when dropped.
pub struct DnsPeer {
    address: SocketAddr,
    seen: Seen,
    tasks: [JoinHandle<()>; 2],
}

/// Each query, and its source port over UDP.
type Seen = Arc<Mutex<Vec<(Vec<u8>, u16)>>>;

impl DnsPeer {
    /// Starts a server on `127.0.0.1`.
    ///
    /// # Panics
    /// No loopback port is free.
    pub async fn start(behaviour: DnsBehaviour) -> Self {
        loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("bound")).await {
                return Self::serve(udp, tcp, behaviour);
            }
        }
    }

    /// Starts a server at this address and port.
    ///
    /// # Panics
    /// The port is in use.
    pub async fn start_at(address: &str, behaviour: DnsBehaviour) -> Self {
        let udp = UdpSocket::bind(address).await.expect("a free port");
        Self::serve(udp, TcpListener::bind(address).await.expect("a free port"), behaviour)
    }

    fn serve(udp: UdpSocket, tcp: TcpListener, behaviour: DnsBehaviour) -> Self {
        let address = udp.local_addr().expect("bound");
        let seen = Seen::default();
        let tasks = [
            tokio::spawn(over_udp(udp, behaviour, Arc::clone(&seen))),
            tokio::spawn(over_tcp(tcp, behaviour, Arc::clone(&seen))),
        ];
        Self { address, seen, tasks }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The queries received so far, and their source ports.
    #[must_use]
    pub fn seen(&self) -> Vec<(Vec<u8>, u16)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for DnsPeer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn over_udp(socket: UdpSocket, behaviour: DnsBehaviour, seen: Seen) {
    let socket = Arc::new(socket);
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let query = buffer[..length].to_vec();
        seen.lock().unwrap_or_else(PoisonError::into_inner).push((query.clone(), from.port()));
        let socket = Arc::clone(&socket);
        tokio::spawn(async move {
            for (pause, answer) in answers(behaviour, &query, false) {
                tokio::time::sleep(pause).await;
                // The client stops when it has seen enough.
                let _left = socket.send_to(&answer, from).await;
            }
        });
    }
}

async fn over_tcp(listener: TcpListener, behaviour: DnsBehaviour, seen: Seen) {
    while let Ok((stream, from)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            // The client stops when it has seen enough.
            let _left = serve(stream, from.port(), behaviour, seen).await;
        });
    }
}

async fn serve(mut stream: TcpStream, port: u16, behaviour: DnsBehaviour, seen: Seen) -> std::io::Result<()> {
    let mut query = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut query).await?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).push((query.clone(), port));
    if behaviour == DnsBehaviour::CloseInMessage {
        return stream.write_all(&[1, 0]).await;
    }
    for (pause, answer) in answers(behaviour, &query, true) {
        tokio::time::sleep(pause).await;
        stream.write_u16(answer.len() as u16).await?;
        stream.write_all(&answer).await?;
    }
    // Stays open: the client decides when it has seen enough.
    stream.read_u8().await.map(drop)
}

/// The messages to send, each after its delay.
fn answers(behaviour: DnsBehaviour, query: &[u8], tcp: bool) -> Vec<(Duration, Vec<u8>)> {
    let right = message(query, 0x8180, &[A]);
    let mut wrong_id = right.clone();
    wrong_id[0] ^= 0xff;
    let answer = match behaviour {
        DnsBehaviour::Silent => return Vec::new(),
        DnsBehaviour::Slow => return vec![(Duration::from_millis(400), right)],
        DnsBehaviour::WrongIdThenRight => {
            return vec![(Duration::ZERO, wrong_id), (Duration::from_millis(200), right)];
        }
        DnsBehaviour::FloodOfWrongIds => return vec![(Duration::ZERO, wrong_id); 1_000],
        DnsBehaviour::Right => right,
        DnsBehaviour::WrongId => wrong_id,
        DnsBehaviour::WrongQuestion => {
            let mut other = right;
            other[13] ^= 1;
            other
        }
        DnsBehaviour::Echo => query.to_vec(),
        DnsBehaviour::Garbage => {
            let mut garbage = right[..12].to_vec();
            garbage.extend((0..200_u16).map(|number| (number * 37 % 251) as u8));
            garbage
        }
        DnsBehaviour::CompressionLoop => {
            let at = 0xc000 | question_end(query) as u16;
            let mut record = at.to_be_bytes().to_vec();
            record.extend_from_slice(&A[2..]);
            message(query, 0x8180, &[&record])
        }
        DnsBehaviour::Promises => {
            let mut promises = message(query, 0x8180, &[]);
            promises[6..12].fill(0xff);
            promises
        }
        DnsBehaviour::Huge => {
            let records = if tcp { 3_750 } else { 312 };
            message(query, 0x8180, &vec![A; records])
        }
        DnsBehaviour::AliasLoop => message(query, 0x8180, &[ALIAS_OF_ITSELF]),
        DnsBehaviour::OtherName => message(query, 0x8180, &[OTHER_NAME]),
        DnsBehaviour::AlwaysTruncated => message(query, 0x8380, &[]),
        DnsBehaviour::CloseInMessage => message(query, 0x8380, &[]),
        DnsBehaviour::Servfail => message(query, 0x8182, &[]),
        DnsBehaviour::PrivateCode => {
            // The low four bits, and the high eight in an OPT record (RFC 6891).
            let mut private = message(query, 0x8181, &[]);
            private[10..12].copy_from_slice(&[0, 1]);
            private.extend_from_slice(&[0, 0, 41, 4, 208, 240, 0, 0, 0, 0, 0]);
            private
        }
        DnsBehaviour::FormerrToEdns if has_edns(query) => message(query, 0x8181, &[]),
        DnsBehaviour::NotimpToEdns if has_edns(query) => message(query, 0x8184, &[]),
        DnsBehaviour::FormerrToEdns | DnsBehaviour::NotimpToEdns => right,
        DnsBehaviour::BareFormerr => {
            let mut bare = right[..12].to_vec();
            bare[2..12].copy_from_slice(&[0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
            bare
        }
        DnsBehaviour::TerminalControl => message(query, 0x8180, &[TERMINAL_CONTROL]),
    };
    vec![(Duration::ZERO, answer)]
}

/// Whether the header counts an additional record.
fn has_edns(query: &[u8]) -> bool {
    query[10..12] != [0, 0]
}

/// `192.0.2.1` for the name in the question, TTL 300 s.
const A: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1];
/// A CNAME from the name in the question to itself.
const ALIAS_OF_ITSELF: &[u8] = &[0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 2, 0xc0, 12];
/// `192.0.2.1` for the name `x`.
const OTHER_NAME: &[u8] = &[1, b'x', 0, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1];
/// `ESC ] 0 ; BEL` as a TXT record.
const TERMINAL_CONTROL: &[u8] = &[0xc0, 12, 0, 16, 0, 1, 0, 0, 1, 44, 0, 6, 5, 0x1b, b']', b'0', b';', 7];

/// A message that answers `query` with these records.
fn message(query: &[u8], flags: u16, records: &[&[u8]]) -> Vec<u8> {
    let mut message = query[..2].to_vec();
    message.extend_from_slice(&flags.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message.extend_from_slice(&(records.len() as u16).to_be_bytes());
    message.extend_from_slice(&[0, 0, 0, 0]);
    message.extend_from_slice(&query[12..question_end(query)]);
    message.extend(records.concat());
    message
}

/// The end of the question in `query`.
fn question_end(query: &[u8]) -> usize {
    let mut at = 12;
    while query[at] != 0 {
        at += 1 + usize::from(query[at]);
    }
    at + 5
}
