//! The way of an accepted connection to the routes: TLS, timeouts, HTTP. The server of actix-web cannot take our
//! timeouts, so this module puts its parts together.

use super::chunks::in_chunks;
use super::framing::Body;
use super::hosts::Names;
use super::malformed::MalformedRequests;
use super::timeouts::{OverTcp, RequestGuard, RequestState, TimedStream};
use super::{Endpoints, Limits, Serves, routes};
use actix_http::error::DispatchError;
use actix_http::{ConnectionType, HttpService, Protocol};
use actix_service::{
    Service as _, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config,
};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::App;
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How long a client may take to close its connection after the server closed its side.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// Sizes of the kernel's buffers in bytes; the kernel doubles them. By default it keeps megabytes for each client.
const SEND_BUFFER: usize = 64 << 10;
const RECEIVE_BUFFER: usize = 32 << 10;
/// Concurrent TLS handshakes per worker; further ones wait. Each may keep 64 KiB.
const MAX_HANDSHAKES: usize = 1_024;

/// What the connections of a listener share.
#[derive(Clone)]
pub(super) struct ListenerContext {
    pub(super) malformed: Arc<MalformedRequests>,
    pub(super) serves: Serves,
    pub(super) endpoints: Endpoints,
    pub(super) limits: Limits,
    pub(super) names: Names,
}

/// Starts to serve the connections of a socket.
///
/// # Errors
/// The socket cannot be listened on.
pub(super) fn start(
    socket: TcpListener,
    tls: Option<rustls::ServerConfig>,
    context: ListenerContext,
) -> io::Result<Server> {
    let limits = context.limits;
    // Connections inherit the buffer sizes of their listener.
    let kernel = SockRef::from(&socket);
    kernel.set_send_buffer_size(SEND_BUFFER)?;
    if !context.serves.agents {
        kernel.set_recv_buffer_size(RECEIVE_BUFFER)?;
    }
    let server = Server::build()
        .workers(if context.serves.public { limits.workers.max(1) } else { 1 })
        .max_concurrent_connections(limits.connections)
        .shutdown_timeout(limits.stop_time.as_secs())
        .disable_signals();
    let stop = server.graceful_shutdown_signal();
    let stopping = move || {
        let stop = stop.clone();
        async move { stop.notified().await }
    };
    let server = match tls {
        None => server.listen("http", socket, move || {
            let accept = move |stream: TcpStream| ready(Ok::<_, DispatchError>(timed(stream, limits)));
            fn_service(accept).and_then(http(context.clone(), stopping.clone()))
        }),
        Some(mut tls) => {
            actix_tls::accept::max_concurrent_tls_connect(MAX_HANDSHAKES);
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            server.listen("https", socket, move || {
                let mut acceptor = Acceptor::new(tls.clone());
                acceptor.set_handshake_timeout(limits.head_time);
                let http = http(context.clone(), stopping.clone()).map_err(TlsError::Service);
                acceptor
                    .map_err(TlsError::into_service_error)
                    .map(move |stream: TlsStream<TcpStream>| timed(stream, limits))
                    .and_then(http)
            })
        }
    };
    Ok(server?.run())
}

type Accepted<S> = (TimedStream<S>, Protocol, Option<SocketAddr>);

fn timed<S: OverTcp>(stream: S, limits: Limits) -> Accepted<S> {
    let stream = TimedStream::new(stream, limits);
    let peer = stream.peer();
    (stream, Protocol::Http1, peer)
}

fn http<S: OverTcp, Stop: Future<Output = ()> + 'static>(
    ListenerContext { serves, endpoints, limits, malformed, names }: ListenerContext,
    stopping: impl Fn() -> Stop + 'static,
) -> impl ServiceFactory<Accepted<S>, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let app = App::new().configure(|config| routes(config, serves, &endpoints, limits, &names)).wrap_fn(
        |request, next| {
            let head = request.head();
            let has_body = Body::of(head) != Body::None;
            let answering = request
                .request()
                .conn_data::<Rc<RequestState>>()
                .map(|request_state| request_state.take(head));
            let answer = next.call(request);
            async move {
                let mut answer = answer.await;
                // The bytes after a rejected body are not a request.
                if let Ok(answer) = &mut answer
                    && has_body
                    && (answer.status().is_client_error() || answer.status().is_server_error())
                {
                    answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                    answering.iter().for_each(RequestGuard::close_after);
                }
                drop(answering);
                answer.map(|answer| answer.map_body(|_, body| in_chunks(body)))
            }
        },
    );
    let served = HttpService::build()
        .graceful_shutdown_signal(stopping)
        .keep_alive(limits.keep_alive)
        .client_request_timeout(limits.head_time)
        .client_disconnect_timeout(CLOSE_TIME)
        .on_connect_ext(|stream: &TimedStream<S>, data| {
            data.insert(stream.request_state());
        })
        .finish(map_config(app, |()| AppConfig::default()));
    apply_fn_factory(served, move |accepted: Accepted<S>, served| {
        let (peer, malformed) = (accepted.2, Arc::clone(&malformed));
        let connection = served.call(accepted);
        async move {
            let ended = connection.await;
            if let Err(DispatchError::Parse(error)) = &ended {
                malformed.note(peer, error);
            }
            ended
        }
    })
}
