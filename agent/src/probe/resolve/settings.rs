//! Parses `/etc/resolv.conf` and `/etc/hosts` as resolv.conf(5) and hosts(5) define them. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use skerry_protocol::check::IpVersion;

use super::is_of;

/// Maximum number of name servers (`MAXNS`).
const MOST_SERVERS: usize = 3;
/// Maximum number of search domains.
const MOST_SEARCHED: usize = 32;
/// Upper limits of `ndots`, `timeout` (seconds) and `attempts`.
const MOST: [u64; 3] = [15, 30, 5];

/// How names are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// In query order; never empty.
    pub(super) servers: Vec<SocketAddr>,
    search: Vec<String>,
    ndots: usize,
    /// Time per server before the next one is asked, too.
    pub(super) timeout: Duration,
    /// Number of queries to each server.
    pub(super) attempts: u32,
    /// Whether to allow UDP answers larger than 512 bytes.
    pub(super) edns: bool,
    /// Whether to use TCP only.
    pub(super) tcp: bool,
}

/// A full name that is queried for the requested name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) name: Name,
    /// Whether its NXDOMAIN settles the lookup, whatever the other candidates yield.
    pub(super) settles: bool,
}

impl Settings {
    /// Parses a file with this text. `link` returns the index of a network interface.
    pub(super) fn parse(text: &str, link: impl Fn(&str) -> Option<u32>) -> Self {
        let mut settings = Self {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            edns: false,
            tcp: false,
        };
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => settings.servers.extend(words.next().and_then(|at| server(at, &link))),
                // The last one counts.
                Some("search") => {
                    let domains = words.map(|domain| domain.trim_matches('.').to_owned());
                    settings.search =
                        domains.filter(|domain| !domain.is_empty()).take(MOST_SEARCHED).collect();
                }
                Some("domain") => {
                    settings.search =
                        words.next().map(|domain| domain.trim_matches('.').to_owned()).into_iter().collect();
                }
                Some("options") => words.for_each(|option| settings.take(option)),
                _ => {}
            }
        }
        settings.servers.truncate(MOST_SERVERS);
        if settings.servers.is_empty() {
            settings.servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53));
        }
        settings
    }

    fn take(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        let number = |most: u64| value.parse::<u64>().ok().map(|number| number.min(most));
        match name {
            "ndots" => self.ndots = number(MOST[0]).map_or(self.ndots, |dots| dots as usize),
            "timeout" => {
                self.timeout = number(MOST[1]).map_or(self.timeout, |s| Duration::from_secs(s.max(1)));
            }
            "attempts" => self.attempts = number(MOST[2]).map_or(self.attempts, |times| times.max(1) as u32),
            "edns0" => self.edns = true,
            "use-vc" => self.tcp = true,
            _ => {}
        }
    }

    /// The full names to query for `name`, in order. Skips names that a query cannot contain.
    pub(super) fn candidates(&self, name: &str) -> Vec<Candidate> {
        let dots = name.matches('.').count();
        let absolute = name.ends_with('.');
        let settles = absolute || dots >= self.ndots;
        let as_it_is = full_name(name).map(|name| Candidate { name, settles });
        let searched = self.search.iter().filter(|_| !absolute);
        let searched = searched.filter_map(|domain| full_name(&format!("{name}.{domain}")));
        let searched = searched.map(|name| Candidate { name, settles: false });
        if settles {
            as_it_is.into_iter().chain(searched).collect()
        } else {
            searched.chain(as_it_is).collect()
        }
    }
}

/// Allows any letters that a host puts into a name, including `_`.
fn full_name(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn server(text: &str, link: impl Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, 53));
    }
    let (address, scope) = text.split_once('%')?;
    let scope = scope.parse().ok().or_else(|| link(scope))?;
    Some(SocketAddrV6::new(address.parse::<Ipv6Addr>().ok()?, 53, 0, scope).into())
}

