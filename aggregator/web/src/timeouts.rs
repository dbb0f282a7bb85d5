//! Timeouts of a connection. A client that does not finish its request, or does not read its response, is disconnected;
//! handlers limit bodies themselves. The stream reads no further than the end of a request until that request is
//! answered, and reads nothing while the client does not read: pipelined requests stay in the client's socket.

use super::Limits;
use super::client_stream::ClientStream;
use super::framing::{Body, Part};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::RequestHead;
use actix_web::rt::net::TcpStream;
use bytes::BytesMut;
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes read beyond the end of a request.
const READ_AHEAD: usize = 1 << 10;
/// Bytes discarded per read after the last answer, and the reads before the task yields.
const DISCARD_BUFFER: usize = 8 << 10;
const DISCARDED_READS: usize = 8;

/// A stream over a TCP connection.
pub(super) trait OverTcp: AsyncRead + AsyncWrite + Unpin + 'static {
    /// The connection.
    fn tcp(&self) -> &TcpStream;
    /// Whose connection it is.
    fn client(&self) -> Option<SocketAddr>;
}

impl OverTcp for ClientStream {
    fn tcp(&self) -> &TcpStream {
        self.tcp()
    }

    fn client(&self) -> Option<SocketAddr> {
        self.client()
    }
}

impl OverTcp for TlsStream<ClientStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0.tcp()
    }

    fn client(&self) -> Option<SocketAddr> {
        self.get_ref().0.client()
    }
}

/// The state of the present request of a connection. Its stream and its requests share it, since the stream cannot see
/// where a request ends.
pub(super) struct RequestState {
    /// A request is being answered, or the first has not come yet.
    answering: Cell<bool>,
    /// The client has sent something since the last answer.
    begun: Cell<bool>,
    /// When the timeout began.
    since: Cell<Instant>,
    /// Position of the stream within its requests.
    part: Cell<Part>,
    /// Woken when there is more to read.
    reader: Cell<Option<Waker>>,
    /// The connection accepts no further request.
    closing: Cell<bool>,
}

impl RequestState {
    /// Begins to answer the request with this head, until the guard is dropped.
    pub(super) fn take(self: &Rc<Self>, head: &RequestHead) -> RequestGuard {
        self.answering.set(true);
        self.part.set(Part::of(Body::of(head)));
        if self.part.get() != Part::Complete {
            self.wake_reader();
        }
        RequestGuard(Rc::clone(self))
    }

    /// Returns how many of these bytes the HTTP layer may read now.
    fn take_bytes(&self, bytes: &mut [u8]) -> usize {
        let mut part = self.part.get();
        let taken = part.take(bytes);
        // The body ended after its answer: the next head may follow.
        let is_over = part == Part::Complete
            && !matches!(self.part.get(), Part::Head { .. })
            && !self.answering.get()
            && !self.closing.get();
        self.part.set(if is_over { Part::START } else { part });
        taken
    }

    fn wake_reader(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn note_received(&self) {
        if !self.answering.get() && !self.begun.replace(true) {
            self.since.set(Instant::now());
        }
    }
}

/// Marks a request as being answered until it is dropped.
pub(super) struct RequestGuard(Rc<RequestState>);

impl RequestGuard {
    /// Ignores everything that follows this request.
    pub(super) fn close_after(&self) {
        self.0.closing.set(true);
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.answering.set(false);
        self.0.begun.set(false);
        self.0.since.set(Instant::now());
        if self.0.part.get() == Part::Complete && !self.0.closing.get() {
            self.0.part.set(Part::START);
            self.0.wake_reader();
        }
    }
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] when its client is too slow.
pub(super) struct TimedStream<S> {
    stream: S,
    limits: Limits,
    request_state: Rc<RequestState>,
    /// The deadline of a client that reads nothing.
    blocked: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes read beyond the end of the present request.
    ahead: BytesMut,
}

impl<S: OverTcp> TimedStream<S> {
    pub(super) fn new(stream: S, limits: Limits) -> Self {
        let since = Cell::new(Instant::now());
        // The HTTP layer limits the time of the first head itself, and answers 408.
        let (part, reader, closing) = (Cell::new(Part::START), Cell::default(), Cell::default());
        let request_state = Rc::new(RequestState {
            answering: Cell::new(true),
            begun: Cell::new(false),
            since,
            part,
            reader,
            closing,
        });
        Self { stream, limits, request_state, blocked: None, timer: None, ahead: BytesMut::new() }
    }

    /// The state that the requests of this connection share.
    pub(super) fn request_state(&self) -> Rc<RequestState> {
        Rc::clone(&self.request_state)
    }

