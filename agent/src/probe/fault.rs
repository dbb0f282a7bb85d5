//! What can go wrong in a run, and whose fault it is. Only this file classifies errors of the operating
//! system, so that a lack of our own never becomes a target's outage.

use skerry_protocol::words::line_within;
use std::io;
use std::net::IpAddr;

use rustix::io::Errno;
use skerry_protocol::wire::{Outcome, Reason};

use super::MAX_DETAIL_BYTES;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) outcome: Outcome,
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Fault {
    /// The target is down.
    pub(super) fn down(reason: Reason, detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Down, reason, detail: detail.into() }
    }

    /// The target answers but is degraded.
    pub(super) fn degraded(reason: Reason, detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Degraded, reason, detail: detail.into() }
    }

    /// We lack a resource to run the check.
    pub(super) fn own(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Inconclusive, reason: Reason::OwnResources, detail: detail.into() }
    }

    /// We lack a permission to run the check.
    pub(super) fn own_permission(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Inconclusive, reason: Reason::OwnPermission, detail: detail.into() }
    }

    /// The result depends on which clock is right.
    pub(super) fn own_clock(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Inconclusive, reason: Reason::OwnClock, detail: detail.into() }
    }

    /// This host has no route to the target.
    pub(super) fn own_network(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Inconclusive, reason: Reason::OwnNetwork, detail: detail.into() }
    }

    /// Classifies an error of the operating system. One that says nothing about the network counts as a
    /// broken connection.
    pub(super) fn from_io(error: &io::Error) -> Self {
        if is_own(error) {
            return Self::own(format!("this host cannot run the check: {error}"));
        }
        if Errno::from_io_error(error) == Some(Errno::PERM) {
            return Self::own_permission(forbidden(error));
        }
        Self::down(network_reason(error), error.to_string())
    }

    /// Classifies an error with which our own kernel refused to send to `address`. Nothing was sent, so
    /// routes, addresses and firewall rules are those of this host. `None`: the error is of another kind.
    pub(super) fn from_own_kernel(error: &io::Error, address: IpAddr) -> Option<Self> {
        match Errno::from_io_error(error)? {
            Errno::PERM | Errno::ACCESS => Some(Self::own_permission(forbidden(error))),
            Errno::NETUNREACH
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::AFNOSUPPORT
            // A blackhole route.
            | Errno::INVAL => Some(Self::own_network(format!("this host has no way there: {error}"))),
            // Over IPv4 this means that no port is left.
            Errno::ADDRNOTAVAIL if address.is_ipv6() => {
                Some(Self::own_network(format!("this host has no IPv6 address of its own: {error}")))
            }
            _ => is_own(error).then(|| Self::from_io(error)),
        }
    }
}

fn forbidden(error: &io::Error) -> String {
    format!("this host's own firewall or policy forbids it: {error}")
}

/// Our own limits: descriptors, buffers, ports, memory.
pub(super) fn is_own(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::ADDRNOTAVAIL | Errno::NOMEM)
    )
}

fn network_reason(error: &io::Error) -> Reason {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Reason::ConnectRefused,
        Kind::TimedOut => Reason::ConnectTimeout,
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::PermissionDenied => {
            Reason::Unreachable
        }
        Kind::InvalidData | Kind::InvalidInput => Reason::ProtocolError,
        _ => Reason::ConnectionReset,
    }
}

/// Formats `text` as a detail: one line, no control characters, at most [`MAX_DETAIL_BYTES`].
pub(super) fn detail(text: &str) -> String {
    line_within(text, MAX_DETAIL_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const FOUR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn errors_of_the_system_are_sorted_by_whose_fault_they_are() {
        let own = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::ADDRNOTAVAIL, Errno::NOMEM];
        for errno in own {
            let fault = Fault::from_io(&errno.into());
            assert_eq!((fault.outcome, fault.reason), (Outcome::Inconclusive, Reason::OwnResources));
        }
        for (errno, reason) in [
            (Errno::CONNREFUSED, Reason::ConnectRefused),
            (Errno::NETUNREACH, Reason::Unreachable),
            (Errno::HOSTUNREACH, Reason::Unreachable),
            (Errno::NETDOWN, Reason::Unreachable),
            // Over IPv6 a router may report this, unless our own kernel refused.
            (Errno::ACCESS, Reason::Unreachable),
            (Errno::CONNRESET, Reason::ConnectionReset),
            (Errno::PIPE, Reason::ConnectionReset),
            (Errno::TIMEDOUT, Reason::ConnectTimeout),
        ] {
            let fault = Fault::from_io(&errno.into());
            assert_eq!((fault.outcome, fault.reason), (Outcome::Down, reason), "{errno:?}");
        }
    }

    #[test]
    fn what_our_own_kernel_refuses_is_our_own() {
        for (errno, reason) in [
            (Errno::PERM, Reason::OwnPermission),
            (Errno::ACCESS, Reason::OwnPermission),
            (Errno::NETUNREACH, Reason::OwnNetwork),
            (Errno::HOSTUNREACH, Reason::OwnNetwork),
            (Errno::NETDOWN, Reason::OwnNetwork),
            (Errno::AFNOSUPPORT, Reason::OwnNetwork),
            (Errno::INVAL, Reason::OwnNetwork),
            (Errno::ADDRNOTAVAIL, Reason::OwnResources),
            (Errno::MFILE, Reason::OwnResources),
        ] {
            let fault = Fault::from_own_kernel(&errno.into(), FOUR).expect("it is");
            assert_eq!((fault.outcome, fault.reason), (Outcome::Inconclusive, reason), "{errno:?}");
        }
        for errno in [Errno::CONNREFUSED, Errno::CONNRESET, Errno::TIMEDOUT] {
            assert_eq!(Fault::from_own_kernel(&errno.into(), FOUR), None, "{errno:?}");
        }
        let no_address = Fault::from_own_kernel(&Errno::ADDRNOTAVAIL.into(), Ipv6Addr::LOCALHOST.into());
        assert_eq!(no_address.map(|fault| fault.reason), Some(Reason::OwnNetwork));
        // Only a rule of our own can forbid an established connection.
        let fault = Fault::from_io(&Errno::PERM.into());
        assert_eq!((fault.outcome, fault.reason), (Outcome::Inconclusive, Reason::OwnPermission));
    }

    #[test]
    fn a_detail_is_one_short_line() {
        assert_eq!(detail("a\r\nb\u{1b}[31m"), "a  b [31m");
        let long = detail(&"é".repeat(150));
        assert_eq!(long.len(), 200);
    }
}
