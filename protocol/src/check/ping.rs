//! The `ping` check: ICMP echo (RFC 792, RFC 4443) with packet loss and round trips.

use std::time::Duration;

use url::Host;

use super::IpVersion;
use super::definition::Canonical;
use super::kind::Definition;
use super::read::Timing;
use super::target;
use crate::strict::{Entry, Table, show_duration};

const DEFAULT_COUNT: u32 = 3;
const DEFAULT_SPACING: Duration = Duration::from_millis(200);
const DEFAULT_SIZE: u16 = 56;
/// The payload limit of IPv4 after both headers.
const LARGEST_SIZE: u16 = 65_507;
const ALL_LOST: u8 = 100;

/// A `ping` check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// `host`: the target.
    pub host: Host<String>,
    /// `ip_version`.
    pub ip: IpVersion,
    /// `count`: packets per run; default 3.
    pub count: u32,
    /// `spacing`: time between packets; default 200 ms.
    pub spacing: Duration,
    /// `wait`: a packet that is not back by then is lost; default [`Ping::DEFAULT_WAIT`], or what `timeout`
    /// leaves.
    pub wait: Option<Duration>,
    /// `size`: payload bytes; default 56.
    pub size: u16,
    /// `degraded_loss`: degraded if at least this percentage is lost.
    pub degraded_loss: Option<u8>,
    /// `down_loss`: down if at least this percentage is lost; default 100.
    pub down_loss: u8,
    /// `max_jitter`: degraded if the mean difference between successive round trips is higher.
    pub max_jitter: Option<Duration>,
}

impl Definition for Ping {
    fn read(table: &Table<'_>) -> Option<Self> {
        let host = target::host(table);
        let ping = Self {
            ip: target::ip_version(table, "host", host.as_ref()),
            count: table.integer("count", 1, 100).or(DEFAULT_COUNT.into()) as u32,
            spacing: duration(table, "spacing", 10, 60_000).or(DEFAULT_SPACING),
            wait: duration(table, "wait", 1, 60_000).optional(),
            size: table.integer("size", 0, LARGEST_SIZE.into()).or(DEFAULT_SIZE.into()) as u16,
            degraded_loss: percent(table, "degraded_loss").optional(),
            down_loss: percent(table, "down_loss").or(ALL_LOST),
            max_jitter: duration(table, "max_jitter", 1, 60_000).optional(),
            host: host?,
        };
        ping.refuse_own_contradictions(table);
        Some(ping)
    }

    fn canonical(&self, form: &mut Canonical) {
        form.field("host", &self.host);
        form.field("ip_version", self.ip.name());
        form.field("count", self.count);
        form.field("spacing_ms", self.spacing.as_millis());
        form.optional("wait_ms", self.wait.map(|wait| wait.as_millis()));
        form.field("size", self.size);
        form.optional("degraded_loss", self.degraded_loss);
        form.field("down_loss", self.down_loss);
        form.optional("max_jitter_ms", self.max_jitter.map(|jitter| jitter.as_millis()));
    }

    fn refuse_contradictions(&self, timing: &Timing, table: &Table<'_>) {
        let timeout = show_duration(timing.timeout);
        let last = self.spacing * (self.count - 1);
        if last >= timing.timeout {
            let key = if table.has("count") { "count" } else { "spacing" };
            let wrong = format!(
                "the last of {} packets would be sent after {}, and timeout is {timeout}",
                self.count,
                show_duration(last)
            );
            return table.refuse(key, wrong, "Lower count or spacing, or raise timeout.");
        }
        if let Some(wait) = self.wait.filter(|wait| last + *wait > timing.timeout) {
            let wrong = format!(
                "wait must be at most {}, what timeout ({timeout}) leaves after the last packet; it is {}",
                show_duration(timing.timeout - last),
                show_duration(wait)
            );
            table.refuse("wait", wrong, "Lower wait, count or spacing, or raise timeout.");
        }
        self.refuse_beyond_wait(timing, table);
    }

    fn target(&self) -> Option<Host<String>> {
        Some(self.host.clone())
    }
}

impl Ping {
    /// The default of `wait`.
    pub const DEFAULT_WAIT: Duration = Duration::from_secs(2);

    /// No round trip is longer than `wait`, so no two differ by more.
    fn refuse_beyond_wait(&self, timing: &Timing, table: &Table<'_>) {
        let wait = match self.wait {
            None if table.has("wait") => return,
            wait => wait.unwrap_or(Self::DEFAULT_WAIT),
        };
        let default = if table.has("wait") { "" } else { ", the default" };
        for (key, limit) in [("degraded_above", timing.degraded_above), ("max_jitter", self.max_jitter)] {
            // What exceeds timeout, too, is refused for that.
            let Some(limit) = limit.filter(|limit| (wait..timing.timeout).contains(limit)) else { continue };
            let (limit, wait) = (show_duration(limit), show_duration(wait));
            let wrong = format!("{key} must be below wait ({wait}{default}); it is {limit}");
            table.refuse(key, wrong, "A packet as slow as this counts as lost: lower it or raise wait.");
        }
        if let Some(jitter) = self.max_jitter.filter(|jitter| *jitter >= timing.timeout) {
            let (jitter, timeout) = (show_duration(jitter), show_duration(timing.timeout));
            let wrong = format!("max_jitter must be below timeout ({timeout}); it is {jitter}");
            table.refuse(
                "max_jitter",
                wrong,
                "No round trip takes as long as this: lower it or raise timeout.",
            );
        }
    }

