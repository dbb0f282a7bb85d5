//! The way of an accepted connection to the routes: whose it is, TLS, timeouts, HTTP/1 or HTTP/2. The server of actix-web
//! cannot take our timeouts, so this module puts its parts together.

use super::chunks::in_chunks;
use super::client_connections::ClientConnections;
use super::client_stream::ClientStream;
use super::framing::Body;
use super::hosts::Names;
use super::http2;
use super::malformed::MalformedRequests;
use super::proxies::TrustedProxies;
use super::timeouts::{OverTcp, RequestGuard, RequestState, TimedStream};
use super::{Endpoints, Limits, Serves, routes};
use actix_http::error::DispatchError;
use actix_http::{ConnectionType, HttpService, Protocol, Request};
use actix_service::{
    IntoServiceFactory as _, Service as _, ServiceFactory, ServiceFactoryExt as _, fn_factory, fn_service,
    map_config,
};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::App;
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, Server, ServiceResponse};
use actix_web::rt::net::TcpStream;
use futures_util::future::{Either, LocalBoxFuture, join};
use socket2::SockRef;
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
/// Concurrent TLS handshakes per worker; further ones wait. Each may keep 64 KiB. A handshake begins with the first byte of
/// the client: one that says nothing takes no place of others.
const MAX_HANDSHAKES: usize = 1_024;

/// What the connections of a listener share.
#[derive(Clone)]
pub(super) struct ListenerContext {
    pub(super) malformed: Arc<MalformedRequests>,
    pub(super) serves: Serves,
    pub(super) endpoints: Endpoints,
    pub(super) limits: Limits,
    pub(super) names: Names,
    pub(super) proxies: Arc<TrustedProxies>,
    /// The open connections of each client.
    pub(super) clients: Arc<ClientConnections>,
    /// Open connections of each worker.
    pub(super) most: usize,
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
        .max_concurrent_connections(context.most)
        .shutdown_timeout(limits.stop_time.as_secs())
        .disable_signals();
    let stop = server.graceful_shutdown_signal();
    let stopping = move || {
        let stop = stop.clone();
        async move { stop.notified().await }
    };
    let server = match tls {
        None => server.listen("http", socket, move || {
            let accept = accepting(&context, false);
            let accept = fn_service(move |stream| {
                let accepted = accept(stream);
                async move { Ok(timed(accepted.await?, Protocol::Http1, limits)) }
            });
            accept.and_then(http(context.clone(), stopping.clone()))
        }),
        Some(mut tls) => {
            actix_tls::accept::max_concurrent_tls_connect(MAX_HANDSHAKES);
            tls.alpn_protocols = vec![http2::ALPN.to_vec(), b"http/1.1".to_vec()];
            server.listen("https", socket, move || {
                let accept = accepting(&context, true);
                let mut acceptor = Acceptor::new(tls.clone());
                acceptor.set_handshake_timeout(limits.head_time);
                let http = http(context.clone(), stopping.clone()).map_err(TlsError::Service);
                fn_service(accept)
                    .map_err(TlsError::Service)
                    .and_then(acceptor.map_err(TlsError::into_service_error))
                    .map(move |stream: TlsStream<ClientStream>| {
                        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(http2::ALPN);
                        timed(stream, if is_http2 { Protocol::Http2 } else { Protocol::Http1 }, limits)
                    })
                    .and_then(http)
            })
        }
    };
    Ok(server?.run())
}

/// Finds out whose connection it is, and with TLS waits until the client begins.
fn accepting(
    context: &ListenerContext,
    tls: bool,
) -> impl Fn(TcpStream) -> LocalBoxFuture<'static, Result<ClientStream, DispatchError>> + Clone + use<> {
    let ListenerContext { proxies, malformed, limits, clients, serves, .. } = context.clone();
    move |stream: TcpStream| {
        let (proxies, malformed, clients) =
            (Arc::clone(&proxies), Arc::clone(&malformed), Arc::clone(&clients));
        Box::pin(async move {
            // Frames are written one after another: the second would wait for the acknowledgement of the first, which clients
            // delay by 40 ms.
            stream.set_nodelay(true).map_err(DispatchError::Io)?;
            let peer = stream.peer_addr().ok();
            let accepted = ClientStream::accept(stream, &proxies, limits.head_time).await;
            let mut accepted = accepted.map_err(|error| {
                malformed.note(peer, &error);
                DispatchError::Io(error)
            })?;
            // Many agents may be behind one address, and have tokens.
            if serves.public {
                accepted.count(&clients, &proxies).map_err(DispatchError::Io)?;
            }
            if tls {
                accepted.first_byte(limits.head_time).await.map_err(DispatchError::Io)?;
            }
            Ok(accepted)
        })
    }
}

type Accepted<S> = (TimedStream<S>, Protocol, Option<SocketAddr>);

fn timed<S: OverTcp>(stream: S, protocol: Protocol, limits: Limits) -> Accepted<S> {
    let client = stream.client();
    (TimedStream::new(stream, limits), protocol, client)
}

/// The routes, with what every request needs around them.
fn app(
    context: &ListenerContext,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = ServiceResponse<BoxBody>,
    Error = actix_web::Error,
    InitError = (),
> + use<> {
    let context = context.clone();
    let app = App::new().configure(|config| routes(config, &context)).wrap_fn(|request, next| {
        let head = request.head();
        let has_body = Body::of(head) != Body::None;
        let answering =
            request.request().conn_data::<Rc<RequestState>>().map(|request_state| request_state.take(head));
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
    });
    map_config(app.into_factory(), |()| AppConfig::default())
}

fn http<S: OverTcp, Stop: Future<Output = ()> + 'static>(
    context: ListenerContext,
    stopping: impl Fn() -> Stop + Clone + 'static,
) -> impl ServiceFactory<Accepted<S>, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let limits = context.limits;
    let http1 = HttpService::build()
        .graceful_shutdown_signal(stopping.clone())
        .keep_alive(limits.keep_alive)
        .client_request_timeout(limits.head_time)
        .client_disconnect_timeout(CLOSE_TIME)
        .on_connect_ext(|stream: &TimedStream<S>, data| {
            data.insert(stream.request_state());
        })
        .finish(app(&context));
    let http2 = app(&context);
    fn_factory(move || {
        let services = join(http1.new_service(()), http2.new_service(()));
        let (malformed, stopping) = (Arc::clone(&context.malformed), stopping.clone());
        async move {
            let (http1, http2) = services.await;
            let (http1, http2) = (Rc::new(http1?), Rc::new(http2?));
            Ok(fn_service(move |accepted: Accepted<S>| {
                let (client, malformed) = (accepted.2, Arc::clone(&malformed));
                if accepted.1 == Protocol::Http2 {
                    let (http2, stop) = (Rc::clone(&http2), stopping());
                    // In a box: its state is large, and no connection with HTTP/1.1 should hold room for it.
                    return Either::Left(Box::pin(async move {
                        let served = http2::serve(accepted.0, client, &*http2, (limits, &malformed), stop);
                        served.await.map_err(DispatchError::Io)
                    }));
                }
                let connection = http1.call(accepted);
                Either::Right(async move {
                    let ended = connection.await;
                    if let Err(DispatchError::Parse(error)) = &ended {
                        malformed.note(client, error);
                    }
                    ended
                })
            }))
        }
    })
}
