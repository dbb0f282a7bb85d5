//! Reads the body of a request, which may be too long, broken or slow.

use super::Limits;
use super::problem::problem;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Reads the whole body, `max_bytes` at max_bytes. `reserve` is called with the size of each chunk before it is kept.
///
/// # Errors
/// The response to send instead: 400, 408, 413, or the one that `reserve` returns.
pub(super) async fn read(
    mut body: web::Payload,
    max_bytes: usize,
    limits: &Limits,
    mut reserve: impl FnMut(usize) -> Result<(), Box<HttpResponse>>,
) -> Result<Bytes, HttpResponse> {
    let started = Instant::now();
    let mut read = BytesMut::new();
    loop {
        let earned = Duration::from_secs(read.len() as u64) / limits.body_rate.max(1);
        let deadline = (started + earned).min(Instant::now()) + limits.body_pause;
        let chunk = match timeout_at(deadline, body.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Err(error))) => {
                let why = format!("the body did not arrive whole: {error}");
                return Err(problem(StatusCode::BAD_REQUEST, &why));
            }
            Err(_) => return Err(problem(StatusCode::REQUEST_TIMEOUT, &too_slow(limits))),
        };
        if read.len() + chunk.len() > max_bytes {
            let why =
                format!("a body here has at most {max_bytes} bytes as sent: send fewer records at once");
            return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, &why));
        }
        reserve(chunk.len()).map_err(|response| *response)?;
        read.extend_from_slice(&chunk);
    }
}

fn too_slow(limits: &Limits) -> String {
    let Limits { body_pause, body_rate, .. } = limits;
    format!("the body came too slowly: after {body_pause:?} it must come with {body_rate} bytes a second")
}
