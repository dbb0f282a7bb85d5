//! Tests the reference targets of one address family: whether one of them accepts a connection. A refusal
//! proves nothing, because a gateway may refuse everything.

use super::ANSWER;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Unassigned addresses (RFC 5737, RFC 3849).
const UNASSIGNED: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0xffff, 0, 0, 0, 1)),
];

/// The combined result of the references.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ReferenceResult {
    /// There are no references.
    #[default]
    None,
    /// At least one accepted; the time of the fastest.
    Accepted(Duration),
    /// Some refused, none accepted.
    Refused,
    /// None answered.
    Silent,
}

enum ConnectResult {
    Accepted,
    Refused,
    Nothing,
}

/// Tests all of them at the same time. Returns IPv4, then IPv6.
pub(super) async fn ask(references: &[SocketAddr]) -> [ReferenceResult; 2] {
    let (four, six): (Vec<_>, Vec<_>) = references.iter().copied().partition(SocketAddr::is_ipv4);
    let (four, six) = tokio::join!(first_answer(&four), first_answer(&six));
    [four, six]
}

async fn first_answer(references: &[SocketAddr]) -> ReferenceResult {
    if references.is_empty() {
        return ReferenceResult::None;
    }
    let began = Instant::now();
    let mut results = ReferenceResult::Silent;
    let mut asked: JoinSet<ConnectResult> = references.iter().copied().map(connect).collect();
    while let Some(result) = asked.join_next().await {
        match result {
            Ok(ConnectResult::Accepted) => return ReferenceResult::Accepted(began.elapsed()),
            Ok(ConnectResult::Refused) => results = ReferenceResult::Refused,
            Ok(ConnectResult::Nothing) | Err(_) => {}
        }
    }
    results
}

async fn connect(to: SocketAddr) -> ConnectResult {
    match timeout(ANSWER, TcpStream::connect(to)).await {
        Ok(Ok(_)) => ConnectResult::Accepted,
        Ok(Err(error)) if is_refusal(&error) => ConnectResult::Refused,
        _ => ConnectResult::Nothing,
    }
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
}

/// Whether a device on the path answers for an unassigned address.
pub(super) async fn unassigned_answers(ipv6: bool) -> bool {
    !matches!(connect(SocketAddr::new(UNASSIGNED[usize::from(ipv6)], 443)).await, ConnectResult::Nothing)
}
