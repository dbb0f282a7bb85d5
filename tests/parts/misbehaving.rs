//! Targets that nginx cannot play: a small server that violates HTTP in one way.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How the server misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// An endless body.
    EndlessBody,
    /// Half of the announced body, then a reset.
    ResetInBody,
    /// A reset instead of a response.
    ResetBeforeHead,
    /// A close in the middle of the head.
    CloseInHead,
    /// Bytes that are not HTTP.
    Garbage,
    /// Malformed chunks.
    GarbledChunks,
    /// A head with one byte every 50 ms.
    DripHead,
    /// The first byte at once, the rest of the head 400 ms later.
    SlowHead,
    /// A head of many megabytes.
    HugeHead,
    /// Accepts connections and sends nothing.
    Silent,
}

/// A running server; stops when dropped.
pub struct Misbehaving {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Misbehaving {
    /// Starts a server.
    ///
    /// # Panics
    /// No loopback port is free.
    pub async fn start(behaviour: Misbehaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    // The client disconnects when it has seen enough.
                    let _left = answer(stream, behaviour).await;
                });
            }
        });
        Self { address, task }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Misbehaving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, behaviour: Misbehaviour) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _read = stream.read(&mut request).await?;
    match behaviour {
        Misbehaviour::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            let piece = vec![b'x'; 64 << 10];
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Misbehaviour::ResetInBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
            stream.write_all(&[b'x'; 500]).await?;
            reset(&stream)?;
        }
        Misbehaviour::ResetBeforeHead => reset(&stream)?,
        Misbehaviour::CloseInHead => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").await?,
        Misbehaviour::Garbage => stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n\0\x01\x02\r\n\r\n").await?,
        Misbehaviour::GarbledChunks => {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\nxx\r\n";
            stream.write_all(head).await?;
        }
        Misbehaviour::DripHead => {
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'x')) {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Misbehaviour::SlowHead => {
            stream.write_all(b"H").await?;
            tokio::time::sleep(Duration::from_millis(400)).await;
            stream.write_all(b"TTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
        }
        Misbehaviour::HugeHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nX-Huge: ").await?;
            let piece = vec![b'x'; 64 << 10];
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Misbehaviour::Silent => std::future::pending::<()>().await,
    }
    Ok(())
}

fn reset(stream: &TcpStream) -> std::io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// An address with a full accept queue, so that connecting to it hangs.
pub struct FullBacklog {
    listener: socket2::Socket,
    waiting: Vec<std::net::TcpStream>,
}

impl FullBacklog {
    /// Creates one.
    ///
    /// # Panics
    /// The sockets cannot be created.
    #[must_use]
    pub fn new() -> Self {
        let listener =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        listener.bind(&any.into()).expect("binds");
        listener.listen(0).expect("listens");
        let mut full = Self { listener, waiting: Vec::new() };
        let address = full.address();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            full.waiting.push(stream);
            assert!(full.waiting.len() < 64, "the queue never fills");
        }
        full
    }

    /// Its address.
    ///
    /// # Panics
    /// Never: the socket is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("bound").as_socket().expect("an IP address")
    }
}

impl Default for FullBacklog {
    fn default() -> Self {
        Self::new()
    }
}
