//! Listeners. They are bound before anything else starts, limit what one client can take up, and stop in order.

use super::Endpoints;
use super::client_connections::{ClientConnections, Share, share};
use super::connections::{self, ListenerContext};
use super::hosts::Names;
use super::malformed::MalformedRequests;
use super::proxies::TrustedProxies;
use actix_web::dev::{Server, ServerHandle};
use futures_util::future::{join_all, try_join_all};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pause between the last accepted connection and the stop of the workers, which begin with a connection within
/// microseconds.
const DRAIN_PAUSE: Duration = Duration::from_millis(50);

/// What a listener serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serves {
    /// Pages and their data, which a CDN may fetch.
    pub public: bool,
    /// Batches and enrolments of agents.
    pub agents: bool,
    /// Inbound alerts and heartbeats.
    pub hooks: bool,
    /// The REST API.
    pub api: bool,
    /// Health, readiness and metrics.
    pub admin: bool,
}

/// An address to listen on, and what it serves.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// The endpoints it has.
    pub serves: Serves,
    /// `None` serves plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Names under which readiness and metrics answer, beside addresses: lower case; one with a dot before it stands for
    /// all names below it.
    pub names: Vec<String>,
    /// The proxies before it; by default none.
    pub proxies: TrustedProxies,
}

/// A certificate chain and its key in PEM. They are read once, when the listener is bound.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Limits on what one client may take up. The HTTP layer limits a head to 128 KiB and 96 headers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads of each listener that serves `public`; the others have one.
    pub workers: usize,
    /// Open connections per worker at most; further ones wait in the kernel's queue. Fewer where the limit of open files
    /// would not leave enough to the rest of the program.
    pub connections: usize,
    /// Open connections of one network, an IPv4 address or an IPv6 /64, with all listeners that serve `public`; further ones
    /// are closed. Neither trusted proxies nor this host are limited.
    pub connections_of_client: usize,
    /// Time for a request head: from the opening of the connection for the first, from its first byte for the others.
    /// Also the time for which the rest of a body that no handler reads is accepted.
    pub head_time: Duration,
    /// The longest wait for the next bytes of a body that a handler reads.
    pub body_pause: Duration,
    /// The lowest average rate of such a body once `body_pause` has passed, in bytes per second. It is low because
    /// batches over a slow link must be accepted, and the largest has 1 MiB.
    pub body_rate: u32,
    /// How long a client may read nothing of its response. The kernel reports progress once a third of its buffer is
    /// free.
    pub answer_pause: Duration,
    /// How long an idle connection stays.
    pub keep_alive: Duration,
    /// How long requests in progress may continue after the stop has begun; whole seconds.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            connections: 8_192,
            connections_of_client: 256,
            head_time: Duration::from_secs(5),
            body_pause: Duration::from_secs(20),
            body_rate: 16 << 10,
            answer_pause: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            stop_time: Duration::from_secs(4),
        }
    }
}

/// How long a port that is in use is tried again.
const PORT_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a listener cannot serve. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process has the port.
    #[error(
        "cannot listen on {0}: the port is in use. Stop the program that uses it, or choose another \
         `address` under [[listen]]"
    )]
    InUse(SocketAddr),
    /// The process may not bind it.
    #[error(
        "cannot listen on {0}: not permitted. Ports below 1024 need CAP_NET_BIND_SERVICE; choose a \
         higher one under [[listen]] or grant it"
    )]
    NotPermitted(SocketAddr),
    /// No interface has the address.
    #[error(
        "cannot listen on {0}: no interface of this host has that address. Correct `address` under \
         [[listen]]"
    )]
    NoSuchAddress(SocketAddr),
    /// Any other failure to bind.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The listener's address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// A file of a certificate or key cannot be used.
    #[error("cannot use {} for TLS on {address}: {why}", path.display())]
    Tls {
        /// The listener's address.
        address: SocketAddr,
        /// The certificate or key file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The server ended by itself.
    #[error("a listener stopped unexpectedly: {0}")]
    Stopped(io::Error),
}

/// Listeners that are bound and do not serve yet.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<BoundListener>,
}

#[derive(Debug)]
struct BoundListener {
    socket: TcpListener,
    address: SocketAddr,
    serves: Serves,
    tls: Option<rustls::ServerConfig>,
    names: Names,
    proxies: Arc<TrustedProxies>,
}

/// Binds all listeners or none.
///
/// # Errors
/// The first address or TLS file that cannot be used, with the remedy.
pub fn bind(listeners: &[Listener]) -> Result<Bound, ServeError> {
    bind_or_take(listeners, Vec::new())
}

