//! One query and its answer over HTTPS (RFC 8484), by POST on a new connection.

use hickory_resolver::proto::op::Message;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, header};
use skerry_protocol::check::NameServer;
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::ANSWER;
use super::question::{Question, Received};
use crate::probe::fault::Fault;
use crate::probe::http::connection::Connection;
use crate::probe::http::message::{Head, Request};
use crate::probe::http::transport::Transport;
use crate::probe::run::{Run, add};

const MESSAGE: HeaderValue = HeaderValue::from_static("application/dns-message");
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("skerry-agent/", env!("CARGO_PKG_VERSION")));
/// Maximum size of an answer, bytes: that of any DNS message.
const MAX_MESSAGE: usize = 65_535;

/// Sends one query over an open TLS connection.
pub(super) async fn over_https(
    question: &Question,
    server: &NameServer,
    path: &str,
    stream: TlsStream<TcpStream>,
    run: &mut Run,
) -> Result<Box<Message>, Fault> {
    run.stage = ANSWER;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut connection = Connection::open(Transport::Tls(Box::new(stream)), http2, None).await?;
    let request = request(question, server, path, connection.is_http2())?;
    let sent = Instant::now();
    let (head, first_byte) = connection.send(request).await?;
    let first_byte = Instant::from_std(first_byte);
    add(&mut run.phases.first_byte_us, first_byte.saturating_duration_since(sent));
    check_head(&head)?;
    let bytes = read_body(&mut connection).await?;
    add(&mut run.phases.transfer_us, first_byte.elapsed());
    match question.read(&bytes)? {
        Received::Answer(message) => Ok(message),
        Received::Unrelated => Err(Fault::down(Reason::ProtocolError, "an answer to another question")),
        Received::Truncated => {
            Err(Fault::down(Reason::ProtocolError, "the answer is truncated where nothing limits it"))
        }
    }
}

fn request<'a>(
    question: &'a Question,
    server: &NameServer,
    path: &str,
    http2: bool,
) -> Result<Request<'a>, Fault> {
    let unsendable = |error: &dyn std::fmt::Display| Fault::own(format!("the query cannot be sent: {error}"));
    let authority = if server.port == 443 { server.host.to_string() } else { server.to_string() };
    let mut fields = vec![("User-Agent", USER_AGENT), ("Accept", MESSAGE), ("Content-Type", MESSAGE)];
    if !http2 {
        fields.push(("Connection", HeaderValue::from_static("close")));
    }
    Ok(Request {
        method: Method::POST,
        https: true,
        authority: HeaderValue::try_from(authority).map_err(|error| unsendable(&error))?,
        path: PathAndQuery::try_from(path).map_err(|error| unsendable(&error))?,
        fields,
        body: Some(&question.wire),
    })
}

fn check_head(head: &Head) -> Result<(), Fault> {
    let status = head.status;
    if status != StatusCode::OK {
        return Err(Fault::down(Reason::StatusMismatch, format!("{status} from the DNS server's HTTP side")));
    }
    let kind = head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(MESSAGE.as_bytes()) {
        return Ok(());
    }
    let detail = format!("Content-Type is \"{}\", not application/dns-message", kind.escape_ascii());
    Err(Fault::down(Reason::HeaderMismatch, detail))
}

async fn read_body(connection: &mut Connection) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(piece) = connection.piece().await? {
        if bytes.len() + piece.len() > MAX_MESSAGE {
            let detail = format!("the answer is larger than {MAX_MESSAGE} bytes");
            return Err(Fault::down(Reason::BodyTooLarge, detail));
        }
        bytes.extend_from_slice(piece);
    }
    Ok(bytes)
}
