//! Opens a TCP connection to one of several addresses: happy eyeballs (RFC 8305) kept simple. Families
//! alternate, the next address starts when one fails or has not answered within [`STAGGER`], the first to
//! answer wins.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustix::io::Errno;
use skerry_protocol::check::IpVersion;
use skerry_protocol::wire::Reason;
use tokio::net::TcpStream;
use tokio::time::Instant;
use url::Host;

use super::fault::Fault;
use super::resolve::Resolver;
use super::run::{Doing, Run, add};

const STAGGER: Duration = Duration::from_millis(250);

/// Looks `host` up and connects to the first of its addresses that answers; notes in `run` how long each took.
pub(super) async fn open(
    resolver: &Resolver,
    host: &Host<impl AsRef<str>>,
    port: u16,
    ip: IpVersion,
    run: &mut Run,
) -> Result<TcpStream, Fault> {
    let addresses = resolver.host(host, ip, run).await?;
    run.doing = Doing::CONNECT;
    let start = Instant::now();
    let stream = connect(&addresses, port).await?;
    add(&mut run.phases.connect_us, start.elapsed());
    Ok(stream)
}

/// Connects to the first of `addresses` that answers.
pub(super) async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Fault> {
    let stream = match addresses {
        [only] => dial(*only, port).await.map_err(|(address, error)| describe(address, port, &error)),
        several => race(&alternate(several), port).await,
    }?;
    stream.set_nodelay(true).map_err(|error| Fault::from_io(&error))?;
    Ok(stream)
}

async fn dial(address: IpAddr, port: u16) -> Result<TcpStream, (IpAddr, io::Error)> {
    TcpStream::connect(SocketAddr::new(address, port)).await.map_err(|error| (address, error))
}

async fn race(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Fault> {
    let mut waiting = addresses.iter().copied();
    let mut attempts = FuturesUnordered::new();
    let mut most_telling: Option<(IpAddr, io::Error)> = None;
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(dial(address, port));
        } else if attempts.is_empty() {
            return Err(match most_telling {
                Some((address, error)) => describe(address, port, &error),
                None => Fault::down(Reason::DnsNotFound, "no address to connect to"),
            });
        }
        let more = waiting.len() > 0;
        let ended = if more {
            tokio::time::timeout(STAGGER, attempts.next()).await.unwrap_or_default()
        } else {
            attempts.next().await
        };
        match ended {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(failed)) => {
                let known = most_telling.as_ref().map(|(_, known)| telling(known));
                if known.is_none_or(|known| telling(&failed.1) > known) {
                    most_telling = Some(failed);
                }
            }
            None => {}
        }
    }
}

/// The families in turn, beginning with the resolver's first.
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

/// Which of several errors says most about the target: a host without IPv6 must not hide that IPv4 was
/// refused, and a lack of descriptors makes the whole run inconclusive.
fn telling(error: &io::Error) -> u8 {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => 4,
        Some(Errno::ADDRNOTAVAIL) => 1,
        Some(Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::AFNOSUPPORT) => 0,
        Some(Errno::TIMEDOUT) => 2,
        _ => 3,
    }
}

fn describe(address: IpAddr, port: u16, error: &io::Error) -> Fault {
    let mut fault = Fault::from_io(error);
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
        let rank = |errno: Errno| telling(&errno.into());
        assert!(rank(Errno::CONNREFUSED) > rank(Errno::NETUNREACH));
        assert!(rank(Errno::CONNREFUSED) > rank(Errno::ADDRNOTAVAIL));
        assert!(rank(Errno::MFILE) > rank(Errno::CONNREFUSED));
    }

    #[tokio::test]
    async fn the_other_family_is_the_fallback() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("bound").port();
        let stream = connect(&addresses(&["::1", "127.0.0.1"]), port).await.expect("connects over IPv4");
        assert!(stream.peer_addr().expect("connected").is_ipv4());
    }
}
