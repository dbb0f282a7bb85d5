//! The reference targets of one address family: does one of them accept a connection? A refusal says that
//! something answers, and a gateway that refuses everything does so too: it vouches for nothing.

use super::ANSWER;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Addresses that nobody has (RFC 5737, RFC 3849).
const NOBODY: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0xffff, 0, 0, 0, 1)),
];

/// What references say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Heard {
    /// There are none.
    #[default]
    None,
    /// How long the first to accept took.
    Accepted(Duration),
    /// Some refused, and none accepted.
    Refused,
    /// None answered.
    Silent,
}

enum Said {
    Accepted,
    Refused,
    Nothing,
}

/// Asks all of them at once. IPv4, then IPv6.
pub(super) async fn ask(references: &[SocketAddr]) -> [Heard; 2] {
    let (four, six): (Vec<_>, Vec<_>) = references.iter().copied().partition(SocketAddr::is_ipv4);
    let (four, six) = tokio::join!(first(&four), first(&six));
    [four, six]
}

async fn first(references: &[SocketAddr]) -> Heard {
    if references.is_empty() {
        return Heard::None;
    }
    let began = Instant::now();
    let mut heard = Heard::Silent;
    let mut asked: JoinSet<Said> = references.iter().copied().map(connect).collect();
    while let Some(said) = asked.join_next().await {
        match said {
            Ok(Said::Accepted) => return Heard::Accepted(began.elapsed()),
            Ok(Said::Refused) => heard = Heard::Refused,
            Ok(Said::Nothing) | Err(_) => {}
        }
    }
    heard
}

async fn connect(to: SocketAddr) -> Said {
    match timeout(ANSWER, TcpStream::connect(to)).await {
        Ok(Ok(_)) => Said::Accepted,
        Ok(Err(error)) if is_refusal(&error) => Said::Refused,
        _ => Said::Nothing,
    }
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
}

/// Something on the way answers for an address that nobody has.
pub(super) async fn nobody_answers(ipv6: bool) -> bool {
    !matches!(connect(SocketAddr::new(NOBODY[usize::from(ipv6)], 443)).await, Said::Nothing)
}
