//! A connection as lettre reads it: an answer has an end, and is read a line at a time, so that what a stranger on the way
//! sends before the TLS handshake is never taken for a word of the relay after it.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What a relay may send without being asked again: the longest answer, or the chain of its certificates.
const MAX_ANSWER: usize = 256 << 10;

/// A connection to a relay.
#[derive(Debug)]
pub(super) struct Answers {
    stream: TcpStream,
    buffer: Box<[u8]>,
    unread: std::ops::Range<usize>,
    since_asked: usize,
}

impl Answers {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: vec![0; 4096].into_boxed_slice(), unread: 0..0, since_asked: 0 }
    }
}

impl AsyncRead for Answers {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            let mut buffer = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer))?;
            this.unread = 0..buffer.filled().len();
            this.since_asked = this.since_asked.saturating_add(this.unread.len());
            if this.since_asked > MAX_ANSWER {
                return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "an answer without an end")));
            }
        }
        let unread = &this.buffer[this.unread.clone()];
        let line = unread.iter().position(|byte| *byte == b'\n').map_or(unread.len(), |at| at + 1);
        let count = line.min(out.remaining());
        out.put_slice(&unread[..count]);
        this.unread.start += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Answers {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        this.since_asked = 0;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Answers {
    fn peer_addr(&self) -> Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

/// A connection that was encrypted before its first word.
#[derive(Debug)]
pub(super) struct Encrypted(pub(super) Box<TlsStream<Answers>>);

impl AsyncRead for Encrypted {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, out)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}