/// Addresses of `name` in an `/etc/hosts` with this text, of this IP version; `localhost` needs no entry.
pub(super) fn addresses_in(hosts: &str, name: &str, ip: IpVersion) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    let mut found = Vec::new();
    for line in hosts.lines() {
        let line = line.split_once('#').map_or(line, |(line, _)| line);
        let mut words = line.split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        let named = words.any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(name));
        if named && is_of(address, ip) && !found.contains(&address) {
            found.push(address);
        }
    }
    let lower = name.to_ascii_lowercase();
    if found.is_empty() && (lower == "localhost" || lower.ends_with(".localhost")) {
        let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        found.extend(own.into_iter().filter(|address| is_of(*address, ip)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Settings {
        Settings::parse(text, |link| (link == "eth0").then_some(7))
    }

    fn names(settings: &Settings, name: &str) -> Vec<(String, bool)> {
        let candidates = settings.candidates(name).into_iter();
        candidates.map(|candidate| (candidate.name.to_ascii(), candidate.settles)).collect()
    }

    #[test]
    fn servers_and_options_are_those_of_the_file() {
        let text = "# nameserver 192.0.2.9\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver nobody\n\
                    ; x\nnameserver 2001:db8::1\nnameserver 192.0.2.4\n\
                    options ndots:2 timeout:1 attempts:3 edns0 rotate use-vc\n";
        let settings = parse(text);
        let servers: Vec<String> = settings.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.1:53", "[fe80::1%7]:53", "[2001:db8::1]:53"]);
        assert_eq!((settings.ndots, settings.timeout, settings.attempts), (2, Duration::from_secs(1), 3));
        assert!(settings.edns && settings.tcp);
        let bounded = parse("options ndots:99 timeout:0 attempts:0\noptions timeout:x");
        assert_eq!((bounded.ndots, bounded.timeout, bounded.attempts), (15, Duration::from_secs(1), 1));
        assert_eq!(bounded.servers[0].to_string(), "127.0.0.1:53", "as resolv.conf(5) says");
    }

    #[test]
    fn search_domains_are_tried_where_and_when_the_host_tries_them() {
        let settings = parse("domain gone.test\nsearch corp.test. lan\n");
        let db = [("db.corp.test.", false), ("db.lan.", false), ("db.", false)];
        assert_eq!(names(&settings, "db"), db.map(|(name, settles)| (name.to_owned(), settles)));
        let web = [("www.shop.", true), ("www.shop.corp.test.", false), ("www.shop.lan.", false)];
        assert_eq!(names(&settings, "www.shop"), web.map(|(name, settles)| (name.to_owned(), settles)));
        assert_eq!(names(&settings, "db."), [("db.".to_owned(), true)]);
        let dotted = parse("search lan\noptions ndots:2");
        assert_eq!(names(&dotted, "www.shop")[0], ("www.shop.lan.".to_owned(), false));
        assert_eq!(names(&parse(""), "_a._tcp.shop_1.test"), [("_a._tcp.shop_1.test.".to_owned(), true)]);
        assert!(names(&parse(""), &"x".repeat(64)).is_empty(), "no label is so long");
    }

    #[test]
    fn hosts_are_those_of_the_file_and_localhost() {
        let hosts = "192.0.2.1 a.test A2 # b.test\n2001:db8::1\tA.test.\n192.0.2.1 a.test\nnonsense a.test\n";
        let found = |name, ip| {
            let found = addresses_in(hosts, name, ip).into_iter();
            found.map(|address| address.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(found("a.test.", IpVersion::Any), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(found("a2", IpVersion::V6), Vec::<String>::new());
        assert_eq!(found("b.test", IpVersion::Any), Vec::<String>::new());
        assert_eq!(found("LOCALHOST", IpVersion::Any), ["127.0.0.1", "::1"]);
        assert_eq!(found("x.localhost.", IpVersion::V6), ["::1"]);
    }
}
