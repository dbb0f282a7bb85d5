//! Ways to name an address that is not public: as numbers, in the forms that URLs allow, and within other addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One address of every special network of IPv4, and both ends of some.
const V4: [[u8; 4]; 26] = [
    [127, 0, 0, 1],
    [127, 0, 0, 2],
    [127, 1, 2, 3],
    [127, 255, 255, 254],
    [0, 0, 0, 0],
    [0, 0, 0, 1],
    [10, 0, 0, 1],
    [10, 255, 255, 255],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [172, 16, 0, 1],
    [172, 31, 255, 255],
    [192, 0, 0, 192],
    [192, 0, 2, 1],
    [192, 88, 99, 1],
    [192, 168, 0, 1],
    [192, 168, 255, 255],
    [198, 18, 0, 1],
    [198, 51, 100, 1],
    [203, 0, 113, 1],
    [224, 0, 0, 1],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];

/// Addresses of IPv6 that carry none of IPv4.
const V6: [&str; 18] = [
    "::",
    "::1",
    "100::1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:2::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff05::1:3",
    "ff0e::1",
    "4000::1",
];

/// The forms of an IPv4 address that URLs allow, as the host of a URL.
fn forms_of_v4(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let bits = address.to_bits();
    let (low24, low16) = (bits & 0xff_ffff, bits & 0xffff);
    let percent: String = address.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let wide: String = address.to_string().chars().map(wide).collect();
    vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d}."),
        format!("{bits}"),
        format!("0x{bits:x}"),
        format!("0X{bits:08X}"),
        format!("0{bits:o}"),
        format!("{a}.{low24}"),
        format!("{a}.{b}.{low16}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("000{a:o}.{b}.0x{c:x}.{d}"),
        format!("0x{a:x}.{low24}"),
        format!("0{a:o}.{b}.0x{low16:x}"),
        format!("{a}。{b}。{c}。{d}"),
        percent,
        wide,
    ]
}

/// The same character of full width, which IDNA maps back.
fn wide(one: char) -> char {
    match one {
        '.' => '.',
        digit => char::from_u32(u32::from(digit) - u32::from('0') + u32::from('0')).unwrap_or(digit),
    }
}

/// IPv6 addresses that carry an IPv4 address.
fn carriers(address: Ipv4Addr) -> Vec<Ipv6Addr> {
    let bits = address.to_bits();
    let (high, low) = (bits >> 16, bits & 0xffff);
    let carriers = [
        format!("::ffff:{address}"),
        format!("::{address}"),
        format!("::ffff:0:{address}"),
        format!("64:ff9b::{address}"),
        format!("64:ff9b:1::{address}"),
        format!("2002:{high:x}:{low:x}::1"),
        format!("2001:0:{high:x}:{low:x}::1"),
        format!("2001::{:x}:{:x}", high ^ 0xffff, low ^ 0xffff),
        format!("2a00::5efe:{address}"),
    ];
    carriers.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
}

/// The forms of an IPv6 address that URLs allow, as the host of a URL.
fn forms_of_v6(address: Ipv6Addr) -> Vec<String> {
    let groups = address.segments();
    let long: Vec<String> = groups.iter().map(|group| format!("{group:04x}")).collect();
    let [.., a, b, c, d] = address.octets();
    let mixed: Vec<String> = groups[..6].iter().map(|group| format!("{group:X}")).collect();
    vec![
        format!("[{address}]"),
        format!("[{}]", long.join(":")),
        format!("[{}:{a}.{b}.{c}.{d}]", mixed.join(":")),
    ]
}

/// All addresses.
pub(super) fn addresses() -> Vec<IpAddr> {
    let v4: Vec<Ipv4Addr> = V4.iter().map(|octets| Ipv4Addr::from(*octets)).collect();
    let carrying = v4.iter().flat_map(|address| carriers(*address));
    let v6 = V6.iter().map(|text| text.parse::<Ipv6Addr>().expect("an address"));
    let v6: Vec<IpAddr> = carrying.chain(v6).map(IpAddr::V6).collect();
    v4.iter().copied().map(IpAddr::V4).chain(v6).collect()
}

/// All ways to write them as the host of a URL.
pub(super) fn hosts() -> Vec<String> {
    let forms = addresses().into_iter().flat_map(|address| match address {
        IpAddr::V4(address) => forms_of_v4(address),
        IpAddr::V6(address) => forms_of_v6(address),
    });
    forms.collect::<BTreeSet<_>>().into_iter().collect()
}
