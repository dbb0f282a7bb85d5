//! A server that keeps to a script: what it says, when it listens, how it misbehaves. Of a connection to it
//! only the script decides.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One thing that it does.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Says this at once.
    Say(&'static [u8]),
    /// Says this, a byte every 50 ms.
    Drip(&'static [u8]),
    /// Says this without end.
    Endless(&'static [u8]),
    /// Waits until it has heard something that ends so; empty: anything.
    Hear(&'static [u8]),
    /// Says what it heard last.
    Echo,
    /// Says nothing more, and keeps the connection.
    Silence,
    /// Hands the connection on to this port of the host.
    Relay(u16),
    /// Breaks the connection; a script that ends closes it.
    Reset,
}

/// A running server; ends when dropped.
pub struct Scripted {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Scripted {
    /// Starts one on `127.0.0.1`, which plays the script on each connection.
    pub async fn start(script: &[Step]) -> Self {
        Self::start_at("127.0.0.1:0", script).await
    }

    /// Starts one at an address of the loopback.
    ///
    /// # Panics
    /// When it cannot be bound.
    pub async fn start_at(address: &str, script: &[Step]) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let script = script.to_vec();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = script.clone();
                tokio::spawn(async move {
                    // The client leaves when it has seen enough.
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
            Step::Say(words) => stream.write_all(words).await?,
            Step::Drip(words) => {
                for byte in *words {
                    stream.write_all(&[*byte]).await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Step::Endless(words) => loop {
                stream.write_all(words).await?;
            },
            Step::Hear(end) => {
                heard.clear();
                while heard.is_empty() || !heard.ends_with(end) {
                    if stream.read_buf(&mut heard).await? == 0 {
                        return Ok(());
                    }
                }
            }
            Step::Echo => stream.write_all(&heard).await?,
            Step::Silence => std::future::pending::<()>().await,
            Step::Relay(port) => {
                let mut other = TcpStream::connect(("127.0.0.1", *port)).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut other).await?;
            }
            Step::Reset => SockRef::from(&stream).set_linger(Some(Duration::ZERO))?,
        }
    }
    Ok(())
}
