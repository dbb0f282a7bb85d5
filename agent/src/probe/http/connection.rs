//! An open connection that speaks HTTP/1 or HTTP/2. HTTP/2 is hyper's.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::TokioIo;
use skerry_protocol::wire::{Outcome, Reason};
use tokio::task::JoinSet;

use super::message::{Head, Request};
use super::transport::Transport;
use super::{failure, http1};
use crate::probe::CertificateSeen;
use crate::probe::fault::Fault;

/// Maximum wait for an HTTP/2 connection to become ready again after a response.
const REUSE_WAIT: Duration = Duration::from_millis(10);
const H2_STREAM_WINDOW: u32 = 256 << 10;
const H2_CONNECTION_WINDOW: u32 = 512 << 10;

/// An open connection. Dropping it closes the socket.
pub(in crate::probe) struct Connection {
    protocol: Protocol,
    /// The server's certificate at the handshake.
    pub(super) certificate: Option<CertificateSeen>,
    pub(super) opened: Instant,
}

enum Protocol {
    Http1(Box<http1::Connection>),
    Http2(Box<Http2>),
}

struct Http2 {
    sender: http2::SendRequest<Full<Bytes>>,
    tasks: Tasks,
    body: Option<Incoming>,
    /// The last piece of the body.
    piece: Bytes,
}

impl Connection {
    /// Starts HTTP on `transport`.
    pub(in crate::probe) async fn open(
        transport: Transport,
        http2: bool,
        certificate: Option<CertificateSeen>,
    ) -> Result<Self, Fault> {
        let protocol = if http2 {
            Protocol::Http2(Box::new(Http2::open(transport).await.map_err(|error| failure::sort(&error))?))
        } else {
            Protocol::Http1(Box::new(http1::Connection::new(transport)))
        };
        Ok(Self { protocol, certificate, opened: Instant::now() })
    }

    pub(in crate::probe) fn is_http2(&self) -> bool {
        matches!(self.protocol, Protocol::Http2(_))
    }

    /// Sends a request and waits for the response head. The second value is the time of its first byte: exact
    /// on HTTP/1; on HTTP/2, where frames of the connection come first, the time of the head.
    pub(in crate::probe) async fn send(&mut self, request: Request<'_>) -> Result<(Head, Instant), Fault> {
        match &mut self.protocol {
            Protocol::Http1(connection) => connection.send(&request).await,
            Protocol::Http2(connection) => {
                let head = connection.send(request).await?;
                Ok((head, Instant::now()))
            }
        }
    }

    /// The announced length of the body.
    pub(super) fn announced(&self) -> Option<u64> {
        match &self.protocol {
            Protocol::Http1(connection) => connection.announced(),
            Protocol::Http2(connection) => connection.body.as_ref()?.size_hint().exact(),
        }
    }

    /// The next piece of the body; `None` at its end.
    pub(in crate::probe) async fn piece(&mut self) -> Result<Option<&[u8]>, Fault> {
        match &mut self.protocol {
            Protocol::Http1(connection) => connection.piece().await,
            Protocol::Http2(connection) => connection.piece().await,
        }
    }

    /// Whether another request may be sent: the last response was read to its end and neither side has
    /// closed. Returns false rather than wait for a server that answered before it read the whole request.
    pub(super) async fn is_reusable(&mut self) -> bool {
        match &mut self.protocol {
            Protocol::Http1(connection) => connection.is_reusable(),
            Protocol::Http2(connection) => {
                let ready = tokio::time::timeout(REUSE_WAIT, connection.sender.ready()).await;
                ready.is_ok_and(|ready| ready.is_ok())
            }
        }
    }

    /// Whether an idle connection is still open.
    pub(super) async fn is_alive(&mut self) -> bool {
        match &mut self.protocol {
            Protocol::Http1(connection) => connection.is_alive().await,
            Protocol::Http2(connection) => connection.sender.is_ready() && !connection.sender.is_closed(),
        }
    }
}

impl Http2 {
    async fn open(transport: Transport) -> hyper::Result<Self> {
        let tasks = Tasks::default();
        let (sender, driver) = http2::Builder::new(tasks.clone())
            .initial_stream_window_size(H2_STREAM_WINDOW)
            .initial_connection_window_size(H2_CONNECTION_WINDOW)
            .max_header_list_size(http1::MAX_HEAD as u32)
            .handshake(TokioIo::new(transport))
            .await?;
        hyper::rt::Executor::execute(&tasks, async move {
            // Whoever waits for the response sees its end.
            let _ended = driver.await;
        });
        Ok(Self { sender, tasks, body: None, piece: Bytes::new() })
    }

    async fn send(&mut self, request: Request<'_>) -> Result<Head, Fault> {
        let request = request.into_http2().map_err(|error| Fault {
            // The fault is in our request, not in the target's response.
            outcome: Outcome::Inconclusive,
            reason: Reason::Other,
            detail: format!("the request cannot be sent over HTTP/2: {error}"),
        })?;
        let response = self.sender.send_request(request).await.map_err(|error| failure::sort(&error))?;
        let (parts, body) = response.into_parts();
        self.body = Some(body);
        Ok(Head { status: parts.status, headers: parts.headers })
    }

    async fn piece(&mut self) -> Result<Option<&[u8]>, Fault> {
        let Some(body) = &mut self.body else { return Ok(None) };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| failure::sort(&error))?;
            if let Ok(data) = frame.into_data() {
                self.piece = data;
                return Ok(Some(&self.piece));
            }
        }
        self.body = None;
        Ok(None)
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

/// The tasks that hyper starts for one HTTP/2 connection; they end with it.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(future);
    }
}
