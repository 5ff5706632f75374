//! Where a client is, as far as turns and failures are counted: one IPv4 address, or one IPv6 network.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// The length of the IPv6 prefix that one site, and often one machine, has to itself (RFC 6177, RFC 7934): whoever is in it
/// can take any address of it.
const IPV6_PREFIX: u32 = 64;

/// An IPv4 address or an IPv6 network of 64 bits. An IPv4-mapped IPv6 address (RFC 4291 2.5.5.2) is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceNetwork(IpAddr);

impl SourceNetwork {
    /// The network that an address is in.
    pub fn of(address: IpAddr) -> Self {
        SourceNetwork(match address.to_canonical() {
            IpAddr::V6(address) => {
                let mask = u128::MAX << (Ipv6Addr::BITS - IPV6_PREFIX);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
            ipv4 => ipv4,
        })
    }
}

impl fmt::Display for SourceNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/{IPV6_PREFIX}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_ipv4_address_or_64_bits_of_ipv6() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            let found = SourceNetwork::of(address.parse().unwrap());
            assert_eq!(found.to_string(), network, "{address}");
        }
    }
}
