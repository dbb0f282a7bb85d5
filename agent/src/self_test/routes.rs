//! The routes off this host, and whether their interfaces have a carrier.

use super::gateway;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Flag of a reject route (`RTF_REJECT` of `linux/route.h`).
const REJECT: u32 = 0x0200;

/// The state of the routing tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Route {
    /// At least one interface with a carrier has a route.
    #[default]
    Usable,
    /// There is no route, or the default route disappeared.
    Missing,
    /// Every interface with a route is down.
    NoCarrier,
}

/// The content of the routing tables.
#[derive(Debug, Default)]
pub(super) struct RouteTable {
    pub(super) route: Route,
    /// Gateways of the default routes, IPv4 and IPv6.
    pub(super) gateways: [Vec<SocketAddr>; 2],
    /// Directly connected networks and their prefix lengths.
    near: Vec<(IpAddr, u32)>,
}

impl RouteTable {
    /// Whether the address is reached without a gateway.
    pub(super) fn is_near(&self, address: IpAddr) -> bool {
        self.near.iter().any(|(network, length)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - (*length).min(32);
                u32::from(*network).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - (*length).min(128);
                u128::from(*network).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        })
    }
}

/// Reads the routes, and remembers whether there was a default route.
#[derive(Debug, Default)]
pub(super) struct Routes {
    had_default: bool,
}

impl Routes {
    /// Reads the kernel's tables and the interfaces they name. What cannot be read does not count as a fault.
    pub(super) async fn read(&mut self) -> RouteTable {
        let had_default = self.had_default;
        let route_table = tokio::task::spawn_blocking(move || {
            let table = |name: &str| std::fs::read_to_string(Path::new("/proc/net").join(name));
            let (Ok(four), six) = (table("route"), table("ipv6_route").unwrap_or_default()) else {
                return (RouteTable::default(), had_default);
            };
            let (route, had_default) = judge(&four, &six, had_default, link_state);
            let (gateways, near) = ways(&four, &six, link_number);
            (RouteTable { route, gateways, near }, had_default)
        });
        let (route_table, had_default) = route_table.await.unwrap_or((RouteTable::default(), had_default));
        self.had_default = had_default;
        route_table
    }
}

fn link_number(link: &str) -> Option<u32> {
    std::fs::read_to_string(Path::new("/sys/class/net").join(link).join("ifindex")).ok()?.trim().parse().ok()
}

/// Gateways of the default routes, and directly connected networks. `number` returns an interface's index.
fn ways(
    four: &str,
    six: &str,
    number: impl Fn(&str) -> Option<u32>,
) -> ([Vec<SocketAddr>; 2], Vec<(IpAddr, u32)>) {
    let (mut gateways, mut near) = ([Vec::new(), Vec::new()], Vec::new());
    for line in four.lines().filter(|line| route_four(line).is_some()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // The bytes are in network order, printed as a native integer.
        let number = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok().map(u32::from_be);
        let (Some(network), Some(gateway), Some(mask)) = (number(1), number(2), number(7)) else { continue };
        match (gateway, mask) {
            (0, 0) => {}
            (0, _) => near.push((Ipv4Addr::from(network).into(), mask.leading_ones())),
            (_, 0) => gateways[0].push(gateway::probe_address(Ipv4Addr::from(gateway).into(), 0)),
            _ => {}
        }
    }
    for line in six.lines().filter(|line| route_six(line).is_some()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let address = |at: usize| u128::from_str_radix(fields.get(at)?, 16).ok();
        let length = fields.get(1).and_then(|length| u32::from_str_radix(length, 16).ok());
        let (Some(network), Some(length), Some(gateway)) = (address(0), length, address(4)) else { continue };
        match (gateway, length) {
            (0, 0) => {}
            (0, _) => near.push((Ipv6Addr::from(network).into(), length)),
            (_, 0) => {
                let scope = fields.get(9).and_then(|link| number(link)).unwrap_or(0);
                gateways[1].push(gateway::probe_address(Ipv6Addr::from(gateway).into(), scope));
            }
            _ => {}
        }
    }
    (gateways, near)
}

fn link_state(link: &str) -> Option<String> {
    let state = std::fs::read_to_string(Path::new("/sys/class/net").join(link).join("operstate")).ok()?;
    Some(state.trim().to_owned())
}

/// Evaluates `/proc/net/route` and `/proc/net/ipv6_route`; `state` returns an interface's `operstate` (RFC
/// 2863), `None` if unreadable. The second value: whether a default route exists or existed.
fn judge(four: &str, six: &str, had_default: bool, state: impl Fn(&str) -> Option<String>) -> (Route, bool) {
    let routes: Vec<(&str, bool)> =
        four.lines().filter_map(route_four).chain(six.lines().filter_map(route_six)).collect();
    let defaults: Vec<&str> = routes.iter().filter(|(_, default)| *default).map(|(link, _)| *link).collect();
    // A host that never had a default route is judged by its other routes.
    let links = match (defaults.is_empty(), had_default) {
        (false, _) => defaults,
        (true, true) => return (Route::Missing, true),
        (true, false) => routes.iter().map(|(link, _)| *link).collect(),
    };
    let had_default = routes.iter().any(|(_, default)| *default);
    if links.is_empty() {
        return (Route::Missing, had_default);
    }
    let is_down = |link: &str| {
        state(link).is_some_and(|state| ["down", "lowerlayerdown", "notpresent"].contains(&&*state))
    };
    let route = if links.into_iter().all(is_down) { Route::NoCarrier } else { Route::Usable };
    (route, had_default)
}