/// As [`bind`], but a listener takes the `inherited` socket that has exactly its address, if there is one. Inherited
/// sockets that no listener names are closed with a warning.
///
/// # Errors
/// As [`bind`].
pub fn bind_or_take(listeners: &[Listener], inherited: Vec<TcpListener>) -> Result<Bound, ServeError> {
    let of = |socket: TcpListener| socket.local_addr().ok().map(|address| (address, socket));
    let mut inherited: Vec<(SocketAddr, TcpListener)> = inherited.into_iter().filter_map(of).collect();
    let mut taken = Vec::new();
    for listener in listeners {
        let place = inherited.iter().position(|(address, _)| *address == listener.address);
        taken.push(place.map(|place| inherited.swap_remove(place).1));
    }
    for (address, _) in &inherited {
        tracing::warn!(
            "the service manager passed a socket at {address}, which no [[listen]] names: connections to it get no \
            answer. Add a [[listen]] with that address, or remove its ListenStream="
        );
    }
    let bound = listeners.iter().zip(taken).map(|(listener, socket)| bind_one(listener, socket));
    Ok(Bound { listeners: bound.collect::<Result<_, _>>()? })
}

fn bind_one(listener: &Listener, inherited: Option<TcpListener>) -> Result<BoundListener, ServeError> {
    let tls = listener.tls.as_ref().map(|files| tls_config(files, listener.address)).transpose()?;
    let address = listener.address;
    let bind = || {
        let socket = inherited.map_or_else(|| bind_socket(address), Ok)?;
        let address = socket.local_addr()?;
        let names = Names::new(&listener.names);
        let proxies = Arc::new(listener.proxies.clone());
        Ok(BoundListener { socket, address, serves: listener.serves, tls, names, proxies })
    };
    bind().map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::InUse(address),
        io::ErrorKind::PermissionDenied => ServeError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => ServeError::NoSuchAddress(address),
        _ => ServeError::Bind { address, source },
    })
}

/// A process that was killed a moment ago may hold the port for some milliseconds: until a program that it was just
/// starting has closed the inherited socket.
fn bind_socket(address: SocketAddr) -> io::Result<TcpListener> {
    let begun = Instant::now();
    loop {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && begun.elapsed() < PORT_TIMEOUT => {
                std::thread::park_timeout(PORT_TIMEOUT / 20);
            }
            bound => return bound,
        }
    }
}

fn tls_config(files: &TlsFiles, address: SocketAddr) -> Result<rustls::ServerConfig, ServeError> {
    let unusable = |path: &Path, why: String| ServeError::Tls { address, path: path.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(&files.certificate, "it holds no PEM certificate".to_owned()));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable(&files.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable(&files.certificate, error.to_string()))
}

impl Bound {
    /// The actual address of each listener, in the order given.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|listener| listener.address).collect()
    }

    /// Serves until `shutdown` resolves, then lets requests in progress end within `limits.stop_time`.
    ///
    /// # Errors
    /// [`ServeError::Stopped`] if a listener ends by itself.
    pub async fn run(
        self,
        endpoints: &Endpoints,
        limits: Limits,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let malformed = Arc::default();
        let clients = ClientConnections::new(limits.connections_of_client);
        let public = self.listeners.iter().filter(|listener| listener.serves.public).count();
        let others = self.listeners.len() - public;
        let open_files = skerry_host::descriptors::limit();
        let share = share(open_files, limits.connections, public * limits.workers.max(1), others);
        let servers = self
            .listeners
            .into_iter()
            .map(|listener| start(listener, endpoints, limits, (&malformed, &clients, share)))
            .collect::<Result<Vec<_>, _>>()?;
        let handles: Vec<ServerHandle> = servers.iter().map(Server::handle).collect();
        let mut running = std::pin::pin!(try_join_all(servers));
        tokio::select! {
            ended = &mut running => return ended.map(drop).map_err(ServeError::Stopped),
            () = shutdown => {}
        }
        let stopping = async {
            // A worker that stops drops the connections that it has not begun with, so it gets time to begin with all.
            join_all(handles.iter().map(ServerHandle::pause)).await;
            tokio::time::sleep(DRAIN_PAUSE).await;
            join_all(handles.iter().map(|handle| handle.stop(true))).await;
        };
        let (ended, ()) = futures_util::future::join(running, stopping).await;
        ended.map(drop).map_err(ServeError::Stopped)
    }
}

fn start(
    listener: BoundListener,
    endpoints: &Endpoints,
    limits: Limits,
    (malformed, clients, share): (&Arc<MalformedRequests>, &Arc<ClientConnections>, Share),
) -> Result<Server, ServeError> {
    let BoundListener { socket, address, serves, tls, names, proxies } = listener;
    let context = ListenerContext {
        serves,
        endpoints: endpoints.clone(),
        limits,
        malformed: Arc::clone(malformed),
        names,
        proxies,
        clients: Arc::clone(clients),
        most: if serves.public { share.public } else { share.other },
    };
    connections::start(socket, tls, context).map_err(|source| ServeError::Bind { address, source })
}

/// Binds all listeners, then serves until `shutdown` resolves.
///
/// # Errors
/// As [`bind`] and [`Bound::run`].
pub async fn serve(
    listeners: &[Listener],
    endpoints: &Endpoints,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    bind(listeners)?.run(endpoints, limits, shutdown).await
}
