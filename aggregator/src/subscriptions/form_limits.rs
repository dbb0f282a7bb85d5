//! How often forms may be sent, whatever they hold: an address that is known counts as one that is not.

use crate::api::network;
use crate::sign_ins::wider;
use skerry_web::RateLimit;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// Forms of an IPv4 address or an IPv6 /64, per minute and per hour; and of a /24 or a /48 per hour.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const PER_HOUR: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
const WIDER_PER_HOUR: NonZeroU32 = NonZeroU32::new(120).expect("not zero");

/// `None`: the client is not known.
#[derive(Debug)]
pub(super) struct FormLimits {
    per_minute: RateLimit<Option<IpAddr>>,
    per_hour: RateLimit<Option<IpAddr>>,
    wider_per_hour: RateLimit<Option<IpAddr>>,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self {
            per_minute: RateLimit::per_minute(PER_MINUTE),
            per_hour: RateLimit::per_hour(PER_HOUR),
            wider_per_hour: RateLimit::per_hour(WIDER_PER_HOUR),
        }
    }
}

impl FormLimits {
    /// Counts a form.
    ///
    /// # Errors
    /// There were too many: when to try again.
    pub(super) fn check(&self, client: Option<IpAddr>) -> Result<(), Duration> {
        let network = client.map(network);
        self.per_minute.check(&network)?;
        self.per_hour.check(&network)?;
        self.wider_per_hour.check(&client.map(wider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v6(network: u16, host: u16) -> Option<IpAddr> {
        Some(IpAddr::from([0x2001, 0xdb8, 1, network, 0, 0, 0, host]))
    }

    #[test]
    fn a_network_has_ten_forms_a_minute_whatever_its_address() {
        let limits = FormLimits::default();
        assert!((0..10).all(|host| limits.check(v6(1, host)).is_ok()));
        let wait = limits.check(v6(1, 99)).expect_err("ten were sent");
        assert!(wait <= Duration::from_secs(6), "{wait:?}");
        assert!(limits.check(v6(2, 0)).is_ok() && limits.check(None).is_ok(), "others are not kept out");
    }

    #[test]
    fn a_wider_network_has_no_more_for_its_many_parts() {
        let limits = FormLimits::default();
        let taken = (0..1_000).filter(|network| limits.check(v6(*network, 0)).is_ok()).count();
        assert!((120..=121).contains(&taken), "{taken}");
    }
}
