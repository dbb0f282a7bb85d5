//! Starts real servers for tests. Each uses a new directory and a free loopback port; the start is awaited
//! with a time limit, and the server is stopped by its process id when dropped.

use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv6Addr, SocketAddr};
use std::os::fd::IntoRawFd;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::time::Instant;

pub mod certificates;
pub mod checks;
pub mod dns;
pub mod dns_peer;
pub mod haproxy;
pub mod http_server;
pub mod mail_server;
pub mod misbehaving;
pub mod moto;
pub mod named;
pub mod nginx;
pub mod nginx_mail;
pub mod openssl;
pub mod postfix;
pub mod postgres;
mod program;
pub mod python;
pub mod script;
pub mod unbound;
pub mod varnish;

/// Environment variables of a program.
pub type Environment = Vec<(&'static str, OsString)>;

/// Waits until `condition` holds, at most `bound`.
///
/// # Panics
/// It does not hold within `bound`; `what` describes the condition.
pub async fn until(what: &str, bound: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + bound;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited {bound:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How long some process on this machine has waited for a processor or a disk since boot, according to
/// `/proc/pressure`. A busy machine is no fault of the program, so measured times are compared with their
/// bound plus this. Zero if the kernel does not count it.
#[must_use]
pub fn stalled() -> Duration {
    let total = |resource: &str| {
        let text = std::fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?;
        let total = text.lines().next()?.split("total=").nth(1)?;
        total.trim().parse().map(Duration::from_micros).ok()
    };
    ["cpu", "io"].into_iter().filter_map(total).sum()
}

/// Reports that this test cannot be run here, in the format that `tests/run` counts as a skip. Writes to the
/// real stderr, because the runner captures printed output.
pub fn skipped(why: &str) {
    use std::io::Write;
    let test = std::thread::current().name().unwrap_or("main").to_owned();
    // A reader that is gone is no fault of the test.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// A port reserved for this process until it ends: the kernel and other tests give it to nobody else, a
/// server can listen on it any number of times, and connections are refused while none does.
///
/// The port is bound without listening. Because `SO_REUSEADDR` is not set at that time, a second call cannot
/// bind it; it is set afterwards, so servers, which all set it, can. Ports below `ip_local_port_range` are
/// not taken by UDP sockets or outgoing connections either.
///
/// # Panics
/// None of a thousand ports is free.
#[must_use]
pub fn free_port() -> u16 {
    let ports = || RandomState::new().build_hasher().finish() % OWN_PORTS;
    let reserved = (0..1_000).find_map(|_| reserve(LEAST_OWN_PORT + ports() as u16).ok());
    reserved.expect("one of these ports is free")
}

const LEAST_OWN_PORT: u16 = 10_000;
const OWN_PORTS: u64 = 22_000;

fn reserve(port: u16) -> std::io::Result<u16> {
    let socket = Socket::new(Domain::IPV6, Type::STREAM, None)?;
    // For IPv4, too.
    socket.set_only_v6(false)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)).into())?;
    socket.set_reuse_address(true)?;
    // Nobody closes it: it ends with the process.
    let _number = socket.into_raw_fd();
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::{free_port, reserve};
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_free_port_belongs_to_one_test_and_can_be_bound_repeatedly() {
        let port = free_port();
        for _ in 0..3 {
            let refused = TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens");
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
            assert_eq!(reserve(port).expect_err("it is ours").kind(), ErrorKind::AddrInUse);
            let servers =
                ["127.0.0.1", "::1"].map(|host| TcpListener::bind((host, port)).expect("it is ours"));
            assert_eq!(reserve(port).expect_err("a server has it").kind(), ErrorKind::AddrInUse);
            for host in ["127.0.0.1", "::1"] {
                TcpStream::connect((host, port)).expect("a server listens");
            }
            drop(servers);
        }
    }
}
