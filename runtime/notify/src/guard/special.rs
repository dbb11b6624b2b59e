//! Addresses that lead to other places than the public Internet.
//!
//! After IANA's registries of special-purpose addresses (RFC 6890 and its updates), read strictly: what is not surely
//! public is special.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Network, length of its prefix, what it is.
const V4: [([u8; 4], u32, &str); 16] = [
    ([0, 0, 0, 0], 8, "an unspecified address"),
    ([10, 0, 0, 0], 8, "a private address"),
    ([100, 64, 0, 0], 10, "a carrier's shared address"),
    ([127, 0, 0, 0], 8, "a loopback address"),
    ([169, 254, 0, 0], 16, "a link-local address"),
    ([172, 16, 0, 0], 12, "a private address"),
    ([192, 0, 0, 0], 24, "a protocol's address"),
    ([192, 0, 2, 0], 24, "a documentation address"),
    ([192, 31, 196, 0], 24, "a name service's own address"),
    ([192, 88, 99, 0], 24, "a 6to4 relay"),
    ([192, 168, 0, 0], 16, "a private address"),
    ([198, 18, 0, 0], 15, "a benchmark's address"),
    ([198, 51, 100, 0], 24, "a documentation address"),
    ([203, 0, 113, 0], 24, "a documentation address"),
    ([224, 0, 0, 0], 4, "a multicast address"),
    ([240, 0, 0, 0], 4, "a reserved or broadcast address"),
];

/// Only 2000::/3 is global unicast; these say what others, and some within, are.
const V6: [(Ipv6Addr, u32, &str); 14] = [
    (Ipv6Addr::UNSPECIFIED, 128, "an unspecified address"),
    (Ipv6Addr::LOCALHOST, 128, "a loopback address"),
    (v6(0x64, 0xff9b, 1), 48, "a local translator's address"),
    (v6(0x100, 0, 0), 64, "a discarded address"),
    (v6(0x2001, 0, 0), 32, "a Teredo tunnel"),
    (v6(0x2001, 0, 0), 23, "a protocol's address"),
    (v6(0x2001, 0xdb8, 0), 32, "a documentation address"),
    (v6(0x2002, 0, 0), 16, "a 6to4 tunnel"),
    (v6(0x3fff, 0, 0), 20, "a documentation address"),
    (v6(0x5f00, 0, 0), 16, "a segment router's address"),
    (v6(0xfc00, 0, 0), 7, "a private address"),
    (v6(0xfe80, 0, 0), 10, "a link-local address"),
    (v6(0xfec0, 0, 0), 10, "a private address"),
    (v6(0xff00, 0, 0), 8, "a multicast address"),
];

const fn v6(a: u16, b: u16, c: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

/// What a special address is; `None` for a public one.
pub(super) fn kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => match embedded(address) {
            // A 6to4 tunnel is refused wherever it leads; the others are judged by where they lead.
            Some(v4) if v6.segments()[0] != 0x2002 => kind_v4(v4),
            _ => kind_v6(v6),
        },
    }
}

/// The IPv4 address to which an IPv6 one leads: IPv4-mapped, translated by NAT64 (RFC 6052), or 6to4.
pub(super) fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

fn kind_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |(network, length, _): &&([u8; 4], u32, &str)| {
        (address.to_bits() ^ u32::from_be_bytes(*network)).leading_zeros() >= *length
    };
    V4.iter().find(inside).map(|(.., what)| *what)
}

fn kind_v6(address: Ipv6Addr) -> Option<&'static str> {
    let inside = |(network, length, _): &&(Ipv6Addr, u32, &str)| {
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length
    };
    let special = V6.iter().find(inside).map(|(.., what)| *what);
    special.or_else(|| (address.segments()[0] >> 13 != 1).then_some("an address that is not public"))
}
