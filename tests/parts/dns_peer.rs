//! Name servers that BIND and Unbound cannot play: one that breaks the protocol in one named manner, over
//! UDP and TCP on the same port, and keeps what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsManner {
    /// As it should: `192.0.2.1`, to be kept for 300 s.
    Right,
    /// Right, after 400 ms.
    Slow,
    /// Never.
    Silent,
    /// With another id.
    WrongId,
    /// With another id first, and 200 ms later with the right one.
    WrongIdThenRight,
    /// With another id, again and again.
    FloodOfWrongIds,
    /// To another question.
    WrongQuestion,
    /// With the question itself, which is no answer.
    Echo,
    /// The right id and random bytes.
    Garbage,
    /// The right id, and a name that points at itself.
    CompressionLoop,
    /// A header that promises 65,535 records.
    Promises,
    /// 5,000 bytes over UDP, 60,000 over TCP, of records nobody asked for.
    Huge,
    /// An alias of an alias, without end.
    AliasLoop,
    /// With a record of another name only.
    OtherName,
    /// Truncated over UDP, and over TCP too.
    AlwaysTruncated,
    /// Truncated over UDP; over TCP a length and nothing behind it.
    CloseInMessage,
    /// `SERVFAIL`, as of a resolver that found nobody to ask.
    Servfail,
    /// The response code 3841.
    PrivateCode,
    /// Right to a question without EDNS; `FORMERR` to one with it, as RFC 6891 has it of those who do not know it.
    FormerrToEdns,
    /// Likewise `NOTIMP`.
    NotimpToEdns,
    /// `FORMERR` and nothing else, as of a server that could not read the question.
    BareFormerr,
    /// A TXT record with the control characters of a terminal.
    TerminalControl,
}

/// A running server; ends when dropped.
pub struct DnsPeer {
    address: SocketAddr,
    seen: Seen,
    tasks: [JoinHandle<()>; 2],
}

/// Each query, and the port it came from over UDP.
type Seen = Arc<Mutex<Vec<(Vec<u8>, u16)>>>;

impl DnsPeer {
    /// Starts one on `127.0.0.1`.
    ///
    /// # Panics
    /// When no port of the loopback is free.
    pub async fn start(manner: DnsManner) -> Self {
        loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("bound")).await {
                return Self::serve(udp, tcp, manner);
            }
        }
    }

    /// Starts one at this address and port.
    ///
    /// # Panics
    /// When it is not free.
    pub async fn start_at(address: &str, manner: DnsManner) -> Self {
        let udp = UdpSocket::bind(address).await.expect("a free port");
        Self::serve(udp, TcpListener::bind(address).await.expect("a free port"), manner)
    }

    fn serve(udp: UdpSocket, tcp: TcpListener, manner: DnsManner) -> Self {
        let address = udp.local_addr().expect("bound");
        let seen = Seen::default();
        let tasks = [
            tokio::spawn(over_udp(udp, manner, Arc::clone(&seen))),
            tokio::spawn(over_tcp(tcp, manner, Arc::clone(&seen))),
        ];
        Self { address, seen, tasks }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked so far: the messages, and the ports they came from.
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

async fn over_udp(socket: UdpSocket, manner: DnsManner, seen: Seen) {
    let socket = Arc::new(socket);
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let query = buffer[..length].to_vec();
        seen.lock().unwrap_or_else(PoisonError::into_inner).push((query.clone(), from.port()));
        let socket = Arc::clone(&socket);
        tokio::spawn(async move {
            for (pause, answer) in answers(manner, &query, false) {
                tokio::time::sleep(pause).await;
                // The client leaves when it has seen enough.
                let _left = socket.send_to(&answer, from).await;
            }
        });
    }
}

async fn over_tcp(listener: TcpListener, manner: DnsManner, seen: Seen) {
    while let Ok((stream, from)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            // The client leaves when it has seen enough.
            let _left = serve(stream, from.port(), manner, seen).await;
        });
    }
}

