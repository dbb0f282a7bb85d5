//! The ICMP sockets: one per address family, shared by all checks and opened on first use. Unprivileged if
//! the group may (`net.ipv4.ping_group_range`), otherwise raw (`CAP_NET_RAW`). If neither is allowed, the
//! next check tries again.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use skerry_protocol::wire::Reason;
use surge_ping::{Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence, SurgeError};
use tokio::time::Instant;

use crate::probe::fault::Fault;

/// How often a packet is sent again because something other than its answer came back.
const ATTEMPTS: usize = 4;

/// Why there was no echo.
pub(super) enum NoEcho {
    /// Nothing came back in time.
    Silence,
    /// A host on the path reported an error.
    Returned(Fault),
    /// The packet never left this host.
    Unsent(Fault),
}

/// The sockets of one process.
pub(super) struct Sockets {
    v4: Socket,
    v6: Socket,
    /// Distinguishes our packets from those of others on a raw socket.
    identifier: PingIdentifier,
}

struct Socket {
    family: ICMP,
    client: Mutex<Option<Client>>,
    /// Shared by all checks: an unprivileged socket distinguishes the answers of one host by it alone.
    sequence: AtomicU16,
}

impl Sockets {
    pub(super) fn new() -> anyhow::Result<Self> {
        let random = getrandom::u32()?;
        let socket = |family| Socket {
            family,
            client: Mutex::default(),
            sequence: AtomicU16::new((random >> 16) as u16),
        };
        let identifier = PingIdentifier(random as u16);
        Ok(Self { v4: socket(ICMP::V4), v6: socket(ICMP::V6), identifier })
    }

    /// Why this process cannot send pings, with both remedies, in one sentence; `None` if it can. Must be
    /// called within a tokio runtime.
    pub(super) fn lack_of_permission(&self) -> Option<String> {
        let denied = self.v4.open().err().is_some_and(|error| is_denied(&error));
        denied.then(|| {
            let program = std::env::current_exe().unwrap_or_else(|_| "/path/to/this/program".into());
            format!(
                "this process may not send pings, so ping checks are inconclusive (own_permission) until it has \
                 CAP_NET_RAW (setcap cap_net_raw+ep {}, or AmbientCapabilities=CAP_NET_RAW in its unit) \
                 or its group is let in (sysctl -w net.ipv4.ping_group_range=\"0 2147483647\")",
                program.display()
            )
        })
    }

    /// Sends a packet and waits for its answer until `until`; returns the round-trip time.
    pub(super) async fn echo(
        &self,
        address: IpAddr,
        payload: &[u8],
        until: Instant,
    ) -> Result<Duration, NoEcho> {
        let socket = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        let client = socket.open().map_err(|error| NoEcho::Unsent(not_opened(&error)))?;
        let mut pinger = client.pinger(address, self.identifier).await;
        for _ in 0..ATTEMPTS {
            pinger.timeout(until.saturating_duration_since(Instant::now()));
            let sequence = PingSequence(socket.sequence.fetch_add(1, Ordering::Relaxed));
            match pinger.ping(sequence, payload).await {
                Ok((packet, took)) => match answer(&packet) {
                    Answer::Echo => return Ok(took),
                    Answer::Failure(words) => {
                        return Err(NoEcho::Returned(Fault::down(Reason::Unreachable, words)));
                    }
                    Answer::Other => {}
                },
                Err(SurgeError::Timeout { .. }) => return Err(NoEcho::Silence),
                // After 65,536 others: this one is still waiting.
                Err(SurgeError::IdenticalRequests { .. }) => {}
                Err(SurgeError::IOError(error)) => return Err(NoEcho::Unsent(unsent(address, &error))),
                Err(error) => return Err(NoEcho::Unsent(Fault::own(format!("no ping was sent: {error}")))),
            }
        }
        Err(NoEcho::Silence)
    }
}

impl Socket {
    fn open(&self) -> io::Result<Client> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let opened = Client::new(&Config::builder().kind(self.family).build())?;
        Ok(client.insert(opened).clone())
    }
}

/// What came back for a packet.
enum Answer {
    Echo,
    Failure(String),
    /// Advice such as a redirect, which does not stop the packet.
    Other,
}

fn answer(packet: &IcmpPacket) -> Answer {
    let (source, kind, code, echo, failures): (IpAddr, u8, u8, u8, &[u8]) = match packet {
        // Destination unreachable, time exceeded, parameter problem.
        IcmpPacket::V4(packet) => {
            let (kind, code) = (packet.get_icmp_type().0, packet.get_icmp_code().0);
            (packet.get_source().into(), kind, code, 0, &[3, 11, 12])
        }
        // The same, and packet too big.
        IcmpPacket::V6(packet) => {
            let (kind, code) = (packet.get_icmpv6_type().0, packet.get_icmpv6_code().0);
            (packet.get_source().into(), kind, code, 129, &[1, 2, 3, 4])
        }
    };
    if kind == echo {
        Answer::Echo
    } else if failures.contains(&kind) {
        Answer::Failure(format!("{source} sent the packet back (ICMP type {kind}, code {code})"))
    } else {
        Answer::Other
    }
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

fn not_opened(error: &io::Error) -> Fault {
    if is_denied(error) {
        return Fault::own_permission(
            "this process may not send pings: it needs CAP_NET_RAW, or its group in net.ipv4.ping_group_range",
        );
    }
    Fault::own(format!("this host opens no ICMP socket: {error}"))
}

fn unsent(address: IpAddr, error: &io::Error) -> Fault {
    let mut fault = Fault::from_own_kernel(error, address).unwrap_or_else(|| Fault::from_io(error));
    fault.detail = format!("{address}: {}", fault.detail);
    fault
}
