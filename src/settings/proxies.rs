//! The proxies in front of the service whose word on addresses is taken.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses and networks of proxies.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// So many may be named.
    pub(super) const MOST: usize = 32;

    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Some, each as the settings have it.
    #[cfg(test)]
    pub fn parse(texts: &[&str]) -> Result<Self, String> {
        texts.iter().map(|text| network(text)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an address is one of theirs.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, or a network with the length of its prefix.
///
/// # Errors
/// In plain words, what to change.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let parsed = text.parse().or_else(|_| text.parse().map(|address: IpAddr| IpNet::from(address)));
    let wrong =
        || format!("{text:?} is not an address or a network; write 192.0.2.1, 10.1.0.0/16 or 2001:db8::/64");
    let network = parsed.map_err(|_| wrong())?;
    match network {
        IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => {
            Err(format!("{text:?} is one of IPv4; write it as such"))
        }
        _ if network.prefix_len() == 0 => Err(format!(
            "{text:?} is everybody, who could then say to be anybody; name your proxies' own network"
        )),
        _ => Ok(network.trunc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_told_from_what_is_neither() {
        let proxies = TrustedProxies::parse(&["192.0.2.1", "10.1.7.9/16", "2001:db8::/64"]).unwrap();
        for (address, is_one) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.2", false),
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("2001:db8::9", true),
            ("2001:db8:0:1::9", false),
        ] {
            assert_eq!(proxies.has(address.parse().unwrap()), is_one, "{address}");
        }
        for wrong in
            ["", "proxy", "10.1", "10.1.0.0/33", "0.0.0.0/0", "::/0", "192.0.2.1:80", "::ffff:10.1.0.0/112"]
        {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }
}
