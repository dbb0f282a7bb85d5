//! How often passwords may be tried: by a client's network, by the wider network that it may have a part of, and at a page. Who
//! signed in to the page before is not kept out by what strangers try from elsewhere.

use crate::api::network;
use skerry_web::RateLimit;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Tries per minute at one page: of an IPv4 address or an IPv6 /64, of a /24 or a /48, and of all.
pub(super) const OF_CLIENT: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
pub(super) const OF_WIDER: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
pub(super) const OF_ALL: NonZeroU32 = NonZeroU32::new(120).expect("not zero");
/// Networks that are remembered: twice as many at most.
const REMEMBERED: usize = 5_000;

/// Of a page, by its id; `None`: the client is not known.
type Key = (String, Option<IpAddr>);

#[derive(Debug)]
pub(super) struct Tries {
    of_client: RateLimit<Key>,
    of_wider: RateLimit<Key>,
    of_page: RateLimit<String>,
    known: Mutex<Known>,
}

/// Networks from which somebody signed in, the latest and those before.
#[derive(Debug, Default)]
struct Known {
    latest: HashSet<Key>,
    former: HashSet<Key>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            of_client: RateLimit::per_minute(OF_CLIENT),
            of_wider: RateLimit::per_minute(OF_WIDER),
            of_page: RateLimit::per_minute(OF_ALL),
            known: Mutex::default(),
        }
    }
}

impl Tries {
    /// Counts a try.
    ///
    /// # Errors
    /// There were too many: when to try again.
    pub(super) fn check(&self, page: &str, client: Option<IpAddr>) -> Result<(), Duration> {
        let key = (page.to_owned(), client.map(network));
        self.of_client.check(&key)?;
        if self.knows(&key) {
            return Ok(());
        }
        self.of_wider.check(&(page.to_owned(), client.map(wider)))?;
        self.of_page.check(&key.0)
    }

    /// Remembers where somebody signed in.
    pub(super) fn succeeded(&self, page: &str, client: Option<IpAddr>) {
        let Some(client) = client else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.latest.len() >= REMEMBERED {
            known.former = std::mem::take(&mut known.latest);
        }
        known.latest.insert((page.to_owned(), Some(network(client))));
    }

    fn knows(&self, key: &Key) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.latest.contains(key) || known.former.contains(key)
    }
}

/// What one customer of a provider may have: a /24 or a /48.
pub(crate) fn wider(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() >> 8 << 8).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 80 << 80).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v6(network: u16, part: u16) -> Option<IpAddr> {
        Some(IpAddr::from([0x2001, 0xdb8, network, part, 0, 0, 0, 1]))
    }

    #[test]
    fn a_wider_network_has_a_share_of_the_tries_of_a_page() {
        let tries = Tries::default();
        let many = |client: &dyn Fn(u16) -> Option<IpAddr>| {
            (0..200).filter(|part| tries.check("a", client(*part)).is_ok()).count()
        };
        let few = OF_WIDER.get() as usize..=OF_WIDER.get() as usize + 1;
        assert!(few.contains(&many(&|part| v6(1, part))), "of one /48");
        assert!(few.contains(&many(&|part| Some(IpAddr::from([192, 0, 2, part as u8])))), "of one /24");
        assert!(tries.check("a", v6(2, 0)).is_ok(), "others are not locked out");
        assert!(tries.check("b", v6(1, 0)).is_ok(), "nor is another page");
    }

    #[test]
    fn who_signed_in_before_is_not_kept_out_by_strangers() {
        let tries = Tries::default();
        tries.succeeded("a", v6(9, 9));
        let admitted = (0..1_000).filter(|network| tries.check("a", v6(100 + network, 0)).is_ok()).count();
        assert!((120..140).contains(&admitted), "{admitted}");
        assert!(tries.check("a", v6(7, 7)).is_err(), "a stranger");
        for _ in 0..OF_CLIENT.get() {
            assert!(tries.check("a", v6(9, 9)).is_ok());
        }
        assert!(tries.check("a", v6(9, 9)).is_err(), "its own tries are limited");
        for network in 0..REMEMBERED {
            tries.succeeded("a", v6(u16::try_from(network).expect("small"), 0));
        }
        assert!(tries.knows(&("a".to_owned(), v6(9, 9).map(network))), "one generation before");
    }
}