/// Interface of a line of `/proc/net/route`, and whether it is a default route.
fn route_four(line: &str) -> Option<(&str, bool)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (link, destination, mask) = (*fields.first()?, *fields.get(1)?, *fields.get(7)?);
    // The header line has no flags.
    let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
    let leads_off = flags & REJECT == 0 && link != "lo" && link != "*";
    leads_off.then(|| (link, destination == "00000000" && mask == "00000000"))
}

/// Interface of a line of `/proc/net/ipv6_route`, and whether it is a default route. Skips multicast and
/// link-local routes (`fe80::/10`).
fn route_six(line: &str) -> Option<(&str, bool)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (destination, length, link) = (*fields.first()?, *fields.get(1)?, *fields.get(9)?);
    let flags = u32::from_str_radix(fields.get(8)?, 16).ok()?;
    let leads_off = flags & REJECT == 0
        && link != "lo"
        && !["ff", "fe8", "fe9", "fea", "feb"].iter().any(|local| destination.starts_with(local));
    leads_off.then(|| (link, length == "00" && destination.bytes().all(|digit| digit == b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
    const DEFAULT: &str = "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
    const NEAR: &str = "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    const OTHER: &str = "eth1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    const REFUSING: &str = "*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n";
    const ZERO: &str = "00000000000000000000000000000000";

    fn six(destination: &str, length: &str, flags: &str, link: &str) -> String {
        format!("{destination} {length} {ZERO} 00 {ZERO} 00000400 00000001 00000000 {flags} {link:>8}\n")
    }

    /// Description, both tables, whether there was a default route, the interfaces that are up; then the
    /// expected result.
    type Row<'r> = (&'r str, String, &'r str, bool, &'r [&'r str], Route, bool);

    #[test]
    fn tables_are_judged_by_the_links_that_lead_off_this_host() {
        let default_six = six(ZERO, "00", "00000003", "eth0");
        let nowhere_six = six(ZERO, "00", "00200200", "lo") + &six("fe80", "40", "1", "eth0");
        let multicast = six("ff000000000000000000000000000000", "08", "00000001", "eth0");
        let whole = |lines: &[&str]| format!("{HEAD}{}", lines.concat());
        let (up, down) = (["eth0", "eth1"].as_slice(), [].as_slice());
        let table: [Row<'_>; 11] = [
            ("default", whole(&[DEFAULT, NEAR]), "", false, up, Route::Usable, true),
            ("its link is down", whole(&[DEFAULT, NEAR]), "", true, down, Route::NoCarrier, true),
            ("its link alone is down", whole(&[DEFAULT, OTHER]), "", true, &["eth1"], Route::NoCarrier, true),
            ("never a default, a near one", whole(&[NEAR]), "", false, up, Route::Usable, false),
            ("the default is gone", whole(&[NEAR]), "", true, up, Route::Missing, true),
            ("nothing at all", whole(&[]), "", false, up, Route::Missing, false),
            ("a default that refuses", whole(&[REFUSING]), "", false, up, Route::Missing, false),
            ("IPv6 alone", whole(&[]), &default_six, false, up, Route::Usable, true),
            ("what every link has", whole(&[]), &nowhere_six, false, up, Route::Missing, false),
            ("multicast", whole(&[]), &multicast, false, up, Route::Missing, false),
            ("near ones without carrier", whole(&[NEAR, OTHER]), "", false, down, Route::NoCarrier, false),
        ];
        for (what, four, six, had_default, links_up, route, has_default) in table {
            let state = |link: &str| Some(if links_up.contains(&link) { "up" } else { "down" }.to_owned());
            assert_eq!(judge(&four, six, had_default, state), (route, has_default), "{what}");
        }
        let unreadable = judge(&whole(&[DEFAULT]), "", false, |_| None);
        assert_eq!(unreadable, (Route::Usable, true), "what cannot be read says nothing against us");
    }

    #[test]
    fn gateways_and_near_networks_are_those_of_the_tables() {
        let gateway =
            format!("{ZERO} 00 {ZERO} 00 fe80{:028} 00000400 00000001 00000000 00000003 {:>8}\n", 1, "eth0");
        let near_six = six("20010db8000000000000000000000000", "40", "00000001", "eth0");
        let four = [HEAD, DEFAULT, NEAR, OTHER].concat();
        let (gateways, near) = ways(&four, &(gateway + &near_six), |link| (link == "eth0").then_some(7));
        assert_eq!(gateways[0].iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1:9"]);
        assert_eq!(gateways[1].iter().map(ToString::to_string).collect::<Vec<_>>(), ["[fe80::1%7]:9"]);
        let route_table = RouteTable { route: Route::Usable, gateways, near };
        for (address, near) in [
            ("10.0.0.77", true),
            ("192.168.1.200", true),
            ("192.0.2.1", false),
            ("2001:db8::77", true),
            ("2001:db8:1::77", false),
        ] {
            assert_eq!(route_table.is_near(address.parse().expect("an address")), near, "{address}");
        }
    }

    #[tokio::test]
    async fn the_tables_of_this_host_can_be_read() {
        let four = std::fs::read_to_string("/proc/net/route").expect("Linux");
        let found = four.lines().skip(1).filter_map(route_four).count();
        assert!(found <= four.lines().count());
        let mut routes = Routes::default();
        let _ = routes.read().await;
    }
}