    /// Hands on every byte, and limits only how long the client reads nothing: its requests are not framed here.
    pub(super) fn pass_everything(&mut self) {
        self.request_state.part.set(Part::Rest);
    }

    /// The deadline of the client, where it has one.
    fn until(&self) -> Option<Instant> {
        let Limits { head_time, keep_alive, .. } = self.limits;
        // The HTTP layer closes idle connections properly, and earlier than this; but it waits without limit for the
        // rest of a chunked body that no handler reads.
        let timeouts = if self.request_state.begun.get() { head_time } else { keep_alive + head_time };
        let next = (!self.request_state.answering.get()).then(|| self.request_state.since.get() + timeouts);
        self.blocked.or(next)
    }

    /// Ready once the client is too late. Until then the timer wakes the task.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(until) = self.until() else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        // A timer that fires too early stays: resetting it with each request would cost more than the extra wake-up.
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if until <= Instant::now() {
                return Poll::Ready(self.timed_out());
            }
            timer.as_mut().reset(until);
        }
    }

    fn timed_out(&self) -> io::Error {
        if self.blocked.is_some() {
            // The kernel would keep unread bytes for minutes.
            let _ = self.stream.tcp().set_zero_linger();
        }
        io::Error::new(io::ErrorKind::TimedOut, "the client was too slow")
    }

    /// The next bytes of the present request, or of the next one once that is answered.
    fn poll_request(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.request_state.closing.get() && !self.request_state.answering.get() {
            return self.poll_end(cx);
        }
        if self.blocked.is_some() || self.request_state.part.get() == Part::Complete {
            return self.poll_ahead(cx);
        }
        if self.ahead.is_empty() {
            let before = into.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
            let read = &mut into.filled_mut()[before..];
            let taken = self.request_state.take_bytes(read);
            self.ahead.extend_from_slice(&read[taken..]);
            into.set_filled(before + taken);
        } else {
            let some = self.ahead.len().min(into.remaining());
            let taken = self.request_state.take_bytes(&mut self.ahead[..some]);
            into.put_slice(&self.ahead.split_to(taken));
            if self.ahead.is_empty() {
                self.ahead = BytesMut::new();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Passes nothing on to the HTTP layer, except the end of the connection.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() && self.blocked.is_none() {
            let mut some = [const { MaybeUninit::uninit() }; READ_AHEAD];
            let mut some = ReadBuf::uninit(&mut some);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut some))?;
            if some.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.ahead.extend_from_slice(some.filled());
        }
        self.request_state.reader.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// Discards what arrives while the HTTP layer waits for the client to close the connection. A client that sends
    /// without end would otherwise occupy 64 KiB.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ahead = BytesMut::new();
        for _ in 0..DISCARDED_READS {
            let mut some = [const { MaybeUninit::uninit() }; DISCARD_BUFFER];
            let mut some = ReadBuf::uninit(&mut some);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut some))?;
            if some.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The client reads again.
    fn unblock(&mut self) {
        if self.blocked.take().is_some() {
            self.request_state.wake_reader();
        }
    }

    /// The client has not read everything yet.
    fn wait_to_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.blocked.get_or_insert_with(|| Instant::now() + self.limits.answer_pause);
        self.wait(cx)
    }
}

impl<S: OverTcp> AsyncRead for TimedStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        match this.poll_request(cx, into) {
            Poll::Ready(Ok(())) if into.filled().len() > before => {
                this.request_state.note_received();
                // A client that always has something to read never reaches the timer: check its deadline here.
                let over = this.until().is_some_and(|until| until <= Instant::now());
                Poll::Ready(if over { Err(this.timed_out()) } else { Ok(()) })
            }
            Poll::Pending => this.wait(cx).map(Err),
            ended => ended,
        }
    }
}

impl<S: OverTcp> AsyncWrite for TimedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(cx, from) {
            Poll::Pending => this.wait_to_write(cx).map(Err),
            written => {
                this.unblock();
                this.request_state.since.set(Instant::now());
                written
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if Pin::new(&mut this.stream).poll_flush(cx)?.is_pending() {
            return this.wait_to_write(cx).map(Err);
        }
        this.unblock();
        // The HTTP layer flushes when it has nothing more to do: from here on it waits for the client.
        match this.wait(cx) {
            Poll::Ready(over) => Poll::Ready(Err(over)),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_shutdown(cx) {
            Poll::Pending => this.wait_to_write(cx).map(Err),
            done => done,
        }
    }
}
