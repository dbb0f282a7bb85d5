//! Sockets that the service manager opened for the program (sd_listen_fds(3)). It keeps them open during a restart, so
//! that clients wait in the kernel's queue and none is rejected.

use std::net::TcpListener;

/// Takes the listening sockets passed to this process. Call it before any thread starts: it removes the variables
/// that name them from the environment, which no other thread may read meanwhile.
#[must_use]
pub fn inherited() -> Vec<TcpListener> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..passed.len() {
        match passed.take_tcp_listener(index) {
            Ok(socket) => sockets.extend(socket),
            Err(error) => tracing::warn!("a socket passed by the service manager cannot be used: {error}"),
        }
    }
    sockets
}
