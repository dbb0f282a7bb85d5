//! Is the gateway there? Asked where no reference is named: by an echo and by a port that nobody listens on,
//! which needs no permission. One that answers neither is judged by the kernel, which knows within seconds
//! whether anybody at its address answers at all.

use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};

/// A gateway answers within this time.
const ANSWER: Duration = Duration::from_secs(1);
/// So long after it fell silent the kernel knows whether it is there: it believes for up to 45 s what it has
/// confirmed, waits for 5 s and asks for 3.
const SETTLED: Duration = Duration::from_secs(60);
/// "Discard": hardly anybody listens there.
const PORT: u16 = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Answer,
    /// Nobody is at its address.
    Unreachable,
    Nothing,
}

/// What is known of the gateways of a host.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    /// When each last answered, and since when it does not.
    known: HashMap<IpAddr, Known>,
}

#[derive(Debug, Default)]
struct Known {
    answers: bool,
    silent_since: Option<Instant>,
}

impl Gateways {
    /// Whether all of these are gone; `None` where there are none.
    pub(super) async fn are_gone(&mut self, gateways: &[SocketAddr]) -> Option<bool> {
        let mut gone = None;
        for gateway in gateways {
            let said = ask(*gateway).await;
            gone = Some(self.judge(gateway.ip(), said, Instant::now()) && gone.unwrap_or(true));
        }
        gone
    }

    fn judge(&mut self, gateway: IpAddr, said: Said, now: Instant) -> bool {
        let known = self.known.entry(gateway).or_default();
        match said {
            Said::Answer => {
                *known = Known { answers: true, silent_since: None };
                false
            }
            Said::Unreachable => true,
            // It may have been told to be silent: after a while the kernel's word holds.
            Said::Nothing => {
                let since = *known.silent_since.get_or_insert(now);
                known.answers &= now.duration_since(since) < SETTLED;
                known.answers
            }
        }
    }
}

/// Asks one in every way there is, until one of them is answered.
async fn ask(gateway: SocketAddr) -> Said {
    let ways = async {
        let (mut echo, mut tcp, mut udp) =
            (std::pin::pin!(echo(gateway)), std::pin::pin!(tcp(gateway)), std::pin::pin!(udp(gateway)));
        let (mut left, mut worst) = ([true; 3], Said::Nothing);
        while left != [false; 3] {
            let (way, said) = tokio::select! {
                said = &mut echo, if left[0] => (0, said),
                said = &mut tcp, if left[1] => (1, said),
                said = &mut udp, if left[2] => (2, said),
            };
            left[way] = false;
            match said {
                Said::Answer => return Said::Answer,
                Said::Unreachable => worst = Said::Unreachable,
                Said::Nothing => {}
            }
        }
        worst
    };
    match timeout(ANSWER, ways).await {
        Ok(Said::Nothing) | Err(_) if is_unresolved(gateway.ip()).await => Said::Unreachable,
        Ok(said) => said,
        Err(_) => Said::Nothing,
    }
}

async fn echo(gateway: SocketAddr) -> Said {
    let (domain, protocol, request, reply) = match gateway {
        SocketAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4, 8, 0),
        SocketAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6, 128, 129),
    };
    // Where the group may not, the other ways are left.
    let open = || -> io::Result<UdpSocket> {
        let socket = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(protocol))?;
        socket
            .connect(&SocketAddr::new(gateway.ip(), 0).into())
            .or_else(|_| socket.connect(&gateway.into()))?;
        UdpSocket::from_std(socket.into())
    };
    let Ok(socket) = open() else { return Said::Nothing };
    // The kernel fills in the checksum and the identifier.
    if let Err(error) = socket.send(&[request, 0, 0, 0, 0, 0, 0, 1]).await {
        return said(&error);
    }
    let mut buffer = [0; 64];
    match socket.recv(&mut buffer).await {
        Ok(length) if length > 0 && buffer[0] == reply => Said::Answer,
        Ok(_) => Said::Nothing,
        Err(error) => said(&error),
    }
}

async fn tcp(gateway: SocketAddr) -> Said {
    match TcpStream::connect(gateway).await {
        Ok(_) => Said::Answer,
        Err(error) => said(&error),
    }
}

async fn udp(gateway: SocketAddr) -> Said {
    let any: IpAddr =
        if gateway.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let asked = async {
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(gateway).await?;
        socket.send(&[0]).await?;
        socket.recv(&mut [0; 8]).await
    };
    match asked.await {
        Ok(_) => Said::Answer,
        Err(error) => said(&error),
    }
}

/// A refusal comes from the gateway itself.
fn said(error: &io::Error) -> Said {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Said::Answer,
        io::ErrorKind::HostUnreachable => Said::Unreachable,
        _ => Said::Nothing,
    }
}

/// The kernel asked who has this address, and nobody said so. Of IPv6 it tells by an error.
async fn is_unresolved(gateway: IpAddr) -> bool {
    let table = tokio::task::spawn_blocking(|| std::fs::read_to_string("/proc/net/arp"));
    table.await.is_ok_and(|table| table.is_ok_and(|table| says_unresolved(&table, gateway)))
}

/// `/proc/net/arp`: address, type, flags (`ATF_COM` is 2), …
fn says_unresolved(table: &str, gateway: IpAddr) -> bool {
    let gateway = gateway.to_string();
    table.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(&*gateway) && fields.nth(1) == Some("0x0")
    })
}

/// Where it is asked.
pub(super) fn place(address: IpAddr, scope: u32) -> SocketAddr {
    match address {
        IpAddr::V4(address) => SocketAddr::new(address.into(), PORT),
        IpAddr::V6(address) => std::net::SocketAddrV6::new(address, PORT, 0, scope).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_answered_is_missed_until_the_kernel_knows_better() {
        let gateway: IpAddr = Ipv4Addr::new(192, 0, 2, 1).into();
        let (mut gateways, began) = (Gateways::default(), Instant::now());
        let at = |seconds| began + Duration::from_secs(seconds);
        assert!(!gateways.judge(gateway, Said::Nothing, at(0)), "it may never answer");
        assert!(gateways.judge(gateway, Said::Unreachable, at(1)));
        assert!(!gateways.judge(gateway, Said::Answer, at(2)));
        assert!(gateways.judge(gateway, Said::Nothing, at(30)));
        assert!(gateways.judge(gateway, Said::Nothing, at(89)));
        assert!(
            !gateways.judge(gateway, Said::Nothing, at(91)),
            "its address is known: it is there, and silent"
        );
        assert!(gateways.judge(gateway, Said::Unreachable, at(92)));
    }

    #[test]
    fn the_kernels_table_says_who_does_not_answer() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
                     192.0.2.1        0x1         0x0         00:00:00:00:00:00     *        out\n\
                     192.0.2.7        0x1         0x2         02:00:00:00:00:01     *        out\n";
        let says = |last| says_unresolved(table, Ipv4Addr::new(192, 0, 2, last).into());
        assert!(says(1) && !says(7) && !says(9));
    }
}