async fn serve(mut stream: TcpStream, port: u16, manner: DnsManner, seen: Seen) -> std::io::Result<()> {
    let mut query = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut query).await?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).push((query.clone(), port));
    if manner == DnsManner::CloseInMessage {
        return stream.write_all(&[1, 0]).await;
    }
    for (pause, answer) in answers(manner, &query, true) {
        tokio::time::sleep(pause).await;
        stream.write_u16(answer.len() as u16).await?;
        stream.write_all(&answer).await?;
    }
    // Held open: it is the client that decides it has seen enough.
    stream.read_u8().await.map(drop)
}

/// What is sent, each after its pause.
fn answers(manner: DnsManner, query: &[u8], tcp: bool) -> Vec<(Duration, Vec<u8>)> {
    let right = message(query, 0x8180, &[A]);
    let mut wrong_id = right.clone();
    wrong_id[0] ^= 0xff;
    let answer = match manner {
        DnsManner::Silent => return Vec::new(),
        DnsManner::Slow => return vec![(Duration::from_millis(400), right)],
        DnsManner::WrongIdThenRight => {
            return vec![(Duration::ZERO, wrong_id), (Duration::from_millis(200), right)];
        }
        DnsManner::FloodOfWrongIds => return vec![(Duration::ZERO, wrong_id); 1_000],
        DnsManner::Right => right,
        DnsManner::WrongId => wrong_id,
        DnsManner::WrongQuestion => {
            let mut other = right;
            other[13] ^= 1;
            other
        }
        DnsManner::Echo => query.to_vec(),
        DnsManner::Garbage => {
            let mut garbage = right[..12].to_vec();
            garbage.extend((0..200_u16).map(|number| (number * 37 % 251) as u8));
            garbage
        }
        DnsManner::CompressionLoop => {
            let at = 0xc000 | question_end(query) as u16;
            let mut record = at.to_be_bytes().to_vec();
            record.extend_from_slice(&A[2..]);
            message(query, 0x8180, &[&record])
        }
        DnsManner::Promises => {
            let mut promises = message(query, 0x8180, &[]);
            promises[6..12].fill(0xff);
            promises
        }
        DnsManner::Huge => {
            let records = if tcp { 3_750 } else { 312 };
            message(query, 0x8180, &vec![A; records])
        }
        DnsManner::AliasLoop => message(query, 0x8180, &[ALIAS_OF_ITSELF]),
        DnsManner::OtherName => message(query, 0x8180, &[OTHER_NAME]),
        DnsManner::AlwaysTruncated => message(query, 0x8380, &[]),
        DnsManner::CloseInMessage => message(query, 0x8380, &[]),
        DnsManner::Servfail => message(query, 0x8182, &[]),
        DnsManner::PrivateCode => {
            // The low four bits, and the high eight in an OPT record (RFC 6891).
            let mut private = message(query, 0x8181, &[]);
            private[10..12].copy_from_slice(&[0, 1]);
            private.extend_from_slice(&[0, 0, 41, 4, 208, 240, 0, 0, 0, 0, 0]);
            private
        }
        DnsManner::FormerrToEdns if has_edns(query) => message(query, 0x8181, &[]),
        DnsManner::NotimpToEdns if has_edns(query) => message(query, 0x8184, &[]),
        DnsManner::FormerrToEdns | DnsManner::NotimpToEdns => right,
        DnsManner::BareFormerr => {
            let mut bare = right[..12].to_vec();
            bare[2..12].copy_from_slice(&[0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
            bare
        }
        DnsManner::TerminalControl => message(query, 0x8180, &[TERMINAL_CONTROL]),
    };
    vec![(Duration::ZERO, answer)]
}

/// Its header counts an additional record.
fn has_edns(query: &[u8]) -> bool {
    query[10..12] != [0, 0]
}

/// `192.0.2.1` for the name in the question, for 300 s.
const A: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1];
/// An alias of the name in the question to that very name.
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

/// Where the question of `query` ends.
fn question_end(query: &[u8]) -> usize {
    let mut at = 12;
    while query[at] != 0 {
        at += 1 + usize::from(query[at]);
    }
    at + 5
}
