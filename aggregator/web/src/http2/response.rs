//! Sends a response of the HTTP layer over HTTP/2.

use actix_http::Response;
use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HttpDate};
use bytes::Bytes;
use futures_util::future::poll_fn;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use std::pin::pin;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

/// Bytes of a body that are handed over at once.
const CHUNK: usize = 16 << 10;

/// Sends the response. A client may read nothing of it for `pause` at most.
pub(super) async fn send(
    response: Response<BoxBody>,
    mut respond: SendResponse<Bytes>,
    is_head: bool,
    pause: Duration,
) -> Result<(), h2::Error> {
    let (response, body) = response.into_parts();
    let size = body.size();
    let has_none = is_head
        || matches!(size, BodySize::None | BodySize::Sized(0))
        || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
    let Some(head) = head(&response, size) else {
        respond.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    };
    let mut stream = respond.send_response(head, has_none)?;
    if has_none {
        return Ok(());
    }
    let mut body = pin!(body);
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        let Ok(chunk) = chunk else {
            stream.send_reset(Reason::INTERNAL_ERROR);
            return Ok(());
        };
        if !send_data(&mut stream, chunk, pause).await? {
            return Ok(());
        }
    }
    stream.send_data(Bytes::new(), true)
}

/// Returns whether the client still reads.
async fn send_data(
    stream: &mut SendStream<Bytes>,
    mut data: Bytes,
    pause: Duration,
) -> Result<bool, h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len().min(CHUNK));
        let capacity = match timeout(pause, poll_fn(|cx| stream.poll_capacity(cx))).await {
            Ok(Some(capacity)) => capacity?,
            Ok(None) => return Ok(false),
            Err(_) => {
                stream.send_reset(Reason::CANCEL);
                return Ok(false);
            }
        };
        stream.send_data(data.split_to(capacity.min(data.len())), false)?;
    }
    Ok(true)
}

/// The head, without what only HTTP/1 has (RFC 9113 §8.2.2).
fn head(response: &Response<()>, size: BodySize) -> Option<http::Response<()>> {
    let mut head = http::Response::new(());
    *head.status_mut() = http::StatusCode::from_u16(response.status().as_u16()).ok()?;
    let headers = head.headers_mut();
    for (name, value) in response.headers() {
        if [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE].contains(name) {
            continue;
        }
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        headers.append(name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
    if let (BodySize::Sized(length), false) = (size, bodiless) {
        headers.insert(http::header::CONTENT_LENGTH, length.into());
    }
    headers.insert(http::header::DATE, http::HeaderValue::from_str(&date()).ok()?);
    Some(head)
}

#[expect(clippy::disallowed_methods, reason = "`Date`, as the HTTP layer writes it; no state depends on it")]
fn date() -> String {
    HttpDate::from(SystemTime::now()).to_string()
}
