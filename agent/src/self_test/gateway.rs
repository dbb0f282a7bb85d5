//! Whether the gateway is present. Used if no references are configured. Probes with an ICMP echo and a
//! closed port, which needs no permission. If a gateway answers neither, the kernel decides: within seconds
//! it knows whether any host has that address.

use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};

/// Time limit for a gateway to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// Time after which the kernel knows whether a silent gateway is present: it trusts a confirmed neighbour for
/// up to 45 s, waits 5 s and probes for 3 s.
const NEIGHBOUR_TIMEOUT: Duration = Duration::from_secs(60);
/// The discard port: hardly anybody listens there.
const PORT: u16 = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GatewayReply {
    Answer,
    /// No host has its address.
    Unreachable,
    Nothing,
}

/// What is known about the gateways.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    /// Whether each answers, and since when it does not.
    known: HashMap<IpAddr, Known>,
}

#[derive(Debug, Default)]
struct Known {
    answers: bool,
    silent_since: Option<Instant>,
}

impl Gateways {
    /// Whether all of these are gone; `None` if there are none.
    pub(super) async fn are_gone(&mut self, gateways: &[SocketAddr]) -> Option<bool> {
        let mut gone = None;
        for gateway in gateways {
            let reply = ask(*gateway).await;
            gone = Some(self.judge(gateway.ip(), reply, Instant::now()) && gone.unwrap_or(true));
        }
        gone
    }

    fn judge(&mut self, gateway: IpAddr, reply: GatewayReply, now: Instant) -> bool {
        let known = self.known.entry(gateway).or_default();
        match reply {
            GatewayReply::Answer => {
                *known = Known { answers: true, silent_since: None };
                false
            }
            GatewayReply::Unreachable => true,
            // It may be configured not to answer: after a while the kernel's view counts.
            GatewayReply::Nothing => {
                let since = *known.silent_since.get_or_insert(now);
                known.answers &= now.duration_since(since) < NEIGHBOUR_TIMEOUT;
                known.answers
            }
        }
    }
}

/// Probes a gateway in every way until one is answered.
async fn ask(gateway: SocketAddr) -> GatewayReply {
    let probes = async {
        let (mut echo, mut tcp, mut udp) =
            (std::pin::pin!(echo(gateway)), std::pin::pin!(tcp(gateway)), std::pin::pin!(udp(gateway)));
        let (mut left, mut worst) = ([true; 3], GatewayReply::Nothing);
        while left != [false; 3] {
            let (probe, reply) = tokio::select! {
                reply = &mut echo, if left[0] => (0, reply),
                reply = &mut tcp, if left[1] => (1, reply),
                reply = &mut udp, if left[2] => (2, reply),
            };
            left[probe] = false;
            match reply {
                GatewayReply::Answer => return GatewayReply::Answer,
                GatewayReply::Unreachable => worst = GatewayReply::Unreachable,
                GatewayReply::Nothing => {}
            }
        }
        worst
    };
    match timeout(ANSWER, probes).await {
        Ok(GatewayReply::Nothing) | Err(_) if is_unresolved(gateway.ip()).await => GatewayReply::Unreachable,
        Ok(reply) => reply,
        Err(_) => GatewayReply::Nothing,
    }
}

async fn echo(gateway: SocketAddr) -> GatewayReply {
    let (domain, protocol, request, expected) = match gateway {
        SocketAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4, 8, 0),
        SocketAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6, 128, 129),
    };
    // If the group may not ping, the other probes remain.
    let open = || -> io::Result<UdpSocket> {
        let socket = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(protocol))?;
        socket
            .connect(&SocketAddr::new(gateway.ip(), 0).into())
            .or_else(|_| socket.connect(&gateway.into()))?;
        UdpSocket::from_std(socket.into())
    };
    let Ok(socket) = open() else { return GatewayReply::Nothing };
    // The kernel fills in the checksum and the identifier.
    if let Err(error) = socket.send(&[request, 0, 0, 0, 0, 0, 0, 1]).await {
        return reply_from(&error);
    }
    let mut buffer = [0; 64];
    match socket.recv(&mut buffer).await {
        Ok(length) if length > 0 && buffer[0] == expected => GatewayReply::Answer,
        Ok(_) => GatewayReply::Nothing,
        Err(error) => reply_from(&error),
    }
}

async fn tcp(gateway: SocketAddr) -> GatewayReply {
    match TcpStream::connect(gateway).await {
        Ok(_) => GatewayReply::Answer,
        Err(error) => reply_from(&error),
    }
}

async fn udp(gateway: SocketAddr) -> GatewayReply {
    let any: IpAddr =
        if gateway.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let asked = async {
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(gateway).await?;
        socket.send(&[0]).await?;
        socket.recv(&mut [0; 8]).await
    };
    match asked.await {
        Ok(_) => GatewayReply::Answer,
        Err(error) => reply_from(&error),
    }
}

/// A refusal comes from the gateway itself.
fn reply_from(error: &io::Error) -> GatewayReply {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => GatewayReply::Answer,
        io::ErrorKind::HostUnreachable => GatewayReply::Unreachable,
        _ => GatewayReply::Nothing,
    }
}

/// Whether the kernel got no answer to its ARP request. For IPv6 it reports an error instead.
async fn is_unresolved(gateway: IpAddr) -> bool {
    let table = tokio::task::spawn_blocking(|| std::fs::read_to_string("/proc/net/arp"));
    table.await.is_ok_and(|table| table.is_ok_and(|table| is_incomplete_in(&table, gateway)))
}

/// Parses `/proc/net/arp`: address, type, flags (`ATF_COM` is 2), …
fn is_incomplete_in(table: &str, gateway: IpAddr) -> bool {
    let gateway = gateway.to_string();
    table.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(&*gateway) && fields.nth(1) == Some("0x0")
    })
}

/// The address to probe.
pub(super) fn probe_address(address: IpAddr, scope: u32) -> SocketAddr {
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
        assert!(!gateways.judge(gateway, GatewayReply::Nothing, at(0)), "it may never answer");
        assert!(gateways.judge(gateway, GatewayReply::Unreachable, at(1)));
        assert!(!gateways.judge(gateway, GatewayReply::Answer, at(2)));
        assert!(gateways.judge(gateway, GatewayReply::Nothing, at(30)));
        assert!(gateways.judge(gateway, GatewayReply::Nothing, at(89)));
        assert!(
            !gateways.judge(gateway, GatewayReply::Nothing, at(91)),
            "its address is known: it is there, and silent"
        );
        assert!(gateways.judge(gateway, GatewayReply::Unreachable, at(92)));
    }

    #[test]
    fn the_kernels_table_says_who_does_not_answer() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
                     192.0.2.1        0x1         0x0         00:00:00:00:00:00     *        out\n\
                     192.0.2.7        0x1         0x2         02:00:00:00:00:01     *        out\n";
        let says = |last| is_incomplete_in(table, Ipv4Addr::new(192, 0, 2, last).into());
        assert!(says(1) && !says(7) && !says(9));
    }
}
