//! The clocks of this host: which boot it is in, the clock of the boot, the wall clock.

use anyhow::Context;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Identifies one boot of the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BootId(u128);

impl BootId {
    /// Reads the 16 bytes of [`BootId::to_bytes`]; returns `None` for any other length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
    }

    /// The 16 bytes that the spool stores.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The current boot of this host and of all containers on it.
    ///
    /// # Errors
    /// The kernel does not provide a boot id.
    pub fn present() -> anyhow::Result<Self> {
        let path = "/proc/sys/kernel/random/boot_id";
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        Self::parse(&text).with_context(|| format!("{path} holds no boot id"))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits: String = text.trim().chars().filter(|character| *character != '-').collect();
        (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok().map(Self))?
    }
}

impl fmt::Display for BootId {
    /// Formats as the kernel does: `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
        write!(formatter, "{a}-{b}-{c}-{d}-{e}")
    }
}

/// Since the boot, suspension included, ns.
#[must_use]
pub fn boot_ns() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

/// The wall clock, ms since 1970 UTC; 0 before.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_id_keeps_the_kernels_form() {
        let text = "0d9af5a1-90c0-4b2e-8c5f-00ffee001122";
        let boot = BootId::parse(&format!("{text}\n")).expect("a boot id");
        assert_eq!(boot.to_string(), text);
        assert_eq!(BootId::from_bytes(&boot.to_bytes()), Some(boot));
        assert_eq!(BootId::parse("not a boot id"), None);
    }
}
