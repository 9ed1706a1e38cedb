//! From where a request comes: the other end of its connection, or, where that is a proxy of ours, whoever the proxy says it had it from.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;

use crate::http::app::App;
use crate::settings::TrustedProxies;

/// To this header each proxy adds, at its end, whom it had the request from. Everything before that is what it was told itself.
const HEADER: &str = "x-forwarded-for";
/// So many proxies stand behind each other at most; what a header says of others is not looked at.
const MOST_PROXIES: usize = 16;

/// The address that whoever asks has, as far as those say whom the settings trust.
pub fn peer(app: &App, request: &HttpRequest) -> IpAddr {
    let connected = connected(request);
    let told = request.headers().get_all(HEADER).map(|value| value.to_str().unwrap_or_default());
    beyond(&app.settings.server.trusted_proxies, connected, &told.collect::<Vec<_>>())
}

/// The address at the other end of the connection; what headers say is not looked at.
pub fn connected(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip().to_canonical())
}

/// The first address, from our end, that is no trusted proxy's. A proxy that says nothing, or nothing that is an address, is itself the
/// last that is known. `told` has the header's lines in their order.
fn beyond(trusted: &TrustedProxies, connected: IpAddr, told: &[&str]) -> IpAddr {
    let mut last = connected;
    let mut told = told.iter().rev().flat_map(|line| line.rsplit(',')).take(MOST_PROXIES);
    while trusted.has(last) {
        let Some(address) = told.next().and_then(address) else { break };
        last = address;
    }
    last
}

/// An address as proxies write it; some add the port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(connected: &str, told: &[&str]) -> String {
        let trusted = TrustedProxies::parse(&["10.1.0.0/16", "192.0.2.1", "2001:db8::/64"]).unwrap();
        beyond(&trusted, connected.parse().unwrap(), told).to_string()
    }

    #[test]
    fn whoever_is_no_proxy_of_ours_is_not_believed() {
        assert_eq!(seen("198.51.100.7", &["203.0.113.9"]), "198.51.100.7");
        assert_eq!(seen("192.0.2.2", &["203.0.113.9"]), "192.0.2.2");
    }

    #[test]
    fn a_proxy_says_whom_it_had_a_request_from() {
        assert_eq!(seen("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("192.0.2.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(seen("2001:db8::1", &["2001:db8:1::9"]), "2001:db8:1::9");
        assert_eq!(seen("10.1.2.3", &["[2001:db8:1::9]:4711"]), "2001:db8:1::9");
        assert_eq!(seen("10.1.2.3", &["[2001:db8:1::9]"]), "2001:db8:1::9");
        assert_eq!(seen("10.1.2.3", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn what_stands_before_the_first_stranger_is_their_own_invention() {
        assert_eq!(seen("10.1.2.3", &["127.0.0.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["127.0.0.1", "203.0.113.9 "]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["127.0.0.1, 203.0.113.9, 192.0.2.1"]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["203.0.113.9,", "192.0.2.1"]), "192.0.2.1", "an empty place ends it");
    }

    #[test]
    fn a_proxy_that_says_nothing_is_the_last_that_is_known() {
        for told in [&[][..], &[""], &["unknown"], &["203.0.113"], &["203.0.113.9;"]] {
            assert_eq!(seen("10.1.2.3", told), "10.1.2.3", "{told:?}");
        }
        assert_eq!(seen("10.1.2.3", &["10.1.9.9"]), "10.1.9.9", "somebody in our own network");
    }

    #[test]
    fn a_header_without_end_is_not_read_to_its_end() {
        let long = vec!["10.1.0.1"; 100_000].join(",");
        assert_eq!(seen("10.1.2.3", &["203.0.113.9", &long]), "10.1.0.1");
    }
}
