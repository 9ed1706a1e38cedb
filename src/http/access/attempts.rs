//! Slows down whoever tries wrong tokens. Each peer may fail a few times at once and then a few times a minute.
//!
//! A peer is an address, an IPv6 one by its /64, which one person has to herself. Behind one address there may be many people, so neither a
//! right token nor the cookie of a sign-in is subject to this: nobody can be shut out by a neighbour's attempts.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_domain::time::{Moment, Span};

/// One failure is forgiven after so long.
const FORGIVEN_AFTER: Span = Span::seconds(6);
/// So many failures may come at once.
const AT_ONCE: i64 = 10;
/// So many peers are remembered; beyond, the one with the fewest failures is forgotten.
const MOST_PEERS: usize = 4096;

/// Failures by peer, each as the time at which all of them are forgiven.
#[derive(Debug, Default)]
pub struct WrongTokens(Mutex<BTreeMap<Peer, Moment>>);

/// Who is at the other end of a connection, as far as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    V4([u8; 4]),
    V6Network(u64),
}

impl WrongTokens {
    /// How many seconds a peer has to wait before its next attempt, if it has to.
    pub fn must_wait(&self, peer: IpAddr, now: Moment) -> Option<u32> {
        let forgiven = *self.lock().get(&Peer::of(peer))?;
        let too_many = forgiven - (now + Span(FORGIVEN_AFTER.0 * (AT_ONCE - 1)));
        (too_many.0 > 0).then(|| u32::try_from(too_many.0 / 1000 + 1).unwrap_or(u32::MAX))
    }

    /// A peer has tried a wrong token.
    pub fn failed(&self, peer: IpAddr, now: Moment) {
        let mut peers = self.lock();
        let peer = Peer::of(peer);
        if peers.len() >= MOST_PEERS && !peers.contains_key(&peer) {
            make_room(&mut peers, now);
        }
        let forgiven = peers.entry(peer).or_insert(now);
        *forgiven = (*forgiven).max(now) + FORGIVEN_AFTER;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Peer, Moment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(peers: &mut BTreeMap<Peer, Moment>, now: Moment) {
    peers.retain(|_, forgiven| *forgiven > now);
    if peers.len() >= MOST_PEERS
        && let Some(least) = peers.iter().min_by_key(|(_, forgiven)| **forgiven).map(|(peer, _)| *peer)
    {
        peers.remove(&least);
    }
}

impl Peer {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => {
                let network = v6.to_bits() >> 64;
                Self::V6Network(u64::try_from(network).unwrap_or(u64::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_few_failures_are_free_and_time_forgives() {
        let wrong = WrongTokens::default();
        let peer = address("192.0.2.1");
        for _ in 0..AT_ONCE {
            assert_eq!(wrong.must_wait(peer, NOW), None);
            wrong.failed(peer, NOW);
        }
        let wait = wrong.must_wait(peer, NOW).unwrap();
        assert!((1..=7).contains(&wait), "{wait}");
        assert_eq!(
            wrong.must_wait(address("192.0.2.2"), NOW),
            None,
            "another peer has nothing to do with it"
        );
        let later = NOW + Span::seconds(i64::from(wait));
        assert_eq!(wrong.must_wait(peer, later), None);
        wrong.failed(peer, later);
        assert!(wrong.must_wait(peer, later).is_some(), "one is forgiven, not all");
        assert_eq!(wrong.must_wait(peer, later + Span::minutes(2)), None);
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_peer() {
        let wrong = WrongTokens::default();
        for n in 0..AT_ONCE {
            wrong.failed(address(&format!("2001:db8::{n}")), NOW);
        }
        assert!(wrong.must_wait(address("2001:db8::ffff"), NOW).is_some());
        assert_eq!(wrong.must_wait(address("2001:db8:0:1::1"), NOW), None);
        assert_eq!(Peer::of(address("::ffff:192.0.2.1")), Peer::of(address("192.0.2.1")));
    }

    #[test]
    fn the_peers_are_bounded_and_the_worst_is_remembered() {
        let wrong = WrongTokens::default();
        let worst = address("192.0.2.1");
        for _ in 0..AT_ONCE {
            wrong.failed(worst, NOW);
        }
        for n in 0..10_000_u32 {
            wrong.failed(IpAddr::V4(n.into()), NOW);
        }
        assert_eq!(wrong.lock().len(), MOST_PEERS);
        assert!(wrong.must_wait(worst, NOW).is_some());
    }
}
