//! The `dns` check: one query to one name server over UDP, TCP, TLS or HTTPS, and assertions on the answer.
//! hickory encodes and decodes the messages. Its resolver, which caches, repeats and merges queries, is not
//! used, so every run is exactly one query on its own socket.
//!
//! The latency is the time from sending the query to its answer. It includes the second query over TCP after
//! a truncated answer, or without EDNS for a server that does not support it. Resolving the server and
//! connecting to it are separate phases.

mod assertion;
mod exchange;
pub(super) mod hostile;
mod https;
pub(super) mod question;
mod record;

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::proto::op::Message;
use skerry_protocol::check::{Check, Dns, DnsTransport, Handshake, HttpVersion, NameServer, Rcode};
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Run, Stage, add};
use super::tls::{self, Offer, Opened, Tls};
use super::{Findings, Observed, connect};
use exchange::Datagram;
use question::{Question, knows_no_edns};
pub use record::DnsAnswer;

const ANSWER: Stage = Stage::Target(Reason::Timeout, "no answer to the query within the timeout");
const ONLY_UNRELATED: Stage =
    Stage::Target(Reason::Timeout, "only answers with another id or question came within the timeout");
/// Maximum number of records to show.
const MAX_SHOWN: usize = 100;

/// Details of a `dns` check for `probe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsFindings {
    /// The server that answered.
    pub server: SocketAddr,
    /// The transport: `udp`, `tcp`, `tls` or `https`.
    pub transport: &'static str,
    /// The answer over UDP was truncated, so this one came over TCP.
    pub truncated: bool,
    /// The server does not support EDNS, so this answers a query without it.
    pub without_edns: bool,
    /// The response code.
    pub rcode: Rcode,
    /// The aliases, then the queried records.
    pub answers: Vec<DnsAnswer>,
}

impl std::fmt::Display for DnsFindings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} from {} over {}", self.rcode.name(), self.server, self.transport)?;
        if self.truncated {
            f.write_str(", truncated over udp")?;
        }
        if self.without_edns { f.write_str(", asked again without EDNS") } else { Ok(()) }
    }
}

/// Runs `dns` checks.
pub(super) struct DnsProber {
    resolver: Arc<Resolver>,
    tls: Arc<Tls>,
}

/// An answer and how it was received.
struct Answered {
    message: Box<Message>,
    server: SocketAddr,
    transport: &'static str,
    truncated: bool,
}

impl DnsProber {
    pub(super) fn new(resolver: Arc<Resolver>, tls: Arc<Tls>) -> Self {
        Self { resolver, tls }
    }

    pub(super) async fn observe(&self, check: &Check, dns: &Dns, deadline: Instant) -> Observed {
        let mut run = Run::start(deadline);
        let ended = tokio::time::timeout_at(deadline, self.run(dns, &mut run)).await;
        let certificate_days = dns.transport.tls().and_then(|tls| tls.certificate_days);
        run.finish(check, self.tls.days_left(certificate_days), ended)
    }

    async fn run(&self, dns: &Dns, run: &mut Run) -> Result<(), Fault> {
        let offer = match &dns.transport {
            DnsTransport::Udp | DnsTransport::Tcp => None,
            DnsTransport::Tls(tls) => Some(self.tls.of_handshake(tls, None).await?),
            DnsTransport::Https { tls, .. } => {
                Some(self.tls.of_handshake(tls, Some(HttpVersion::Auto)).await?)
            }
        };
        let servers = self.servers(dns, run).await?;
        let mut question = Question::new(dns, true)?;
        let mut answered = ask(dns, &question, offer.clone(), &servers, run).await?;
        // A check that expects the refusal gets its answer here.
        let rcode = Rcode(answered.message.metadata.response_code.into());
        let without_edns = knows_no_edns(&answered.message) && rcode != dns.rcode;
        if without_edns {
            let first = run.latency;
            question = Question::new(dns, false)?;
            answered = ask(dns, &question, offer, &[answered.server], run).await?;
            run.latency = first.zip(run.latency).map(|(first, second)| first + second);
        }
        run.end = Some(Instant::now());
        judge(dns, &question, answered, without_edns, run)
    }

    async fn servers(&self, dns: &Dns, run: &mut Run) -> Result<Vec<SocketAddr>, Fault> {
        let Some(NameServer { host, port }) = &dns.server else {
            return match self.resolver.name_server(dns.ip) {
                Some(server) => Ok(vec![server]),
                None => Err(Fault::own("this host has no name server of the IP version the check asks for")),
            };
        };
        let addresses = self.resolver.host(host, dns.ip, run).await?;
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, *port)).collect())
    }
}

