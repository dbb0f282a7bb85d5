//! Opens a TCP connection to one of several addresses: a simple form of happy eyeballs (RFC 8305). Families
//! alternate; the next address starts when one fails or has not answered within [`STAGGER`]; the first to
//! answer wins.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustix::io::Errno;
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::Reason;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::Instant;
use url::Host;

use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Run, Stage, add};

const STAGGER: Duration = Duration::from_millis(250);

/// Resolves `host` and connects to the first of its addresses that answers; records both durations in `run`.
pub(super) async fn open(
    resolver: &Resolver,
    host: &Host<impl AsRef<str>>,
    port: u16,
    ip: IpVersion,
    run: &mut Run,
) -> Result<TcpStream, Fault> {
    let addresses = resolver.host(host, ip, run).await?;
    run.stage = Stage::CONNECT;
    let start = Instant::now();
    let stream = connect(&addresses, port, &mut run.asked.addresses).await?;
    add(&mut run.phases.connect_us, start.elapsed());
    Ok(stream)
}

/// Connects to the first of `addresses` that answers; appends those that a packet was sent to to `asked`.
pub(super) async fn connect(
    addresses: &[IpAddr],
    port: u16,
    asked: &mut Vec<IpAddr>,
) -> Result<TcpStream, Fault> {
    let stream = race(&alternate(addresses), port, asked).await?;
    stream.set_nodelay(true).map_err(|error| Fault::from_io(&error))?;
    Ok(stream)
}

/// Starts a connection, or returns why our own kernel refuses it.
fn dial(address: IpAddr, port: u16) -> Result<TcpStream, Fault> {
    let refused = |error: &io::Error| {
        let fault = Fault::from_own_kernel(error, address).unwrap_or_else(|| Fault::from_io(error));
        describe(address, port, fault)
    };
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let opened = Socket::new(domain, Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP));
    let socket = opened.map_err(|error| refused(&error))?;
    match socket.connect(&SocketAddr::new(address, port).into()) {
        Err(error) if Errno::from_io_error(&error) != Some(Errno::INPROGRESS) => Err(refused(&error)),
        _ => TcpStream::from_std(socket.into()).map_err(|error| refused(&error)),
    }
}

/// Waits until the connection is open or the network reports an error.
async fn opened(stream: TcpStream, address: IpAddr, port: u16) -> Result<TcpStream, Fault> {
    let ended = async {
        stream.writable().await?;
        stream.take_error()?.map_or(Ok(()), Err)
    };
    match ended.await {
        Ok(()) => Ok(stream),
        Err(error) => Err(describe(address, port, Fault::from_io(&error))),
    }
}

async fn race(addresses: &[IpAddr], port: u16, asked: &mut Vec<IpAddr>) -> Result<TcpStream, Fault> {
    let mut waiting = addresses.iter().copied();
    let mut attempts = FuturesUnordered::new();
    let mut most_telling: Option<Fault> = None;
    loop {
        if let Some(address) = waiting.next() {
            match dial(address, port) {
                Ok(stream) => {
                    asked.push(address);
                    attempts.push(opened(stream, address, port));
                }
                Err(fault) => {
                    note(&mut most_telling, fault);
                    continue;
                }
            }
        } else if attempts.is_empty() {
            let nobody = || Fault::down(Reason::DnsNotFound, "no address to connect to");
            return Err(most_telling.unwrap_or_else(nobody));
        }
        let more = waiting.len() > 0;
        let ended = if more {
            tokio::time::timeout(STAGGER, attempts.next()).await.unwrap_or_default()
        } else {
            attempts.next().await
        };
        match ended {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(fault)) => note(&mut most_telling, fault),
            None => {}
        }
    }
}

/// Alternates the families, starting with the resolver's first.
fn alternate(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let first_is_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
    let (mut first, mut second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().copied().partition(|address| address.is_ipv4() == first_is_v4);
    first.reverse();
    second.reverse();
    let mut order = Vec::with_capacity(addresses.len());
    while !(first.is_empty() && second.is_empty()) {
        order.extend(first.pop());
        order.extend(second.pop());
    }
    order
}

fn note(most_telling: &mut Option<Fault>, fault: Fault) {
    if most_telling.as_ref().is_none_or(|known| telling(&fault) > telling(known)) {
        *most_telling = Some(fault);
    }
}

/// Ranks faults by how much they say about the target: a host without IPv6 must not hide that IPv4 was
/// refused, and a lack of descriptors makes the whole run inconclusive.
fn telling(fault: &Fault) -> u8 {
    match fault.reason {
        Reason::OwnResources => 5,
        Reason::ConnectTimeout => 3,
        Reason::Unreachable => 2,
        Reason::OwnPermission => 1,
        Reason::OwnNetwork => 0,
        _ => 4,
    }
}

fn describe(address: IpAddr, port: u16, mut fault: Fault) -> Fault {
    fault.detail = format!("{}: {}", SocketAddr::new(address, port), fault.detail);
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn families_take_turns() {
        let order = alternate(&addresses(&["1.1.1.1", "1.1.1.2", "1.1.1.3", "::1", "::2"]));
        assert_eq!(order, addresses(&["1.1.1.1", "::1", "1.1.1.2", "::2", "1.1.1.3"]));
        assert_eq!(alternate(&addresses(&["::1", "1.1.1.1"])), addresses(&["::1", "1.1.1.1"]));
    }

    #[test]
    fn a_missing_family_never_hides_a_refusal() {
        let rank = |errno: Errno| telling(&Fault::from_io(&errno.into()));
        let six: IpAddr = "2001:db8::1".parse().expect("an address");
        let own = |errno: Errno| telling(&Fault::from_own_kernel(&errno.into(), six).expect("it is our own"));
        assert!(rank(Errno::CONNREFUSED) > own(Errno::ADDRNOTAVAIL));
        assert!(rank(Errno::CONNREFUSED) > rank(Errno::NETUNREACH));
        assert!(rank(Errno::HOSTUNREACH) > own(Errno::NETUNREACH), "a router's word is about the target");
        assert!(rank(Errno::CONNREFUSED) > own(Errno::PERM));
        assert!(rank(Errno::MFILE) > rank(Errno::CONNREFUSED));
    }

    #[tokio::test]
    async fn the_other_family_is_the_fallback() {
        let (port, _deaf, _listener) = loop {
            // Bound so that nobody else gets the port, but not listening.
            let deaf = tokio::net::TcpSocket::new_v6().expect("a socket");
            deaf.bind("[::1]:0".parse().expect("an address")).expect("binds");
            let port = deaf.local_addr().expect("bound").port();
            if let Ok(listener) = tokio::net::TcpListener::bind(("127.0.0.1", port)).await {
                break (port, deaf, listener);
            }
        };
        let mut asked = Vec::new();
        let stream =
            connect(&addresses(&["::1", "127.0.0.1"]), port, &mut asked).await.expect("connects over IPv4");
        assert!(stream.peer_addr().expect("connected").is_ipv4());
        assert_eq!(asked, addresses(&["::1", "127.0.0.1"]));
    }
}
