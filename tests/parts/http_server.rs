//! An HTTP server whose responses are written byte by byte: with unusual heads, any content coding, and its
//! own way to end a connection. It records the requests.

use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::certificates::Certificate;
use super::until;

/// Maximum time for a client to read the response.
const READ: Duration = Duration::from_secs(10);

/// How a connection ends after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// An orderly close.
    Close,
    /// TCP closes without `close_notify`.
    CloseTcp,
    /// A reset, once the client has read everything.
    Reset,
    /// It stays open and waits for the next request.
    Never,
}

type Answer = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A running server; stops when dropped.
pub struct HttpServer {
    address: SocketAddr,
    scheme: &'static str,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl HttpServer {
    /// Starts a server that answers each request with the result of `answer`.
    pub async fn start(ending: Ending, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::serve(None, ending, Arc::new(answer)).await
    }

    /// Starts a server that sends `answer` to every request and then closes.
    pub async fn with(answer: &[u8]) -> Self {
        let answer = answer.to_vec();
        Self::start(Ending::Close, move |_| answer.clone()).await
    }

    /// As [`HttpServer::start`], over TLS.
    ///
    /// The certificate cannot be read.
    /// When the certificate cannot be read.
    pub async fn start_tls(
        certificate: &Certificate,
        ending: Ending,
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let chain = vec![CertificateDer::from_pem_file(&certificate.certificate).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let configuration = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("they belong together");
        Self::serve(Some(TlsAcceptor::from(Arc::new(configuration))), ending, Arc::new(answer)).await
    }

    async fn serve(tls: Option<TlsAcceptor>, ending: Ending, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, seen, answer) = (tls.clone(), Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move {
                    // The client disconnects when it has seen enough.
                    let _left = converse(stream, tls, ending, &seen, &answer).await;
                });
            }
        });
        Self { address, scheme, requests, task }
    }

    /// A URL on this server; `path` starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The requests received so far.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A response with this status and `body`; each additional header in `lines` ends with `\r\n`.
#[must_use]
pub fn answer(status: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{lines}\r\n");
    [head.as_bytes(), body].concat()
}

async fn converse(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    ending: Ending,
    seen: &Mutex<Vec<String>>,
    answer: &Answer,
) -> std::io::Result<()> {
    let Some(tls) = tls else {
        let mut stream = stream;
        while let Some(request) = request(&mut stream).await? {
            stream.write_all(&heard(seen, answer, request)).await?;
            if ending != Ending::Never {
                break;
            }
        }
        return end(stream, ending).await;
    };
    let mut stream = tls.accept(stream).await?;
    while let Some(request) = request(&mut stream).await? {
        stream.write_all(&heard(seen, answer, request)).await?;
        stream.flush().await?;
        if ending != Ending::Never {
            break;
        }
    }
    if ending == Ending::Close {
        return stream.shutdown().await;
    }
    end(stream.into_inner().0, ending).await
}

fn heard(seen: &Mutex<Vec<String>>, answer: &Answer, request: String) -> Vec<u8> {
    let bytes = answer(&request);
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    bytes
}

async fn end(mut stream: TcpStream, ending: Ending) -> std::io::Result<()> {
    if ending != Ending::Reset {
        return stream.shutdown().await;
    }
    // A reset discards what the other side has not read.
    let (client, server) = (stream.peer_addr()?, stream.local_addr()?);
    until("the client reads the answer", READ, move || ready(has_read_all(client, server))).await;
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Whether nothing is left to read at the client's end of an IPv4 connection on this host, according to
/// `/proc/net/tcp`. A closed connection counts as read.
fn has_read_all(client: SocketAddr, server: SocketAddr) -> bool {
    let written = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port()),
        IpAddr::V6(_) => panic!("an IPv4 connection"),
    };
    let (client, server) = (written(client), written(server));
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
    table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>()).all(|row| match row[..] {
        [_, from, to, _, queues, ..] if from == client && to == server => queues.ends_with(":00000000"),
        // Unacknowledged data is still in flight.
        [_, from, to, _, queues, ..] if from == server && to == client => queues.starts_with("00000000:"),
        _ => true,
    })
}

/// Reads the next request with its body; `None` if the client closed.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Ok(Some(text));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
