//! How many connections there may be: as many as the limit of open files leaves beside what the rest of the program needs,
//! and so many from one network, so that a client that opens connections and says nothing shuts nobody out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Files that the database, agents, checks, the export, purges and the log may need, however many connections there are.
const RESERVE: usize = 512;
/// However low the limit is, so many for each worker.
const LEAST: usize = 8;

/// The connections of each worker: of listeners that serve `public`, and of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) public: usize,
    pub(super) other: usize,
}

/// Divides what a limit of open files leaves. `most` for each; `public` workers, and `others`, to whom one part in four belongs:
/// what visitors do keeps no agent out.
pub(super) fn share(limit: Option<u64>, most: usize, public: usize, others: usize) -> Share {
    let Some(limit) = limit else { return Share { public: most, other: most } };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let room = limit - RESERVE.min(limit / 2);
    let (for_others, for_public) = match (public, others) {
        (0, _) => (room, 0),
        (_, 0) => (0, room),
        _ => (room / 4, room - room / 4),
    };
    let each = |room: usize, workers: usize| (room / workers.max(1)).clamp(LEAST.min(most), most);
    Share { public: each(for_public, public), other: each(for_others, others) }
}

/// Counts the open connections of each client's network.
#[derive(Debug)]
pub(super) struct ClientConnections {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
    told: AtomicBool,
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    network: IpAddr,
    of: Arc<ClientConnections>,
}

impl ClientConnections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default(), told: AtomicBool::new(false) })
    }

    /// Counts a connection. `None`: its network has as many as it may.
    pub(super) fn admit(self: &Arc<Self>, client: IpAddr) -> Option<Counted> {
        let network = network(client.to_canonical());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network).or_default();
        if *count >= self.most {
            drop(open);
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    %client,
                    most = self.most,
                    "too many connections from one network: further ones are closed. If that is a proxy, name it in \
                     trusted_proxies of its [[listen]]; this is said once"
                );
            }
            return None;
        }
        *count += 1;
        drop(open);
        Some(Counted { network, of: Arc::clone(self) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.network);
            }
        }
    }
}

/// An IPv6 client has a whole /64 to itself.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_the_rest() {
        /// Limit, public workers, others; the shares.
        type Row = (Option<u64>, usize, usize, (usize, usize));
        let table: [Row; 7] = [
            (None, 2, 1, (8_192, 8_192)),
            (Some(65_536), 2, 1, (8_192, 8_192)),
            (Some(65_536), 16, 2, (3_048, 8_128)),
            (Some(1_024), 2, 1, (192, 128)),
            (Some(1_024), 2, 0, (256, 8)),
            (Some(64), 8, 1, (8, 8)),
            (Some(256), 0, 2, (8, 64)),
        ];
        for (limit, public, others, (to_public, to_others)) in table {
            let share = share(limit, 8_192, public, others);
            assert_eq!(share, Share { public: to_public, other: to_others }, "{limit:?} {public} {others}");
        }
    }

    #[test]
    fn a_network_has_so_many_connections_at_a_time() {
        let connections = ClientConnections::new(2);
        let admit = |client: &str| connections.admit(client.parse().expect("an address"));
        let first = admit("2001:db8::1");
        let second = admit("2001:db8::ffff:2");
        assert!(first.is_some() && second.is_some());
        assert!(admit("2001:db8::3").is_none(), "the same /64");
        assert!(admit("2001:db8:0:1::3").is_some(), "another one");
        let mapped = (admit("192.0.2.7"), admit("::ffff:192.0.2.7"));
        assert!(mapped.0.is_some() && mapped.1.is_some() && admit("192.0.2.7").is_none());
        assert!(admit("192.0.2.8").is_some());
        drop(first);
        assert!(admit("2001:db8::3").is_some(), "one has ended");
        drop((second, mapped));
        assert_eq!(connections.open.lock().expect("not poisoned").len(), 0, "nothing is kept");
    }
}
