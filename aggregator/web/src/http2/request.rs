//! From a request of HTTP/2 to that of the HTTP layer, which has an older version of the crate http.

use actix_http::error::PayloadError;
use actix_http::header::{HeaderName, HeaderValue};
use actix_http::{BoxedPayloadStream, Payload, Request, Version};
use actix_web::http::{Method, Uri};
use bytes::Bytes;
use futures_util::stream::poll_fn;
use h2::RecvStream;
use http::header::HOST;
use std::io;
use std::net::SocketAddr;
use std::task::{Poll, ready};

/// Returns `None` for a request that a cache could take for another one: whose `Host` differs from its authority, or
/// stands there twice (RFC 9113 §8.3.1).
pub(super) fn read(request: http::Request<RecvStream>, client: Option<SocketAddr>) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let mut hosts = parts.headers.get_all(HOST).iter();
    if let Some(host) = hosts.next() {
        let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
        if hosts.next().is_some() || authority.is_some_and(|one| !one.eq_ignore_ascii_case(host.as_bytes())) {
            return None;
        }
    }
    let mut read = Request::with_payload(payload(body));
    let head = read.head_mut();
    head.method = Method::from_bytes(parts.method.as_str().as_bytes()).ok()?;
    head.uri = Uri::try_from(parts.uri.to_string()).ok()?;
    head.version = Version::HTTP_2;
    head.peer_addr = client;
    for (name, value) in &parts.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        head.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(read)
}

fn payload(mut body: RecvStream) -> Payload {
    if body.is_end_stream() {
        return Payload::None;
    }
    let payload: BoxedPayloadStream = Box::pin(poll_fn(move |cx| {
        Poll::Ready(match ready!(body.poll_data(cx)) {
            Some(Ok(data)) => Some(release(&mut body, data)),
            Some(Err(error)) => Some(Err(broken(error))),
            None => None,
        })
    }));
    Payload::Stream { payload }
}

/// The client may send as much more as was read.
fn release(body: &mut RecvStream, data: Bytes) -> Result<Bytes, PayloadError> {
    body.flow_control().release_capacity(data.len()).map_err(broken)?;
    Ok(data)
}

fn broken(error: h2::Error) -> PayloadError {
    PayloadError::Io(error.into_io().unwrap_or_else(|| io::ErrorKind::InvalidData.into()))
}
