//! Patience with clients: who begins a request and does not end it, or does not take an answer, is cut off. What
//! a handler reads of a body is bounded where it is read. A connection is read no further than the end of a request
//! until that is answered, and not at all while its client takes nothing: what it sends ahead stays with it.

use super::Limits;
use super::framing::{Body, Part};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::RequestHead;
use actix_web::rt::net::TcpStream;
use bytes::BytesMut;
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Most that is read of what a client sends ahead, bytes.
const AHEAD: usize = 1 << 10;
/// What is read at once of what a client sends after the last answer, bytes, and how often before others get their turn.
const UNWANTED: usize = 8 << 10;
const UNWANTED_READS: usize = 8;

/// A stream over a TCP connection.
pub(super) trait OverTcp: AsyncRead + AsyncWrite + Unpin + 'static {
    /// The connection.
    fn tcp(&self) -> &TcpStream;
}

impl OverTcp for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl OverTcp for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Whose turn it is on a connection. Shared by its stream and its requests: the stream cannot see where a request
/// ends.
pub(super) struct Turn {
    /// A request is being answered, or the first has not come yet.
    ours: Cell<bool>,
    /// Something has come since the last answer.
    begun: Cell<bool>,
    /// Since when the client is expected to act.
    since: Cell<Instant>,
    /// Where in its requests the stream is.
    part: Cell<Part>,
    /// Whom to tell when there is more to read.
    reader: Cell<Option<Waker>>,
    /// No further request is taken on this connection.
    closing: Cell<bool>,
}

impl Turn {
    /// A request's head is here: it is our turn until what is returned is dropped.
    pub(super) fn take(self: &Rc<Self>, head: &RequestHead) -> Ours {
        self.ours.set(true);
        self.part.set(Part::of(Body::of(head)));
        if self.part.get() != Part::Behind {
            self.go_on();
        }
        Ours(Rc::clone(self))
    }

    /// How many of these bytes the HTTP layer may have now.
    fn let_through(&self, bytes: &mut [u8]) -> usize {
        let mut part = self.part.get();
        let taken = part.take(bytes);
        // A body that ends after its answer: the next head may come.
        let is_over = part == Part::Behind
            && !matches!(self.part.get(), Part::Head { .. })
            && !self.ours.get()
            && !self.closing.get();
        self.part.set(if is_over { Part::START } else { part });
        taken
    }

    fn go_on(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn heard(&self) {
        if !self.ours.get() && !self.begun.replace(true) {
            self.since.set(Instant::now());
        }
    }
}

/// Our turn, until it is dropped.
pub(super) struct Ours(Rc<Turn>);

impl Ours {
    /// Nothing that follows this request is taken for one.
    pub(super) fn is_the_last(&self) {
        self.0.closing.set(true);
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.ours.set(false);
        self.0.begun.set(false);
        self.0.since.set(Instant::now());
        if self.0.part.get() == Part::Behind && !self.0.closing.get() {
            self.0.part.set(Part::START);
            self.0.go_on();
        }
    }
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] once its client was waited for long enough.
pub(super) struct Patient<S> {
    stream: S,
    limits: Limits,
    turn: Rc<Turn>,
    /// When we give up on a client that takes nothing.
    blocked: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    /// What was read beyond the end of a request.
    ahead: BytesMut,
}

impl<S: OverTcp> Patient<S> {
    pub(super) fn new(stream: S, limits: Limits) -> Self {
        let since = Cell::new(Instant::now());
        // The HTTP layer bounds the first head itself, and answers 408.
        let (part, reader, closing) = (Cell::new(Part::START), Cell::default(), Cell::default());
        let turn =
            Rc::new(Turn { ours: Cell::new(true), begun: Cell::new(false), since, part, reader, closing });
        Self { stream, limits, turn, blocked: None, timer: None, ahead: BytesMut::new() }
    }

    /// Whose turn it is, for the requests of this connection.
    pub(super) fn turn(&self) -> Rc<Turn> {
        Rc::clone(&self.turn)
    }

