//! Starters of real peers for tests. Each lives in a fresh directory on a free port of the loopback, is
//! waited for with a bound, and ends by its own pid when it is dropped.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv6Addr, SocketAddr};
use std::os::fd::IntoRawFd;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::time::Instant;

pub mod answering;
pub mod certificates;
pub mod checks;
pub mod dns;
pub mod dns_peer;
pub mod misbehaving;
pub mod named;
pub mod nginx;
pub mod nginx_mail;
pub mod openssl;
pub mod postfix;
pub mod postgres;
pub mod script;
pub mod unbound;
pub mod varnish;

/// Waits until `condition` holds, `bound` at most.
///
/// # Panics
/// When it does not hold within `bound`; `what` says what was waited for.
pub async fn until(what: &str, bound: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + bound;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited {bound:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// For how long some process of this machine has waited for a processor or a disk since it was booted, as the kernel
/// counts (`/proc/pressure`). What a busy machine takes from a program is no fault of the program: a measured time is
/// held against its bound and this. Nothing where the kernel does not count.
#[must_use]
pub fn stalled() -> Duration {
    let total = |resource: &str| {
        let text = std::fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?;
        let total = text.lines().next()?.split("total=").nth(1)?;
        total.trim().parse().map(Duration::from_micros).ok()
    };
    ["cpu", "io"].into_iter().filter_map(total).sum()
}

/// Says that this test cannot be run here, in the words that `tests/run` counts as a skip. On the real stderr: the runner
/// captures what is printed.
pub fn skipped(why: &str) {
    use std::io::Write;
    let test = std::thread::current().name().unwrap_or("main").to_owned();
    // A reader that is gone is no fault of the test.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// A port that is this process's own until it ends: the kernel and other tests give it to nobody else, a server that is
/// told to listen there can, as often as it is started, and while none does a connection is refused.
///
/// The port is bound and never listened at. Bound without `SO_REUSEADDR` it is refused to whoever asks for it as we do, and
/// with it (set afterwards) it is shared with servers, which all set it. Ports below those that the kernel chooses
/// (`ip_local_port_range`) are taken by no UDP socket and no connection either.
///
/// # Panics
/// When none of a thousand ports is free.
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
    // For IPv4 too.
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
    fn a_free_port_is_nobody_elses_and_listens_as_often_as_it_is_told_to() {
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