/// Sends the query over the check's transport; its duration is the latency.
async fn ask(
    dns: &Dns,
    question: &Question,
    offer: Option<Offer>,
    servers: &[SocketAddr],
    run: &mut Run,
) -> Result<Answered, Fault> {
    match (&dns.transport, offer) {
        (DnsTransport::Udp, _) => udp(question, servers, run).await,
        (DnsTransport::Tls(tls), Some(offer)) => {
            let (mut stream, server) = handshake(tls, offer, servers, run).await?;
            let message = timed(question, &mut stream, run).await?;
            Ok(Answered { message, server, transport: "tls", truncated: false })
        }
        (DnsTransport::Https { tls, path }, Some(offer)) => {
            let (stream, server) = handshake(tls, offer, servers, run).await?;
            let sent = Instant::now();
            let named = dns.server.as_ref().ok_or_else(|| Fault::own("no server to ask over HTTPS"))?;
            let message = https::over_https(question, named, path, stream, run).await?;
            run.latency = Some(sent.elapsed());
            Ok(Answered { message, server, transport: "https", truncated: false })
        }
        _ => {
            let (mut stream, server) = connected(servers, run).await?;
            let message = timed(question, &mut stream, run).await?;
            Ok(Answered { message, server, transport: "tcp", truncated: false })
        }
    }
}

/// Queries over UDP, and over TCP if the answer is truncated.
async fn udp(question: &Question, servers: &[SocketAddr], run: &mut Run) -> Result<Answered, Fault> {
    let (socket, server) = exchange::open(servers).await?;
    run.asked.addresses.push(server.ip());
    let sent = Instant::now();
    let datagram = exchange::over_udp(question, &socket, server, run).await?;
    add(&mut run.phases.first_byte_us, sent.elapsed());
    let answered = match datagram {
        Datagram::Answer(message) => Answered { message, server, transport: "udp", truncated: false },
        Datagram::Truncated => {
            let (mut stream, server) = connected(&[server], run).await?;
            let message = timed(question, &mut stream, run).await?;
            Answered { message, server, transport: "tcp", truncated: true }
        }
    };
    run.latency = Some(sent.elapsed());
    Ok(answered)
}

async fn connected(servers: &[SocketAddr], run: &mut Run) -> Result<(TcpStream, SocketAddr), Fault> {
    let port = servers.first().map_or(0, SocketAddr::port);
    let addresses: Vec<_> = servers.iter().map(SocketAddr::ip).collect();
    run.stage = Stage::CONNECT;
    let start = Instant::now();
    let stream = connect::connect(&addresses, port, &mut run.asked.addresses).await?;
    add(&mut run.phases.connect_us, start.elapsed());
    let server = stream.peer_addr().map_err(|error| Fault::from_io(&error))?;
    Ok((stream, server))
}

async fn handshake(
    tls: &Handshake,
    offer: Offer,
    servers: &[SocketAddr],
    run: &mut Run,
) -> Result<(TlsStream<TcpStream>, SocketAddr), Fault> {
    let (stream, server) = connected(servers, run).await?;
    let Opened { stream, certificate } = tls::begin(offer, &tls.server_name, stream, run).await?;
    run.certificate = certificate;
    Ok((stream, server))
}

/// Sends the query over an open stream; its duration is the latency.
async fn timed(
    question: &Question,
    stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin),
    run: &mut Run,
) -> Result<Box<Message>, Fault> {
    let sent = Instant::now();
    let message = exchange::over_stream(question, stream, run).await?;
    let took = sent.elapsed();
    add(&mut run.phases.first_byte_us, took);
    run.latency = Some(took);
    Ok(message)
}

fn judge(
    dns: &Dns,
    question: &Question,
    answered: Answered,
    without_edns: bool,
    run: &mut Run,
) -> Result<(), Fault> {
    let Answered { message, server, transport, truncated } = answered;
    let rcode = Rcode(message.metadata.response_code.into());
    let (aliases, found) = record::answers(&message, &question.query, dns.record);
    let judged = assertion::check(dns, rcode, &aliases, &found);
    let answers = aliases.into_iter().chain(found).take(MAX_SHOWN).collect();
    let seen = DnsFindings { server, transport, truncated, without_edns, rcode, answers };
    run.findings = Findings::Dns(Box::new(seen));
    judged
}
