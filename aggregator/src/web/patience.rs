//! Patience with clients: who begins a request and does not end it, or does not take an answer, is cut off. What
//! a handler reads of a body is bounded where it is read.

use super::Limits;
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

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
}

impl Turn {
    /// A request's head is here: it is our turn until what is returned is dropped.
    pub(super) fn take(self: &Rc<Self>) -> Ours {
        self.ours.set(true);
        Ours(Rc::clone(self))
    }

    fn heard(&self) {
        if !self.ours.get() && !self.begun.replace(true) {
            self.since.set(Instant::now());
        }
    }
}

/// Our turn, until it is dropped.
pub(super) struct Ours(Rc<Turn>);

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.ours.set(false);
        self.0.begun.set(false);
        self.0.since.set(Instant::now());
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
}

impl<S: OverTcp> Patient<S> {
    pub(super) fn new(stream: S, limits: Limits) -> Self {
        let since = Cell::new(Instant::now());
        // The HTTP layer bounds the first head itself, and answers 408.
        let turn = Rc::new(Turn { ours: Cell::new(true), begun: Cell::new(false), since });
        Self { stream, limits, turn, blocked: None, timer: None }
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
        match Pin::new(&mut this.stream).poll_read(cx, into) {
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
                this.blocked = None;
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
        this.blocked = None;
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
