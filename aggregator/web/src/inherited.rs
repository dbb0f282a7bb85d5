//! Sockets that the service manager opened for us (sd_listen_fds(3)). It holds them while we are restarted, so
//! that clients wait in the kernel's queue and none is refused.

use std::net::TcpListener;

/// The listening sockets passed to this process. To be called first of all: the variables that name them are
/// taken out of the environment, which no second thread may be reading.
#[must_use]
pub fn inherited() -> Vec<TcpListener> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..passed.len() {
        match passed.take_tcp_listener(index) {
            Ok(socket) => sockets.extend(socket),
            Err(error) => tracing::warn!("a socket of the service manager is of no use: {error}"),
        }
    }
    sockets
}
