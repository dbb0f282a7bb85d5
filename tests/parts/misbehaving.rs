//! Targets that nginx cannot play: a small server that breaks HTTP in one named manner.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How it misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A body without end.
    EndlessBody,
    /// Half of the body announced, then a reset.
    ResetInBody,
    /// A reset instead of an answer.
    ResetBeforeHead,
    /// A close in the middle of the head.
    CloseInHead,
    /// Bytes that are not HTTP.
    Garbage,
    /// A chunked body whose chunks are not.
    GarbledChunks,
    /// A head of one byte every 50 ms.
    DripHead,
    /// A first byte at once, the rest of the head 400 ms later.
    SlowHead,
    /// A head of many megabytes.
    HugeHead,
    /// Takes connections and never says a word.
    Silent,
}

/// A running server; ends when dropped.
pub struct Misbehaving {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Misbehaving {
    /// Starts one.
    ///
    /// # Panics
    /// When no port of the loopback is free.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    // The client leaves when it has seen enough.
                    let _left = answer(stream, manner).await;
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

async fn answer(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _read = stream.read(&mut request).await?;
    match manner {
        Manner::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            let piece = vec![b'x'; 64 << 10];
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Manner::ResetInBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
            stream.write_all(&[b'x'; 500]).await?;
            reset(&stream)?;
        }
        Manner::ResetBeforeHead => reset(&stream)?,
        Manner::CloseInHead => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").await?,
        Manner::Garbage => stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n\0\x01\x02\r\n\r\n").await?,
        Manner::GarbledChunks => {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\nxx\r\n";
            stream.write_all(head).await?;
        }
        Manner::DripHead => {
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'x')) {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Manner::SlowHead => {
            stream.write_all(b"H").await?;
            tokio::time::sleep(Duration::from_millis(400)).await;
            stream.write_all(b"TTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
        }
        Manner::HugeHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nX-Huge: ").await?;
            let piece = vec![b'x'; 64 << 10];
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Manner::Silent => std::future::pending::<()>().await,
    }
    Ok(())
}

fn reset(stream: &TcpStream) -> std::io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// An address whose queue of connections is full, so that a connect to it hangs.
pub struct FullBacklog {
    listener: socket2::Socket,
    waiting: Vec<std::net::TcpStream>,
}

impl FullBacklog {
    /// Makes one.
    ///
    /// # Panics
    /// When sockets cannot be made.
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
