//! One query to the system's name servers in their order. The next server is also asked when one fails or is
//! silent for a while. The first answer wins.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use rustix::io::Errno;
use skerry_protocol::wire::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};

use super::settings::Settings;
use crate::probe::dns::question::{Question, Received, knows_no_edns};
use crate::probe::fault::Fault;

/// A query is sent again after this time, because a packet may get lost.
const AGAIN: Duration = Duration::from_secs(1);
/// Maximum size of a datagram, bytes.
const MAX_DATAGRAM: usize = 4096;
/// After this many answers to other queries the server counts as broken.
const MAX_UNRELATED: u32 = 100;
/// A server that was silent for at least this long, on two queries, is asked last.
const SILENT: Duration = Duration::from_secs(2);
/// For this long; then it gets its turn again.
const DEPRIORITIZED_FOR: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// We lack a resource to ask.
    Own(Fault),
    /// No server answered in time.
    Silent,
    /// The message of the last server, or why it cannot be reached.
    Said(String),
}

/// The servers that did not answer recently.
#[derive(Debug, Default)]
pub(super) struct SilentServers(Mutex<HashMap<SocketAddr, Silence>>);

#[derive(Debug)]
struct Silence {
    since: Instant,
    questions: u32,
    last_until: Option<Instant>,
}

impl SilentServers {
    /// The servers in the file's order, silent ones last.
    fn order(&self, servers: &[SocketAddr]) -> Vec<SocketAddr> {
        let silent_servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_last = |server: &SocketAddr| {
            silent_servers.get(server).and_then(|silence| silence.last_until).is_some_and(|until| until > now)
        };
        let (last, first): (Vec<_>, Vec<_>) = servers.iter().copied().partition(is_last);
        first.into_iter().chain(last).collect()
    }

    fn note_silent(&self, server: SocketAddr, asked: Instant) {
        let mut silent_servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let silence =
            silent_servers.entry(server).or_insert(Silence { since: asked, questions: 0, last_until: None });
        silence.questions += 1;
        if silence.questions >= 2 && silence.since.elapsed() >= SILENT {
            silence.last_until = Some(Instant::now() + DEPRIORITIZED_FOR);
        }
    }

    fn note_answer(&self, server: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&server);
    }
}

/// Queries for records of this type; `server_timeout` is the time per server before the next one is asked,
/// too. That the name does not exist is an answer.
pub(super) async fn ask(
    settings: &Settings,
    silent_servers: &SilentServers,
    name: &Name,
    record: RecordType,
    server_timeout: Duration,
) -> Result<Box<Message>, Failure> {
    let plain = Question::of(name.clone(), record, true, false).map_err(Failure::Own)?;
    let question = if settings.edns {
        Some(Question::of(name.clone(), record, true, true).map_err(Failure::Own)?)
    } else {
        None
    };
    let order = silent_servers.order(&settings.servers);
    let mut waiting = order.iter().copied();
    let mut asked = FuturesUnordered::new();
    let mut failure = None;
    loop {
        let next = waiting.next();
        if let Some(server) = next {
            asked.push(ask_one(settings, server, question.as_ref(), &plain));
        } else if asked.is_empty() {
            return Err(failure.unwrap_or(Failure::Silent));
        }
        let began = Instant::now();
        let ended = if waiting.len() > 0 {
            timeout(server_timeout, asked.next()).await.unwrap_or_default()
        } else {
            asked.next().await
        };
        match ended {
            Some((server, Ok(message))) => {
                silent_servers.note_answer(server);
                return Ok(message);
            }
            Some((_, Err(own @ Failure::Own(_)))) => return Err(own),
            Some((server, Err(Failure::Silent))) => silent_servers.note_silent(server, began),
            Some((server, Err(said))) => {
                silent_servers.note_answer(server);
                failure = Some(said);
            }
            None => next.into_iter().for_each(|server| silent_servers.note_silent(server, began)),
        }
    }
}

/// Queries one server until it answers or the configured attempts are used up: with EDNS if wanted, and
/// without it if the server does not support it.
async fn ask_one(
    settings: &Settings,
    server: SocketAddr,
    with_edns: Option<&Question>,
    plain: &Question,
) -> (SocketAddr, Result<Box<Message>, Failure>) {
    let server_timeout = settings.timeout * settings.attempts;
    let once = async |question: &Question| {
        if settings.tcp { over_tcp(server, question).await } else { over_udp(server, question).await }
    };
    let asked = async {
        match with_edns {
            Some(question) => match once(question).await? {
                answer if knows_no_edns(&answer) => once(plain).await,
                answer => Ok(answer),
            },
            None => once(plain).await,
        }
    };
    let answered = timeout(server_timeout, asked).await.unwrap_or(Err(Failure::Silent));
    (server, answered.and_then(|message| said(server, message)))
}

