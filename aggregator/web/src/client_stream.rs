//! An accepted connection with the address of its client. A trusted proxy that speaks the PROXY protocol names it in a
//! header before everything else; a connection from elsewhere has none, and what it sends is never read as one.

use super::client_connections::{ClientConnections, Counted};
use super::proxies::{TrustedProxies, UNNAMED};
use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use bytes::{Buf as _, BytesMut};
use proxy_header::{Error, ParseConfig, Protocol, ProxyHeader};
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// The longest header that is read. The protocol asks receivers to accept 536 bytes; what proxies add about TLS and
/// certificates is longer.
const MAX_HEADER: usize = 4 << 10;

/// A connection over TCP.
pub(super) struct ClientStream {
    tcp: TcpStream,
    /// What was read behind the header.
    ahead: BytesMut,
    client: Option<SocketAddr>,
    /// Counts it among those of its client.
    counted: Option<Counted>,
}

impl ClientStream {
    /// Reads the header of the proxy, if the peer is one that sends it. That takes at most `time`.
    ///
    /// # Errors
    /// The header does not arrive in time, is malformed or too long.
    pub(super) async fn accept(tcp: TcpStream, proxies: &TrustedProxies, time: Duration) -> io::Result<Self> {
        let peer = tcp.peer_addr().ok();
        let mut stream = Self { tcp, ahead: BytesMut::new(), client: peer, counted: None };
        if peer.is_some_and(|peer| proxies.prefix_connections(peer.ip())) {
            let named = tokio::time::timeout(time, stream.read_header()).await;
            let named = named.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            stream.client = named.or(peer.map(|peer| SocketAddr::new(peer.ip(), UNNAMED)));
        }
        Ok(stream)
    }

    /// The client: the peer, or whom the trusted proxy named.
    pub(super) fn client(&self) -> Option<SocketAddr> {
        self.client
    }

    /// Counts it among the connections of its client. Proxies that the operator trusts may have any number, and so may this
    /// host.
    ///
    /// # Errors
    /// The client has too many.
    pub(super) fn count(
        &mut self,
        connections: &Arc<ClientConnections>,
        proxies: &TrustedProxies,
    ) -> io::Result<()> {
        let Some(client) = self.client.map(|client| client.ip().to_canonical()) else { return Ok(()) };
        if !client.is_loopback() && !proxies.trust(client) {
            let counted = connections.admit(client);
            self.counted = Some(counted.ok_or_else(|| io::Error::from(io::ErrorKind::QuotaExceeded))?);
        }
        Ok(())
    }

    /// Waits until the client has sent something, for at most `time`.
    ///
    /// # Errors
    /// It sends nothing, or closes.
    pub(super) async fn first_byte(&self, time: Duration) -> io::Result<()> {
        if !self.ahead.is_empty() {
            return Ok(());
        }
        let mut byte = [0];
        let peeked = tokio::time::timeout(time, self.tcp.peek(&mut byte)).await;
        match peeked.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// The connection.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Returns the client that the header names; `None` if the proxy itself connects, as for a health check.
    async fn read_header(&mut self) -> io::Result<Option<SocketAddr>> {
        let config = ParseConfig { include_tlvs: false, ..ParseConfig::default() };
        loop {
            if self.tcp.read_buf(&mut self.ahead).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match ProxyHeader::parse(&self.ahead, config) {
                Ok((header, length)) => {
                    let named = header.proxied_address().filter(|one| one.protocol == Protocol::Stream);
                    let named = named.map(|one| canonical(one.source));
                    self.ahead.advance(length);
                    return Ok(named);
                }
                Err(Error::BufferTooShort) if self.ahead.len() < MAX_HEADER => {}
                Err(error) => {
                    let why = format!("a trusted proxy sent no header of the PROXY protocol: {error}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                }
            }
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = address.ip().to_canonical();
    SocketAddr::new(ip, address.port())
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            return Pin::new(&mut this.tcp).poll_read(cx, into);
        }
        let some = this.ahead.len().min(into.remaining());
        into.put_slice(&this.ahead.split_to(some));
        if this.ahead.is_empty() {
            this.ahead = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }
}

impl ActixStream for ClientStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        if self.ahead.is_empty() {
            self.tcp.poll_read_ready(cx).map_ok(|()| Ready::READABLE)
        } else {
            Poll::Ready(Ok(Ready::READABLE))
        }
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.tcp, cx)
    }
}