    pub(super) fn peer(&self) -> Option<std::net::SocketAddr> {
        self.stream.tcp().peer_addr().ok()
    }

    /// How long the client has.
    fn until(&self) -> Option<Instant> {
        let Limits { head_time, keep_alive, .. } = self.limits;
        // The HTTP layer ends idle connections in order and before this; but it waits without a bound for the
        // rest of a chunked body that nobody reads.
        let patience = if self.turn.begun.get() { head_time } else { keep_alive + head_time };
        let next = (!self.turn.ours.get()).then(|| self.turn.since.get() + patience);
        self.blocked.or(next)
    }

    /// Ready when we have waited long enough. Until then the task is woken in time.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(until) = self.until() else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        // One that is due too early stays: to move it with each request would cost more than to be woken.
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if until <= Instant::now() {
                return Poll::Ready(self.give_up());
            }
            timer.as_mut().reset(until);
        }
    }

    fn give_up(&self) -> io::Error {
        if self.blocked.is_some() {
            // The kernel would keep for minutes what the client does not take.
            let _ = self.stream.tcp().set_zero_linger();
        }
        io::Error::new(io::ErrorKind::TimedOut, "the client was too slow")
    }

    /// The next bytes of the present request, or of the next one once that is answered.
    fn poll_request(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.turn.closing.get() && !self.turn.ours.get() {
            return self.poll_end(cx);
        }
        if self.blocked.is_some() || self.turn.part.get() == Part::Behind {
            return self.poll_ahead(cx);
        }
        if self.ahead.is_empty() {
            let before = into.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
            let read = &mut into.filled_mut()[before..];
            let taken = self.turn.let_through(read);
            self.ahead.extend_from_slice(&read[taken..]);
            into.set_filled(before + taken);
        } else {
            let some = self.ahead.len().min(into.remaining());
            let taken = self.turn.let_through(&mut self.ahead[..some]);
            into.put_slice(&self.ahead.split_to(taken));
            if self.ahead.is_empty() {
                self.ahead = BytesMut::new();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The HTTP layer gets nothing now; but it hears of the end of the connection.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() && self.blocked.is_none() {
            let mut some = [const { MaybeUninit::uninit() }; AHEAD];
            let mut some = ReadBuf::uninit(&mut some);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut some))?;
            if some.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.ahead.extend_from_slice(some.filled());
        }
        self.turn.reader.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// The connection ends, and the HTTP layer waits for its client to end it: nothing is kept of what comes until then,
    /// which would be 64 KiB for each that sends without end.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ahead = BytesMut::new();
        for _ in 0..UNWANTED_READS {
            let mut some = [const { MaybeUninit::uninit() }; UNWANTED];
            let mut some = ReadBuf::uninit(&mut some);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut some))?;
            if some.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The client takes again.
    fn unblock(&mut self) {
        if self.blocked.take().is_some() {
            self.turn.go_on();
        }
    }

    /// The client has not taken all yet.
    fn wait_to_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.blocked.get_or_insert_with(|| Instant::now() + self.limits.answer_pause);
        self.wait(cx)
    }
}

impl<S: OverTcp> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        match this.poll_request(cx, into) {
            Poll::Ready(Ok(())) if into.filled().len() > before => {
                this.turn.heard();
                // Who sends so fast that there is always something to read is judged here.
                let over = this.until().is_some_and(|until| until <= Instant::now());
                Poll::Ready(if over { Err(this.give_up()) } else { Ok(()) })
            }
            Poll::Pending => this.wait(cx).map(Err),
            ended => ended,
        }
    }
}

impl<S: OverTcp> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(cx, from) {
            Poll::Pending => this.wait_to_write(cx).map(Err),
            written => {
                this.unblock();
                this.turn.since.set(Instant::now());
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
        // The HTTP layer flushes whenever it has done what it can: from here on the client is waited for.
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
