//! HTTP/2 over TLS: one connection with its streams, from the first frame to the last. The HTTP layer's own HTTP/2 limits
//! neither the streams of a connection, nor the size of their headers, nor how long a client may read nothing; so this
//! module serves connections of the crate h2 with the same routes.

mod request;
mod response;

use super::Limits;
use super::malformed::MalformedRequests;
use super::timeouts::{OverTcp, TimedStream};
use actix_http::{Request, Response};
use actix_service::Service;
use actix_web::body::BoxBody;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::{Either, poll_fn, select};
use futures_util::stream::FuturesUnordered;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::time::{Instant, sleep_until, timeout};

/// Requests of one connection at a time; the client keeps further ones.
const MAX_STREAMS: u32 = 100;
/// The fields of a request with 32 bytes for each (RFC 9113 §6.5.2), compressed or not, in however many frames.
const MAX_HEADERS: u32 = 32 << 10;
/// Bytes of bodies that a client may send before they are read: of one request, and of all.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Bytes of one response that wait for the client.
const SEND_BUFFER: usize = 64 << 10;
/// Requests that a client may withdraw before they are begun, and errors of its streams: a connection with more ends.
const MAX_WITHDRAWN: usize = 50;
const MAX_STREAM_ERRORS: usize = 50;

/// The name of the protocol in the handshake.
pub(super) const ALPN: &[u8] = b"h2";

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_WITHDRAWN)
        .max_local_error_reset_streams(Some(MAX_STREAM_ERRORS));
    builder
}

/// Serves the requests of a connection until the client ends it, it was idle for `limits.keep_alive`, or `stop` resolves and
/// the last request is answered.
///
/// # Errors
/// The connection broke.
pub(super) async fn serve<S, A, B>(
    mut stream: TimedStream<S>,
    client: Option<SocketAddr>,
    app: &A,
    (limits, malformed): (Limits, &MalformedRequests),
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: OverTcp,
    A: Service<Request, Response = B>,
    A::Error: Into<Response<BoxBody>>,
    B: Into<Response<BoxBody>>,
{
    stream.pass_everything();
    let handshake = timeout(limits.head_time, builder().handshake(stream)).await;
    let connection = handshake.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    let ended = match connection {
        Ok(connection) => answer_all(connection, client, app, limits, stop).await,
        Err(error) => Err(error),
    };
    ended.map_err(|error| {
        if !error.is_io() && !error.is_remote() {
            malformed.note(client, &error);
        }
        error.into_io().unwrap_or_else(|| io::ErrorKind::InvalidData.into())
    })
}

async fn answer_all<S, A, B>(
    mut connection: Connection<TimedStream<S>, Bytes>,
    client: Option<SocketAddr>,
    app: &A,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> Result<(), h2::Error>
where
    S: OverTcp,
    A: Service<Request, Response = B>,
    A::Error: Into<Response<BoxBody>>,
    B: Into<Response<BoxBody>>,
{
    let mut stop = pin!(stop);
    let mut idle = pin!(sleep_until(Instant::now() + limits.keep_alive));
    let mut answers = FuturesUnordered::new();
    let mut is_closing = false;
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(request) => {
                    let (request, respond) = request?;
                    answers.push(answer(request, respond, client, app, limits));
                }
                None => return Ok(()),
            },
            Some(()) = answers.next(), if !answers.is_empty() => {
                let pause = if is_closing { limits.head_time } else { limits.keep_alive };
                idle.as_mut().reset(Instant::now() + pause);
            }
            () = &mut stop, if !is_closing => {
                connection.graceful_shutdown();
                is_closing = true;
                idle.as_mut().reset(Instant::now() + limits.head_time);
            }
            () = &mut idle, if answers.is_empty() => {
                if is_closing {
                    return Ok(());
                }
                connection.graceful_shutdown();
                is_closing = true;
                idle.as_mut().reset(Instant::now() + limits.head_time);
            }
        }
    }
}

/// Answers one request, unless the client withdraws it.
async fn answer<A, B>(
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    client: Option<SocketAddr>,
    app: &A,
    limits: Limits,
) where
    A: Service<Request, Response = B>,
    A::Error: Into<Response<BoxBody>>,
    B: Into<Response<BoxBody>>,
{
    let is_head = request.method() == http::Method::HEAD;
    let Some(request) = request::read(request, client) else {
        respond.send_reset(Reason::PROTOCOL_ERROR);
        return;
    };
    let answered = {
        let answering = pin!(app.call(request));
        let withdrawn = pin!(poll_fn(|cx| respond.poll_reset(cx)));
        match select(answering, withdrawn).await {
            Either::Left((Ok(response), _)) => response.into(),
            Either::Left((Err(error), _)) => error.into(),
            Either::Right(_) => return,
        }
    };
    // A client that withdraws its request, or closes the connection, needs no answer.
    let _ = response::send(answered, respond, is_head, limits.answer_pause).await;
}
