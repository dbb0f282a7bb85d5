//! One request and its response: takes or opens a connection, sends, reads within limits, and records the
//! duration of each phase.

use http::{HeaderMap, HeaderValue, StatusCode};
use skerry_protocol::check::{Check, Http, HttpVersion};
use skerry_protocol::wire::Reason;
use tokio::time::Instant;
use url::Url;

use super::connection::Connection;
use super::message::Head;
use super::pool::Key;
use super::redirect::Hop;
use super::transport::Transport;
use super::{FIRST_BYTE, HttpProber, request};
use crate::probe::CertificateSeen;
use crate::probe::fault::Fault;
use crate::probe::run::{Run, Stage, add};
use crate::probe::tls::Opened;
use crate::probe::{connect, tls};

/// Maximum memory reserved for an announced body, bytes.
const MAX_RESERVED: u64 = 1 << 20;

/// A response head, and the connection that delivers its body.
pub(super) struct Answer {
    head: Head,
    connection: Connection,
    pub(super) first_byte: Instant,
}

/// Headers of a request that do not come from the check's text.
#[derive(Clone, Copy, Default)]
pub(super) struct Credentials<'a> {
    /// The check's own, for its own origin.
    pub(super) authorization: Option<&'a HeaderValue>,
    /// Set by the servers of this run.
    pub(super) cookies: Option<&'a HeaderValue>,
}

/// The part of a body that was read.
pub(super) struct BodyRead {
    /// Empty if no assertion needs the body.
    pub(super) bytes: Vec<u8>,
    /// False: the body exceeds `max_body` and the rest was not read.
    pub(super) to_the_end: bool,
}

impl HttpProber {
    /// Sends the request of `hop` and waits for the response head.
    pub(super) async fn exchange(
        &self,
        check: &Check,
        http: &Http,
        hop: &Hop,
        credentials: Credentials<'_>,
        run: &mut Run,
    ) -> Result<Answer, Fault> {
        if http.reuse_connection
            && let Some(connection) = self.pool.take(&Key::new(check, http, &hop.url), self.tls.now()).await
        {
            match send(connection, http, hop, credentials, run).await {
                // The server closed the connection just as we sent: retry once, as any client does.
                Err(fault) if fault.reason == Reason::ConnectionReset && hop.method.is_idempotent() => {}
                ended => return ended,
            }
        }
        let connection = self.open(http, &hop.url, run).await?;
        send(connection, http, hop, credentials, run).await
    }

    async fn open(&self, http: &Http, url: &Url, run: &mut Run) -> Result<Connection, Fault> {
        let configuration = match url.scheme() {
            "https" => {
                run.stage = Stage::PREPARE;
                Some(self.tls.configuration(http.verify, http.ca_file.as_deref(), Some(http.version)).await?)
            }
            _ => None,
        };
        let host = url.host().ok_or_else(|| Fault::down(Reason::BadRedirect, "an address without a host"))?;
        let port = url.port_or_known_default().unwrap_or(80);
        let stream = connect::open(&self.resolver, &host, port, http.ip, run).await?;

        let Some(configuration) = configuration else {
            run.stage = FIRST_BYTE;
            let http2 = http.version == HttpVersion::Http2;
            return Connection::open(Transport::Plain(stream), http2, None).await;
        };
        let Opened { stream, certificate } = tls::begin(configuration, &host, stream, run).await?;
        run.stage = FIRST_BYTE;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if http.version == HttpVersion::Http2 && !http2 {
            return Err(Fault::down(Reason::ProtocolError, "the server does not offer HTTP/2"));
        }
        Connection::open(Transport::Tls(Box::new(stream)), http2, certificate).await
    }
}

async fn send(
    mut connection: Connection,
    http: &Http,
    hop: &Hop,
    credentials: Credentials<'_>,
    run: &mut Run,
) -> Result<Answer, Fault> {
    run.stage = FIRST_BYTE;
    remember(&mut run.certificate, connection.certificate.as_ref());
    let request = request::build(http, hop, credentials, connection.is_http2())?;
    let start = Instant::now();
    let (head, first_byte) = connection.send(request).await?;
    let first_byte = Instant::from_std(first_byte);
    add(&mut run.phases.first_byte_us, first_byte.saturating_duration_since(start));
    Ok(Answer { head, connection, first_byte })
}

/// Keeps the certificate that expires first.
fn remember(kept: &mut Option<CertificateSeen>, seen: Option<&CertificateSeen>) {
    if let Some(seen) = seen
        && kept.as_ref().is_none_or(|kept| seen.not_after < kept.not_after)
    {
        *kept = Some(seen.clone());
    }
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.head.status
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Reads at most `limit` bytes of the body. A larger one is a fault if it is needed (`keep`); otherwise
    /// the rest is not read.
    pub(super) async fn read_body(&mut self, limit: u64, keep: bool) -> Result<BodyRead, Fault> {
        let too_large =
            || Fault::down(Reason::BodyTooLarge, format!("the body is larger than {limit} bytes"));
        let announced = self.connection.announced();
        if keep && announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        if keep && let Some(length) = announced {
            bytes.reserve_exact(length.min(MAX_RESERVED) as usize);
        }
        let mut read: u64 = 0;
        while let Some(piece) = self.connection.piece().await? {
            read += piece.len() as u64;
            if read > limit {
                if keep {
                    return Err(too_large());
                }
                return Ok(BodyRead { bytes, to_the_end: false });
            }
            if keep {
                bytes.extend_from_slice(piece);
            }
        }
        Ok(BodyRead { bytes, to_the_end: true })
    }

    /// Returns the connection for the next run.
    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }
}
