//! HTTP/1 over one open connection, one request at a time.
//!
//! We do not use hyper here: a site works if browsers show it, and hyper rejects heads with a malformed line
//! and bodies that end without `close_notify`, and reorders headers and changes their case.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Buf, BytesMut};
use http::{Method, StatusCode};
use skerry_protocol::wire::{Outcome, Reason};
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::message::{Head, Request};
use super::transport::Transport;
use crate::probe::fault::Fault;
use crate::probe::tls;
use framing::{Framing, Next};

pub(super) mod framing;
pub(super) mod head;

/// Maximum size of a response head, and of its trailers, bytes: as in Chromium.
pub(super) const MAX_HEAD: usize = 256 << 10;
/// Read buffer, bytes: initially, and at most while reads fill it.
const READ: usize = 8 << 10;
const MAX_READ: usize = 64 << 10;
/// Maximum number of interim responses (`100 Continue`, `103 Early Hints`).
const MAX_INFORMATIONAL: usize = 32;

/// An open connection.
pub(super) struct Connection {
    transport: Transport,
    /// Bytes received and not consumed yet.
    buffer: BytesMut,
    /// Bytes at the start of the buffer that the caller has.
    handed_out: usize,
    room: usize,
    request: Outgoing,
    body: Framing,
    keeps_alive: bool,
}

/// A request that is being sent; a server may answer before it has read all of it.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    flushed: bool,
    failed: Option<io::Error>,
}

impl Connection {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            buffer: BytesMut::new(),
            handed_out: 0,
            room: READ,
            request: Outgoing::default(),
            body: Framing::Ended,
            keeps_alive: true,
        }
    }

    /// Sends a request and waits for the response head; the second value is the time of its first byte.
    pub(super) async fn send(&mut self, request: &Request<'_>) -> Result<(Head, Instant), Fault> {
        self.buffer.advance(std::mem::take(&mut self.handed_out));
        self.request = Outgoing { bytes: request.to_http1(), ..Outgoing::default() };
        let (mut first_byte, mut searched, mut informational) = (None, 0, 0);
        loop {
            while !self.buffer.is_empty()
                && let Some(end) = head::end(&self.buffer, &mut searched)?
            {
                let read = head::read(&self.buffer.split_to(end).freeze())?;
                let status = read.head.status;
                if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
                    self.begin_body(&request.method, &read)?;
                    return Ok((read.head, first_byte.unwrap_or_else(Instant::now)));
                }
                (searched, informational) = (0, informational + 1);
                if informational > MAX_INFORMATIONAL {
                    let detail = format!("more than {MAX_INFORMATIONAL} answers with a status below 200");
                    return Err(Fault::down(Reason::ProtocolError, detail));
                }
            }
            let came = self.fill().await;
            first_byte = first_byte.or_else(|| Some(Instant::now()));
            if !matches!(came, Ok(read) if read > 0) {
                return Err(self.no_answer(came.err()));
            }
        }
    }

    fn begin_body(&mut self, method: &Method, read: &head::ReadHead) -> Result<(), Fault> {
        self.body = Framing::of(method, read)?;
        self.keeps_alive = read.keeps_alive()
            && self.body != Framing::ToClose
            && !read.is_framed_twice()
            && !read.head.status.is_informational();
        Ok(())
    }

    /// Why there is no response on a connection that ended.
    fn no_answer(&mut self, error: Option<io::Error>) -> Fault {
        let begun = self.buffer.iter().any(|byte| !byte.is_ascii_whitespace());
        if begun && !self.buffer.trim_ascii_start().to_ascii_uppercase().starts_with(b"HTTP") {
            return head::not_http(self.buffer.trim_ascii_start());
        }
        let words = match begun {
            true => "the connection ended in the middle of the answer's head",
            false => "the server closed the connection without an answer",
        };
        // That it stopped reading the request says less than that it reset the connection.
        broken(words, error.filter(|error| !is_end(error)).or_else(|| self.request.failed.take()))
    }

    /// The announced length of the body.
    pub(super) fn announced(&self) -> Option<u64> {
        self.body.announced()
    }

    /// The next piece of the body; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<&[u8]>, Fault> {
        self.buffer.advance(std::mem::take(&mut self.handed_out));
        loop {
            match self.body.next(&mut self.buffer)? {
                Next::End => return Ok(None),
                Next::Data(length) => {
                    self.handed_out = length;
                    return Ok(Some(&self.buffer[..length]));
                }
                Next::More => {}
            }
            match self.fill().await {
                Ok(read) if read > 0 => {}
                ended => return self.ended(ended.err()).map(|()| None),
            }
        }
    }

    /// Whether the body is complete when the connection ends. Without an announced end it is what was
    /// received, however TCP or TLS ended.
    fn ended(&mut self, error: Option<io::Error>) -> Result<(), Fault> {
        self.keeps_alive = false;
        let error = error.filter(|error| !is_end(error));
        match (self.body.cut_short(), error) {
            (None, Some(error)) if !is_reset(&error) => {
                Err(broken("the connection broke in the middle of the body", Some(error)))
            }
            (None, _) => {
                self.body = Framing::Ended;
                Ok(())
            }
            (Some(words), error) => Err(broken(&words, error)),
        }
    }

    /// Whether another request may be sent: the last response was read to its end and neither side has
    /// closed.
    pub(super) fn is_reusable(&self) -> bool {
        let all_read = self.body == Framing::Ended && self.buffer.len() == self.handed_out;
        self.keeps_alive && all_read && self.request.is_sent()
    }

    /// Whether an idle connection is still open; false also if the server sends unasked.
    pub(super) async fn is_alive(&mut self) -> bool {
        poll_fn(|context| Poll::Ready(self.poll_fill(context).is_pending())).await
    }

    /// Waits for more bytes; 0: the server closed. Continues to send the request meanwhile.
    async fn fill(&mut self) -> io::Result<usize> {
        poll_fn(|context| self.poll_fill(context)).await
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.request.poll_send(&mut self.transport, context);
        self.buffer.reserve(self.room);
        let reading = pin!(self.transport.read_buf(&mut self.buffer));
        let read = reading.poll(context);
        if matches!(read, Poll::Ready(Ok(read)) if read >= self.room) {
            self.room = (self.room * 2).min(MAX_READ);
        }
        read
    }
}

impl Outgoing {
    fn is_sent(&self) -> bool {
        self.flushed && self.failed.is_none()
    }

    fn poll_send(&mut self, transport: &mut Transport, context: &mut Context<'_>) {
        while self.sent < self.bytes.len() && self.failed.is_none() {
            match Pin::new(&mut *transport).poll_write(context, &self.bytes[self.sent..]) {
                Poll::Ready(Ok(0)) => self.failed = Some(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(sent)) => self.sent += sent,
                Poll::Ready(Err(error)) => self.failed = Some(error),
                Poll::Pending => return,
            }
        }
        if !self.flushed && self.failed.is_none() {
            match Pin::new(transport).poll_flush(context) {
                Poll::Ready(Ok(())) => self.flushed = true,
                Poll::Ready(Err(error)) => self.failed = Some(error),
                Poll::Pending => {}
            }
        }
    }
}

/// Whether the connection ended; TLS may end without `close_notify`.
fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

fn is_reset(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// A connection that ended too early: `words`, and the message of the operating system.
fn broken(words: &str, error: Option<io::Error>) -> Fault {
    let Some(error) = error else { return Fault::down(Reason::ConnectionReset, words) };
    let mut fault = tls::fault(&error);
    if fault.outcome == Outcome::Down {
        fault.detail = format!("{words}: {}", fault.detail);
    }
    fault
}
