//! The routes that lead off this host, and whether the links they use have a carrier.

use super::gateway;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Set on a route that refuses (`RTF_REJECT` of `linux/route.h`).
const REJECT: u32 = 0x0200;

/// What the tables say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Route {
    /// Some link with a carrier carries a route.
    #[default]
    Usable,
    /// There is no route, or the default route that was there is gone.
    Missing,
    /// Every link that the routes use is down.
    NoCarrier,
}

/// What was seen of the routes.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) route: Route,
    /// Of the default routes, IPv4 and IPv6.
    pub(super) gateways: [Vec<SocketAddr>; 2],
    /// The networks that are reached without a gateway, and the lengths of their prefixes.
    near: Vec<(IpAddr, u32)>,
}

impl Looked {
    /// No gateway is needed to get there.
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

/// Looks at the routes, and remembers whether there was a default route.
#[derive(Debug, Default)]
pub(super) struct Routes {
    had_default: bool,
}

impl Routes {
    /// Reads the kernel's tables and the links they name. What cannot be read says nothing against us.
    pub(super) async fn look(&mut self) -> Looked {
        let had_default = self.had_default;
        let looked = tokio::task::spawn_blocking(move || {
            let table = |name: &str| std::fs::read_to_string(Path::new("/proc/net").join(name));
            let (Ok(four), six) = (table("route"), table("ipv6_route").unwrap_or_default()) else {
                return (Looked::default(), had_default);
            };
            let (route, had_default) = judge(&four, &six, had_default, link_state);
            let (gateways, near) = ways(&four, &six, link_number);
            (Looked { route, gateways, near }, had_default)
        });
        let (looked, had_default) = looked.await.unwrap_or((Looked::default(), had_default));
        self.had_default = had_default;
        looked
    }
}

fn link_number(link: &str) -> Option<u32> {
    std::fs::read_to_string(Path::new("/sys/class/net").join(link).join("ifindex")).ok()?.trim().parse().ok()
}

/// The gateways of the default routes, and the networks without one. `number`: of a link.
fn ways(
    four: &str,
    six: &str,
    number: impl Fn(&str) -> Option<u32>,
) -> ([Vec<SocketAddr>; 2], Vec<(IpAddr, u32)>) {
    let (mut gateways, mut near) = ([Vec::new(), Vec::new()], Vec::new());
    for line in four.lines().filter(|line| route_four(line).is_some()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // The bytes stand in the order of the network, read as the host's own.
        let number = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok().map(u32::from_be);
        let (Some(network), Some(gateway), Some(mask)) = (number(1), number(2), number(7)) else { continue };
        match (gateway, mask) {
            (0, 0) => {}
            (0, _) => near.push((Ipv4Addr::from(network).into(), mask.leading_ones())),
            (_, 0) => gateways[0].push(gateway::place(Ipv4Addr::from(gateway).into(), 0)),
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
                gateways[1].push(gateway::place(Ipv6Addr::from(gateway).into(), scope));
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

/// Judges `/proc/net/route` and `/proc/net/ipv6_route`; `state` gives a link's `operstate` (RFC 2863), `None`
/// where it cannot be read. The second answer: a default route is or was there.
fn judge(four: &str, six: &str, had_default: bool, state: impl Fn(&str) -> Option<String>) -> (Route, bool) {
    let routes: Vec<(&str, bool)> =
        four.lines().filter_map(route_four).chain(six.lines().filter_map(route_six)).collect();
    let defaults: Vec<&str> = routes.iter().filter(|(_, default)| *default).map(|(link, _)| *link).collect();
    // A host that never had a default route is judged by the routes it has.
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

/// Link of a line of `/proc/net/route`, and whether it is a default route.
fn route_four(line: &str) -> Option<(&str, bool)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (link, destination, mask) = (*fields.first()?, *fields.get(1)?, *fields.get(7)?);
    // The headline has no flags.
    let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
    let leads_off = flags & REJECT == 0 && link != "lo" && link != "*";
    leads_off.then(|| (link, destination == "00000000" && mask == "00000000"))
}

/// Link of a line of `/proc/net/ipv6_route`, and whether it is a default route. Multicast and what every
/// link has by itself (`fe80::/10`) lead nowhere.
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

    /// What it shows, both tables, was there a default, the links that are up; then what is to be said.
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
        let looked = Looked { route: Route::Usable, gateways, near };
        for (address, near) in [
            ("10.0.0.77", true),
            ("192.168.1.200", true),
            ("192.0.2.1", false),
            ("2001:db8::77", true),
            ("2001:db8:1::77", false),
        ] {
            assert_eq!(looked.is_near(address.parse().expect("an address")), near, "{address}");
        }
    }

    #[tokio::test]
    async fn the_tables_of_this_host_can_be_read() {
        let four = std::fs::read_to_string("/proc/net/route").expect("Linux");
        let found = four.lines().skip(1).filter_map(route_four).count();
        assert!(found <= four.lines().count());
        let mut routes = Routes::default();
        let _ = routes.look().await;
    }
}
