//! One open connection that speaks HTTP/1.1 or 2, and the clock that sees the first byte of an answer.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;

use crate::probe::CertificateSeen;

/// Largest head of an answer, bytes.
const MAX_HEAD: usize = 64 << 10;
/// Most a connection buffers while it reads, bytes.
const MAX_BUFFER: usize = 128 << 10;
/// Longest wait for a connection to become ready again after an answer.
const REUSE_WAIT: Duration = Duration::from_millis(10);
const H2_STREAM_WINDOW: u32 = 256 << 10;
const H2_CONNECTION_WINDOW: u32 = 512 << 10;

/// The transport below HTTP.
pub(in crate::probe) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

type Io = TokioIo<Watched>;
type RequestBody = Full<Bytes>;

/// An open connection. Dropping it closes the socket.
pub(in crate::probe) struct Connection {
    protocol: Protocol,
    first_byte: Arc<FirstByte>,
    /// What the server showed when it was opened.
    pub(super) certificate: Option<CertificateSeen>,
}

enum Protocol {
    /// Driven by whoever waits for its answer, which saves a task for each run.
    Http1 {
        sender: http1::SendRequest<RequestBody>,
        driver: Option<Pin<Box<http1::Connection<Io, RequestBody>>>>,
    },
    Http2 {
        sender: http2::SendRequest<RequestBody>,
        tasks: Tasks,
    },
}

impl Connection {
    /// Begins HTTP on `transport`.
    pub(in crate::probe) async fn open(
        transport: Transport,
        http2: bool,
        certificate: Option<CertificateSeen>,
    ) -> hyper::Result<Self> {
        let first_byte = Arc::new(FirstByte { base: Instant::now(), nanoseconds: AtomicU64::new(0) });
        let io = TokioIo::new(Watched { transport, first_byte: Arc::clone(&first_byte) });
        let protocol = if http2 {
            let tasks = Tasks::default();
            let (sender, driver) = http2::Builder::new(tasks.clone())
                .initial_stream_window_size(H2_STREAM_WINDOW)
                .initial_connection_window_size(H2_CONNECTION_WINDOW)
                .max_header_list_size(MAX_HEAD as u32)
                .handshake(io)
                .await?;
            hyper::rt::Executor::execute(&tasks, async move {
                // Its end reaches whoever waits for the answer.
                let _ended = driver.await;
            });
            Protocol::Http2 { sender, tasks }
        } else {
            let (sender, driver) = http1::Builder::new()
                .max_header_size(MAX_HEAD)
                .max_buf_size(MAX_BUFFER)
                .handshake(io)
                .await?;
            Protocol::Http1 { sender, driver: Some(Box::pin(driver)) }
        };
        Ok(Self { protocol, first_byte, certificate })
    }

    pub(in crate::probe) fn is_http2(&self) -> bool {
        matches!(self.protocol, Protocol::Http2 { .. })
    }

    /// Sends a request and waits for the head of its answer. The second value is when its first byte came:
    /// on HTTP/1.1 the first byte itself, on HTTP/2, where frames of the connection come before it, the head.
    pub(in crate::probe) async fn send(
        &mut self,
        request: http::Request<RequestBody>,
    ) -> hyper::Result<(http::Response<Incoming>, Instant)> {
        self.first_byte.nanoseconds.store(0, Ordering::Relaxed);
        match &mut self.protocol {
            Protocol::Http1 { sender, driver } => {
                let response = drive(driver, sender.send_request(request)).await?;
                Ok((response, self.first_byte.seen()))
            }
            Protocol::Http2 { sender, .. } => Ok((sender.send_request(request).await?, Instant::now())),
        }
    }

    /// Waits for `future`, which needs this connection to move on.
    pub(in crate::probe) async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        match &mut self.protocol {
            Protocol::Http1 { driver, .. } => drive(driver, future).await,
            Protocol::Http2 { .. } => future.await,
        }
    }

    /// Whether another request may be sent: the last answer was read to its end and neither side closed.
    /// Says no rather than wait for a server that answered before it had read the whole request.
    pub(super) async fn is_reusable(&mut self) -> bool {
        let ready = async {
            match &mut self.protocol {
                Protocol::Http1 { sender, driver } => {
                    drive(driver, sender.ready()).await.is_ok() && driver.is_some()
                }
                Protocol::Http2 { sender, .. } => sender.ready().await.is_ok(),
            }
        };
        tokio::time::timeout(REUSE_WAIT, ready).await.unwrap_or(false)
    }

    /// Looks at an idle connection: false when the server has closed it meanwhile.
    pub(super) async fn is_alive(&mut self) -> bool {
        match &mut self.protocol {
            Protocol::Http1 { sender, driver } => {
                poll_fn(|context| {
                    poll_driver(driver, context);
                    Poll::Ready(())
                })
                .await;
                driver.is_some() && sender.is_ready()
            }
            Protocol::Http2 { sender, .. } => sender.is_ready() && !sender.is_closed(),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Protocol::Http2 { tasks, .. } = &self.protocol {
            tasks.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        }
    }
}

type Driver = Option<Pin<Box<http1::Connection<Io, RequestBody>>>>;

fn poll_driver(driver: &mut Driver, context: &mut Context<'_>) {
    if let Some(connection) = driver
        && connection.as_mut().poll(context).is_ready()
    {
        // Its result reaches whoever waits for the answer.
        *driver = None;
    }
}

async fn drive<F: Future>(driver: &mut Driver, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(output);
        }
        poll_driver(driver, context);
        future.as_mut().poll(context)
    })
    .await
}

/// The tasks hyper starts for one HTTP/2 connection; ended with it.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(future);
    }
}

/// When the first byte after a request came.
struct FirstByte {
    base: Instant,
    /// Since `base`; 0: not yet.
    nanoseconds: AtomicU64,
}

impl FirstByte {
    fn mark(&self) {
        if self.nanoseconds.load(Ordering::Relaxed) == 0 {
            let since = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.nanoseconds.store(since.max(1), Ordering::Relaxed);
        }
    }

    fn seen(&self) -> Instant {
        match self.nanoseconds.load(Ordering::Relaxed) {
            0 => Instant::now(),
            since => self.base + Duration::from_nanos(since),
        }
    }
}

struct Watched {
    transport: Transport,
    first_byte: Arc<FirstByte>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if buffer.filled().len() > before {
            self.first_byte.mark();
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
