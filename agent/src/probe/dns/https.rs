//! A question and its answer over HTTPS (RFC 8484), by POST on a connection of its own.

use bytes::{Buf, Bytes};
use hickory_resolver::proto::op::Message;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use skerry_protocol::check::NameServer;
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::ANSWER;
use super::question::{Came, Question};
use crate::probe::fault::Fault;
use crate::probe::http::connection::{Connection, Transport};
use crate::probe::http::failure;
use crate::probe::run::{Run, add};

const MESSAGE: HeaderValue = HeaderValue::from_static("application/dns-message");
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("skerry-agent/", env!("CARGO_PKG_VERSION")));
/// Largest answer, bytes: what any DNS message may have.
const MAX_MESSAGE: usize = 65_535;

/// Asks once over an open TLS connection.
pub(super) async fn over_https(
    question: &Question,
    server: &NameServer,
    path: &str,
    stream: TlsStream<TcpStream>,
    run: &mut Run,
) -> Result<Box<Message>, Fault> {
    run.doing = ANSWER;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut connection = Connection::open(Transport::Tls(Box::new(stream)), http2, None)
        .await
        .map_err(|error| failure::sort(&error))?;
    let request = request(question, server, path, connection.is_http2())?;
    let sent = Instant::now();
    let (response, first_byte) = connection.send(request).await.map_err(|error| failure::sort(&error))?;
    let first_byte = Instant::from_std(first_byte);
    add(&mut run.phases.first_byte_us, first_byte.saturating_duration_since(sent));
    check_head(&response)?;
    let bytes = read_body(&mut connection, response.into_body()).await?;
    add(&mut run.phases.transfer_us, first_byte.elapsed());
    match question.read(&bytes)? {
        Came::Answer(message) => Ok(message),
        Came::Foreign => Err(Fault::down(Reason::ProtocolError, "an answer to another question")),
        Came::Truncated => {
            Err(Fault::down(Reason::ProtocolError, "the answer is truncated where nothing limits it"))
        }
    }
}

fn request(
    question: &Question,
    server: &NameServer,
    path: &str,
    http2: bool,
) -> Result<Request<Full<Bytes>>, Fault> {
    let unsendable = |error: &dyn std::fmt::Display| Fault::own(format!("the query cannot be sent: {error}"));
    let authority = if server.port == 443 { server.host.to_string() } else { server.to_string() };
    let uri = if http2 { format!("https://{authority}{path}") } else { path.to_owned() };
    let mut request = Request::post(Uri::try_from(uri).map_err(|error| unsendable(&error))?)
        .header(header::CONTENT_TYPE, MESSAGE)
        .header(header::ACCEPT, MESSAGE)
        .header(header::USER_AGENT, USER_AGENT);
    if !http2 {
        request = request.header(header::HOST, authority).header(header::CONNECTION, "close");
    }
    request.body(Full::new(Bytes::copy_from_slice(&question.wire))).map_err(|error| unsendable(&error))
}

fn check_head(response: &http::Response<Incoming>) -> Result<(), Fault> {
    let status = response.status();
    if status != StatusCode::OK {
        return Err(Fault::down(Reason::StatusMismatch, format!("{status} from the DNS server's HTTP side")));
    }
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(MESSAGE.as_bytes()) {
        return Ok(());
    }
    let detail = format!("Content-Type is \"{}\", not application/dns-message", kind.escape_ascii());
    Err(Fault::down(Reason::HeaderMismatch, detail))
}

async fn read_body(connection: &mut Connection, mut body: Incoming) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(frame) = connection.drive(body.frame()).await {
        let frame = frame.map_err(|error| failure::sort(&error))?;
        let Ok(data): Result<Bytes, _> = frame.into_data() else { continue };
        if bytes.len() + data.remaining() > MAX_MESSAGE {
            let detail = format!("the answer is larger than {MAX_MESSAGE} bytes");
            return Err(Fault::down(Reason::BodyTooLarge, detail));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}
