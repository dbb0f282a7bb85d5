//! The `tcp` check: connects, optionally starts TLS, sends, and matches what the server sends. Reads within
//! limits, and only up to the first match.

use std::io;
use std::sync::Arc;

use skerry_protocol::check::{Check, Pattern, Tcp};
use skerry_protocol::wire::Reason;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::fault::{Fault, detail};
use super::resolve::Resolver;
use super::run::{Run, Stage, add};
use super::tls::{Opened, Tls};
use super::{Findings, Observed, connect, tls};

/// Maximum number of bytes read from a server.
const MAX_SAID: usize = 16 << 10;
const SEND: Stage =
    Stage::Target(Reason::Timeout, "the server did not take what was sent within the timeout");
const FIRST_BYTE: Stage = Stage::Target(Reason::Timeout, "the server said nothing within the timeout");
const EXPECT: Stage =
    Stage::Target(Reason::BannerMismatch, "expect does not match what came within the timeout");

/// Runs `tcp` checks.
pub(super) struct TcpProber {
    resolver: Arc<Resolver>,
    tls: Arc<Tls>,
}

impl TcpProber {
    pub(super) fn new(resolver: Arc<Resolver>, tls: Arc<Tls>) -> Self {
        Self { resolver, tls }
    }

    pub(super) async fn observe(&self, check: &Check, tcp: &Tcp, deadline: Instant) -> Observed {
        let mut run = Run::start(deadline);
        let ended = tokio::time::timeout_at(deadline, self.run(tcp, &mut run)).await;
        let certificate_days = tcp.tls.as_ref().and_then(|handshake| handshake.certificate_days);
        run.finish(check, self.tls.days_left(certificate_days), ended)
    }

    async fn run(&self, tcp: &Tcp, run: &mut Run) -> Result<(), Fault> {
        let prepared = match &tcp.tls {
            Some(handshake) => Some((self.tls.of_handshake(handshake, None).await?, &handshake.server_name)),
            None => None,
        };
        let mut stream = connect::open(&self.resolver, &tcp.host, tcp.port, tcp.ip, run).await?;
        let ended = match prepared {
            Some((configuration, name)) => {
                let Opened { mut stream, certificate } = tls::begin(configuration, name, stream, run).await?;
                run.certificate = certificate;
                converse(&mut stream, tcp, run).await
            }
            None => converse(&mut stream, tcp, run).await,
        };
        run.end = Some(Instant::now());
        ended
    }
}

async fn converse<S>(stream: &mut S, tcp: &Tcp, run: &mut Run) -> Result<(), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Some(text) = &tcp.send {
        run.stage = SEND;
        stream.write_all(text.as_bytes()).await.map_err(|error| tls::fault(&error))?;
        stream.flush().await.map_err(|error| tls::fault(&error))?;
    }
    match &tcp.expect {
        Some(expect) => listen(stream, expect, run).await,
        None => Ok(()),
    }
}

/// Reads until `expect` matches, the server has closed, or the limit is reached.
async fn listen<S: AsyncRead + Unpin>(stream: &mut S, expect: &Pattern, run: &mut Run) -> Result<(), Fault> {
    run.stage = FIRST_BYTE;
    let mut last = Instant::now();
    let mut said = Vec::new();
    let mut room = [0; 2 << 10];
    loop {
        let read = match stream.read(&mut room).await {
            Ok(read) => read,
            // Closed without `close_notify`.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(tls::fault(&error)),
        };
        let now = Instant::now();
        let phase = if said.is_empty() { &mut run.phases.first_byte_us } else { &mut run.phases.transfer_us };
        add(phase, now - last);
        last = now;
        if read == 0 && said.is_empty() {
            return Err(Fault::down(
                Reason::ConnectionReset,
                "the server closed the connection without a word",
            ));
        }
        said.extend_from_slice(&room[..read]);
        run.stage = EXPECT;
        let text = String::from_utf8_lossy(&said);
        run.findings = Findings::Said(detail(&text));
        if expect.0.is_match(&text) {
            return Ok(());
        }
        if read == 0 || said.len() >= MAX_SAID {
            let words = format!("expect does not match what the server said: \"{text}\"");
            return Err(Fault::down(Reason::BannerMismatch, words));
        }
    }
}
