//! One query and its answer over UDP, TCP or TLS. Like a resolver, it ignores answers to other queries, at
//! most [`MAX_UNRELATED`] of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_resolver::proto::op::Message;
use skerry_protocol::wire::Reason;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::question::{Question, Received};
use super::{ANSWER, ONLY_UNRELATED};
use crate::probe::fault::Fault;
use crate::probe::run::Run;
use crate::probe::tls;

/// Maximum size of a datagram, bytes: more than we ask for, because some servers send more.
const MAX_DATAGRAM: usize = 4096;
/// After this many answers to other queries the server counts as broken.
const MAX_UNRELATED: u32 = 100;

/// The result of a query over UDP.
pub(super) enum Datagram {
    Answer(Box<Message>),
    /// The complete answer needs TCP (RFC 7766, section 5).
    Truncated,
}

/// Opens a new socket, and so an unpredictable source port, connected to the first of `servers` that has a
/// route.
pub(super) async fn open(servers: &[SocketAddr]) -> Result<(UdpSocket, SocketAddr), Fault> {
    let mut last = Fault::down(Reason::DnsNotFound, "no address to ask");
    for server in servers {
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0))
            .await
            .map_err(|error| Fault::own(format!("this host cannot open a UDP socket: {error}")))?;
        match socket.connect(server).await {
            Ok(()) => return Ok((socket, *server)),
            // Nothing was sent yet, so the error comes from our own kernel.
            Err(error) => {
                last = Fault::from_own_kernel(&error, server.ip()).unwrap_or_else(|| Fault::from_io(&error));
                last.detail = format!("{server}: {}", last.detail);
            }
        }
    }
    Err(last)
}

/// Sends one query over UDP.
pub(super) async fn over_udp(
    question: &Question,
    socket: &UdpSocket,
    server: SocketAddr,
    run: &mut Run,
) -> Result<Datagram, Fault> {
    run.stage = ANSWER;
    socket.send(&question.wire).await.map_err(|error| from_socket(server, &error))?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    for _ in 0..=MAX_UNRELATED {
        let length = socket.recv(&mut buffer).await.map_err(|error| from_socket(server, &error))?;
        if length == MAX_DATAGRAM {
            let detail = format!("an answer of {MAX_DATAGRAM} bytes or more over UDP");
            return Err(Fault::down(Reason::ProtocolError, detail));
        }
        match question.read(&buffer[..length])? {
            Received::Unrelated => run.stage = ONLY_UNRELATED,
            Received::Truncated => return Ok(Datagram::Truncated),
            Received::Answer(message) => return Ok(Datagram::Answer(message)),
        }
    }
    Err(flooded())
}

/// Sends one query over an open stream, each message prefixed with its length (RFC 1035, section 4.2.2).
pub(super) async fn over_stream(
    question: &Question,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    run: &mut Run,
) -> Result<Box<Message>, Fault> {
    run.stage = ANSWER;
    let mut framed = Vec::with_capacity(question.wire.len() + 2);
    // A query is shorter than 64 KiB.
    framed.extend_from_slice(&(question.wire.len() as u16).to_be_bytes());
    framed.extend_from_slice(&question.wire);
    stream.write_all(&framed).await.map_err(|error| tls::fault(&error))?;
    stream.flush().await.map_err(|error| tls::fault(&error))?;
    let mut buffer = Vec::new();
    for _ in 0..=MAX_UNRELATED {
        let length = stream.read_u16().await.map_err(|error| tls::fault(&error))?;
        buffer.resize(usize::from(length), 0);
        stream.read_exact(&mut buffer).await.map_err(|error| tls::fault(&error))?;
        match question.read(&buffer)? {
            Received::Unrelated => run.stage = ONLY_UNRELATED,
            Received::Truncated => {
                return Err(Fault::down(
                    Reason::ProtocolError,
                    "the answer is truncated where nothing limits it",
                ));
            }
            Received::Answer(message) => return Ok(message),
        }
    }
    Err(flooded())
}

fn from_socket(server: SocketAddr, error: &std::io::Error) -> Fault {
    let mut fault = Fault::from_io(error);
    fault.detail = format!("{server}: {}", fault.detail);
    fault
}

fn flooded() -> Fault {
    Fault::down(Reason::ProtocolError, format!("more than {MAX_UNRELATED} answers to other questions"))
}
