//! Which addresses are globally routable, by IANA's registries of special-purpose addresses.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses may be connected to.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Globally routable ones, and those of these networks: for addresses that subscribers give.
    Public {
        /// Networks that an operator allows beside the public ones.
        also: Vec<IpNet>,
    },
    /// Any: for addresses that operators give.
    Any,
}

impl Reach {
    /// Whether a connection may be made to `address`.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Public { also } => {
                let plain = address.to_canonical();
                is_globally_routable(address) || also.iter().any(|network| network.contains(&plain))
            }
        }
    }

    /// Whether names and addresses that are never public are refused as such.
    pub(super) fn is_only_public(&self) -> bool {
        matches!(self, Self::Public { also } if also.is_empty())
    }
}

/// What is not globally routable in IPv4: the network and the length of its prefix.
const SPECIAL_V4: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // shared by the customers of a provider
    ([127, 0, 0, 0], 8),      // loopback
    ([168, 63, 129, 16], 32), // a public number that every Azure machine reaches its own host by
    ([169, 254, 0, 0], 16),   // link-local, with the metadata of clouds
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 31, 196, 0], 24),  // AS112
    ([192, 52, 193, 0], 24),  // AMT
    ([192, 88, 99, 0], 24),   // relays of 6to4
    ([192, 168, 0, 0], 16),   // private
    ([192, 175, 48, 0], 24),  // AS112
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
];
/// Multicast (224.0.0.0/4) and what is reserved (240.0.0.0/4) begin here, and nothing else follows.
const FIRST_MULTICAST_V4: u32 = 0xe000_0000;

/// What is not globally routable within 2000::/3, outside of which nothing is: the first two groups of the network and
/// the length of its prefix.
const SPECIAL_V6: [([u16; 2], u32); 5] = [
    ([0x2001, 0x0000], 23), // protocol assignments: Teredo, benchmarks, ORCHID, anycast
    ([0x2001, 0x0db8], 32), // documentation
    ([0x2002, 0x0000], 16), // 6to4, which carries an IPv4 address
    ([0x3ffe, 0x0000], 16), // the former 6bone
    ([0x3fff, 0x0000], 20), // documentation
];

/// Whether the address is that of a host on the public internet, as far as its number says. An IPv6 address that stands
/// for an IPv4 address (mapped, NAT64) is judged by that one. Tunnels that nobody uses any more (6to4, Teredo) are refused
/// whatever they carry.
#[must_use]
pub fn is_globally_routable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_routable_v4(address),
        IpAddr::V6(address) => is_routable_v6(address),
    }
}

fn is_routable_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let special = SPECIAL_V4.iter().any(|(network, length)| {
        let differing = bits ^ u32::from_be_bytes(*network);
        differing.leading_zeros() >= *length
    });
    !special && bits < FIRST_MULTICAST_V4
}

fn is_routable_v6(address: Ipv6Addr) -> bool {
    if let Some(carried) = carried_v4(address) {
        return is_routable_v4(carried);
    }
    let groups = address.segments();
    let first = u32::from(groups[0]) << 16 | u32::from(groups[1]);
    let special = SPECIAL_V6.iter().any(|(network, length)| {
        let network = u32::from(network[0]) << 16 | u32::from(network[1]);
        (first ^ network).leading_zeros() >= *length
    });
    let is_unicast = first.leading_zeros() == 2;
    // ISATAP: the interface's number names an IPv4 host behind the network's router.
    let isatap = groups[4] & 0xfdff == 0 && groups[5] == 0x5efe;
    is_unicast && !special && !isatap
}

/// The IPv4 address that this one stands for: `::ffff:0:0/96` is how the system writes it, and `64:ff9b::/96` is translated
/// by the network.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let groups = address.segments();
    let carries = matches!(groups, [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..]);
    carries.then(|| Ipv4Addr::from_bits(u32::from(groups[6]) << 16 | u32::from(groups[7])))
}

#[cfg(test)]
#[path = "addresses_test.rs"]
mod tests;
