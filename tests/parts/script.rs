//! A server that follows a script: what it sends, when it reads, how it misbehaves.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A step of a script.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Sends this at once.
    Send(&'static [u8]),
    /// Sends this, one byte every 50 ms.
    Drip(&'static [u8]),
    /// Sends this endlessly.
    Endless(&'static [u8]),
    /// Waits until the received data ends with this; empty: for anything.
    Expect(&'static [u8]),
    /// Sends back what it received last.
    Echo,
    /// Sends nothing more and keeps the connection open.
    Stall,
    /// Relays the connection to this port of the host.
    Relay(u16),
    /// Resets the connection; the end of a script closes it.
    Reset,
}

/// A running server; stops when dropped.
pub struct Scripted {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Scripted {
    /// Starts a server on `127.0.0.1` that runs the script on each connection.
    pub async fn start(script: &[Step]) -> Self {
        Self::start_at("127.0.0.1:0", script).await
    }

    /// Starts a server at a loopback address.
    ///
    /// # Panics
    /// The address cannot be bound.
    pub async fn start_at(address: &str, script: &[Step]) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let script = script.to_vec();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = script.clone();
                tokio::spawn(async move {
                    // The client disconnects when it has seen enough.
                    let _left = play(stream, &script).await;
                });
            }
        });
        Self { address, task }
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(mut stream: TcpStream, script: &[Step]) -> std::io::Result<()> {
    let mut heard = Vec::new();
    for step in script {
        match step {
            Step::Send(words) => stream.write_all(words).await?,
            Step::Drip(words) => {
                for byte in *words {
                    stream.write_all(&[*byte]).await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Step::Endless(words) => loop {
                stream.write_all(words).await?;
            },
            Step::Expect(end) => {
                heard.clear();
                while heard.is_empty() || !heard.ends_with(end) {
                    if stream.read_buf(&mut heard).await? == 0 {
                        return Ok(());
                    }
                }
            }
            Step::Echo => stream.write_all(&heard).await?,
            Step::Stall => std::future::pending::<()>().await,
            Step::Relay(port) => {
                let mut other = TcpStream::connect(("127.0.0.1", *port)).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut other).await?;
            }
            Step::Reset => SockRef::from(&stream).set_linger(Some(Duration::ZERO))?,
        }
    }
    Ok(())
}