/// NOERROR and NXDOMAIN are answers; every other code means that the server cannot answer.
fn said(server: SocketAddr, message: Box<Message>) -> Result<Box<Message>, Failure> {
    match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(message),
        code => Err(Failure::Said(format!("the resolver {} says {code}", server.ip()))),
    }
}

async fn over_udp(server: SocketAddr, question: &Question) -> Result<Box<Message>, Failure> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.map_err(|error| failed(server, &error))?;
    socket.connect(server).await.map_err(|error| failed(server, &error))?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    let mut foreign = 0;
    let mut again = Instant::now();
    loop {
        if Instant::now() >= again {
            socket.send(&question.wire).await.map_err(|error| failed(server, &error))?;
            again = Instant::now() + AGAIN;
        }
        let Ok(received) = tokio::time::timeout_at(again, socket.recv(&mut buffer)).await else { continue };
        let length = received.map_err(|error| failed(server, &error))?;
        match question.read(&buffer[..length]).map_err(|fault| broken(server, &fault))? {
            Received::Answer(message) => return Ok(message),
            Received::Truncated => return over_tcp(server, question).await,
            Received::Unrelated if foreign < MAX_UNRELATED => foreign += 1,
            Received::Unrelated => {
                return Err(Failure::Said(format!("the resolver {} answers other questions", server.ip())));
            }
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Question) -> Result<Box<Message>, Failure> {
    let bytes = exchange(server, question).await.map_err(|error| failed(server, &error))?;
    match question.read(&bytes).map_err(|fault| broken(server, &fault))? {
        Received::Answer(message) => Ok(message),
        Received::Truncated | Received::Unrelated => {
            Err(Failure::Said(format!("the resolver {} answers another question", server.ip())))
        }
    }
}

/// Sends and receives one message, each prefixed with its length (RFC 1035, section 4.2.2).
async fn exchange(server: SocketAddr, question: &Question) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let mut framed = (question.wire.len() as u16).to_be_bytes().to_vec();
    framed.extend_from_slice(&question.wire);
    stream.write_all(&framed).await?;
    let mut bytes = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Separates a lack of our own from a server that cannot be reached.
fn failed(server: SocketAddr, error: &io::Error) -> Failure {
    let mut fault = Fault::from_io(error);
    let is_ours = fault.outcome == Outcome::Inconclusive;
    if is_ours && Errno::from_io_error(error) != Some(Errno::ADDRNOTAVAIL) {
        fault.detail = format!("this host cannot ask the resolver {}: {error}", server.ip());
        return Failure::Own(fault);
    }
    Failure::Said(format!("the resolver {} cannot be asked: {error}", server.ip()))
}

fn broken(server: SocketAddr, fault: &Fault) -> Failure {
    Failure::Said(format!("the resolver {}: {}", server.ip(), fault.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A server that answers queries with EDNS by FORMERR and others correctly, and the number of its
    /// queries.
    async fn old_server() -> (SocketAddr, Arc<AtomicU32>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("bound");
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut answer = Message::from_vec(&buffer[..length]).expect("a question").into_response();
                if answer.edns.take().is_some() {
                    answer.metadata.response_code = ResponseCode::FormErr;
                }
                let bytes = answer.to_vec().expect("it can be written");
                socket.send_to(&bytes, from).await.expect("sent");
            }
        });
        (address, asked)
    }

    #[tokio::test]
    async fn a_resolver_that_knows_no_edns_is_asked_again_without_it() {
        let name = Name::from_ascii("shop.test.").expect("a name");
        for (options, questions) in [("options edns0", 2), ("", 1)] {
            let (server, asked) = old_server().await;
            let mut settings = Settings::parse(options, |_| None);
            settings.servers = vec![server];
            let silent_servers = SilentServers::default();
            let answer = ask(&settings, &silent_servers, &name, RecordType::A, Duration::from_secs(5)).await;
            assert!(answer.is_ok(), "{options}: {:?}", answer.err());
            assert_eq!(asked.load(Ordering::Relaxed), questions, "{options}");
        }
    }
}
