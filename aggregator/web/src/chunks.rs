//! Sends large bodies in chunks. The HTTP layer copies what a body yields into the buffer of its connection, and keeps
//! it there as long as the client reads nothing.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The bytes of a response that a connection buffers outside the kernel.
const CHUNK: usize = 32 << 10;

struct Chunks(Bytes);

/// Splits a body that is larger than one chunk.
pub(super) fn in_chunks(body: BoxBody) -> BoxBody {
    if !matches!(body.size(), BodySize::Sized(size) if size > CHUNK as u64) {
        return body;
    }
    match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(Chunks(bytes)),
        Err(body) => body,
    }
}

impl MessageBody for Chunks {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().0;
        if rest.is_empty() {
            return Poll::Ready(None);
        }
        let chunk = rest.split_to(rest.len().min(CHUNK));
        Poll::Ready(Some(Ok(chunk)))
    }
}
