//! Guessing of passwords: how many failures cost nothing, and how long the binds after them wait.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use super::errors::Warning;
use super::parse::Reader;

/// How failed binds slow down later ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuessingSettings {
    /// `GUESSING_DELAY`: whether they do.
    pub enabled: bool,
    /// `GUESSING_FREE_FAILURES`: failures of one source at one account that cost nothing.
    pub free_failures: u32,
    /// `GUESSING_FREE_FAILURES_PER_ADDRESS`: failures of one source that cost nothing.
    pub free_failures_per_address: u32,
    /// `GUESSING_LONGEST_DELAY`, or `BIND_HOLD` where that is less: a client that has given up would only ask again.
    pub longest_delay: Duration,
    /// `GUESSING_SHARED_ADDRESSES`: many people sign in from each of these, so their failures do not count for the address.
    pub shared: Vec<IpNet>,
}

impl GuessingSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let expected = "a list of networks such as 10.0.0.0/8 or 2001:db8::/32, or of addresses";
        let shared = reader.parsed("GUESSING_SHARED_ADDRESSES", expected, |text| {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(network).collect::<Option<Vec<_>>>()
        });
        GuessingSettings {
            enabled: reader.boolean("GUESSING_DELAY"),
            free_failures: reader.number("GUESSING_FREE_FAILURES", 1, 1_000).unwrap_or(1),
            free_failures_per_address: reader
                .number("GUESSING_FREE_FAILURES_PER_ADDRESS", 1, 1_000_000)
                .unwrap_or(1),
            longest_delay: reader.duration("GUESSING_LONGEST_DELAY"),
            shared: shared.unwrap_or_default(),
        }
    }

    /// No bind is delayed for longer than clients wait for one.
    pub(super) fn limit_delay(&mut self, reader: &mut Reader, bind_hold: Duration) {
        if self.longest_delay > bind_hold && reader.is_given("GUESSING_LONGEST_DELAY") {
            let text = format!("is longer than BIND_HOLD: binds are delayed by {bind_hold:?} at most");
            reader.warnings.push(Warning::new("GUESSING_LONGEST_DELAY", text));
        }
        self.longest_delay = self.longest_delay.min(bind_hold);
    }

    /// Whether many people sign in from this address.
    pub fn is_shared(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.shared.iter().any(|network| network.contains(&address))
    }
}

impl Default for GuessingSettings {
    /// Binds are not delayed.
    fn default() -> Self {
        GuessingSettings {
            enabled: false,
            free_failures: 1,
            free_failures_per_address: 1,
            longest_delay: Duration::ZERO,
            shared: Vec::new(),
        }
    }
}

/// A network, or an address as one. IPv4-mapped ones are IPv4.
fn network(text: &str) -> Option<IpNet> {
    if let Ok(network) = text.parse() {
        return Some(network);
    }
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical().into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn shared_addresses_are_networks_or_addresses() {
        let shared = ["10.0.0.0/8", "192.0.2.7", "::ffff:198.51.100.1", "2001:db8::/32"];
        let settings = GuessingSettings {
            shared: shared.iter().map(|text| network(text).unwrap()).collect(),
            ..GuessingSettings::default()
        };
        let is_shared = |address: &str| settings.is_shared(address.parse().unwrap());
        for address in [
            "10.1.2.3",
            "::ffff:10.1.2.3",
            "192.0.2.7",
            "198.51.100.1",
            "2001:db8:1::1",
        ] {
            assert!(is_shared(address), "{address}");
        }
        for address in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::1"] {
            assert!(!is_shared(address), "{address}");
        }
        for wrong in ["", "x", "10.0.0.0/33", "10.0.0", "10.0.0.0/8/8"] {
            assert_eq!(network(wrong), None, "{wrong}");
        }
    }
}
