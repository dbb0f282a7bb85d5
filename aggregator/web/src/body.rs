//! Reads a body that may be long, broken or slow.

use super::Limits;
use super::problem::problem;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The whole body, of at most `most` bytes. `grow` is asked for room for each piece of it.
///
/// # Errors
/// What the client is told instead: 400, 408, 413, or what `grow` says.
pub(super) async fn read(
    mut body: web::Payload,
    most: usize,
    limits: &Limits,
    mut grow: impl FnMut(usize) -> Result<(), Box<HttpResponse>>,
) -> Result<Bytes, HttpResponse> {
    let began = Instant::now();
    let mut read = BytesMut::new();
    loop {
        let earned = Duration::from_secs(read.len() as u64) / limits.body_rate.max(1);
        let until = (began + earned).min(Instant::now()) + limits.body_pause;
        let piece = match timeout_at(until, body.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Err(error))) => {
                let why = format!("the body did not arrive whole: {error}");
                return Err(problem(StatusCode::BAD_REQUEST, &why));
            }
            Err(_) => return Err(problem(StatusCode::REQUEST_TIMEOUT, &too_slow(limits))),
        };
        if read.len() + piece.len() > most {
            let why = format!("a body here has at most {most} bytes as sent: send fewer records at once");
            return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, &why));
        }
        grow(piece.len()).map_err(|refusal| *refusal)?;
        read.extend_from_slice(&piece);
    }
}

fn too_slow(limits: &Limits) -> String {
    let Limits { body_pause, body_rate, .. } = limits;
    format!("the body came too slowly: after {body_pause:?} it must come with {body_rate} bytes a second")
}