    fn refuse_own_contradictions(&self, table: &Table<'_>) {
        if let Some(degraded) = self.degraded_loss {
            self.refuse_degraded_loss(degraded, table);
        }
        if self.max_jitter.is_some() && self.count == 1 {
            let wrong = "max_jitter can never be exceeded: one packet has nothing to differ from";
            table.refuse("max_jitter", wrong, "Raise count to at least 2, or remove max_jitter.");
        }
    }

    fn refuse_degraded_loss(&self, degraded: u8, table: &Table<'_>) {
        let default = if table.has("down_loss") { "" } else { ", the default" };
        let (down, count) = (self.down_loss, self.count);
        if degraded >= down {
            let wrong = format!("degraded_loss must be below down_loss ({down}{default}); it is {degraded}");
            return table.refuse("degraded_loss", wrong, "A loss as great as this is already down.");
        }
        // Only whole packets are lost: the smallest loss that reaches this may reach down, too.
        let lost = (u32::from(degraded) * count).div_ceil(100);
        if lost * 100 >= u32::from(down) * count {
            let percent = lost * 100 / count;
            let wrong = format!(
                "degraded_loss can never be reached: the least loss of at least {degraded} % with count = {count} is {percent} %, \
                 and down_loss is {down}{default}"
            );
            table.refuse("degraded_loss", wrong, "Raise count or down_loss, or lower degraded_loss.");
        }
    }
}

fn duration<'t>(table: &'t Table<'_>, key: &'static str, low_ms: u64, high_ms: u64) -> Entry<'t, Duration> {
    table.duration(key).between(Duration::from_millis(low_ms), Duration::from_millis(high_ms))
}

fn percent<'t>(table: &'t Table<'_>, key: &'static str) -> Entry<'t, u8> {
    table.integer(key, 1, ALL_LOST.into()).convert(|percent| Ok(percent as u8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Kind;
    use crate::check::read::tests::{effects, hash, kind_of};

    const LEAST: &str = "type = \"ping\"\nhost = \"192.0.2.1\"\n";

    fn ping(keys: &str) -> Ping {
        let Kind::Ping(ping) = kind_of(LEAST, keys) else { panic!("a ping check") };
        *ping
    }

    #[test]
    fn every_key_has_its_effect() {
        let plain = ping("");
        assert_eq!(plain.target().map(|host| host.to_string()).as_deref(), Some("192.0.2.1"));
        assert_eq!((plain.count, plain.spacing, plain.wait), (3, Duration::from_millis(200), None));
        assert_eq!((plain.size, plain.degraded_loss, plain.down_loss), (56, None, 100));
        assert_eq!((plain.max_jitter, plain.ip), (None, IpVersion::Any));
        assert_eq!(ping("ip_version = \"4\"").ip, IpVersion::V4);
        let named = kind_of("type = \"ping\"\nhost = \"a.example\"\n", "ip_version = \"6\"");
        assert!(matches!(named, Kind::Ping(ping) if ping.ip == IpVersion::V6));
        assert_eq!(ping("count = 1").count, 1);
        assert_eq!(ping("spacing = \"1s\"").spacing, Duration::from_secs(1));
        assert_eq!(ping("wait = \"500ms\"").wait, Some(Duration::from_millis(500)));
        assert_eq!(ping("size = 0").size, 0);
        assert_eq!(ping("size = 65507").size, 65_507);
        assert_eq!(ping("degraded_loss = 10").degraded_loss, Some(10));
        assert_eq!(ping("down_loss = 50").down_loss, 50);
        assert_eq!(ping("max_jitter = \"30ms\"").max_jitter, Some(Duration::from_millis(30)));
        // Everything that timeout leaves.
        assert_eq!(ping("wait = \"9600ms\"").wait, Some(Duration::from_millis(9_600)));
    }

    // Agents report this hash, so it must not change.
    #[test]
    fn the_definition_hash_is_pinned_and_covers_every_key() {
        let full = "count = 10\nwait = \"1s\"\ndegraded_loss = 10\nmax_jitter = \"30ms\"";
        let pinned = ["c73d1678b9b12744ba733d445748662e", "aec370e3f9da67f83fb7e634f3781802"];
        assert_eq!([hash(LEAST, ""), hash(LEAST, full)], pinned);
        effects(
            LEAST,
            &[
                "ip_version = \"4\"",
                "count = 1",
                "spacing = \"1s\"",
                "wait = \"1s\"",
                "size = 0",
                "degraded_loss = 10",
                "down_loss = 10",
                "max_jitter = \"30ms\"",
            ],
        );
    }
}
