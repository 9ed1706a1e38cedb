//! Launches on their way through Epic, and sign-ins at a provider, counted: each is kept in the store, and anybody can begin one.
//!
//! What comes back gives its place free at once; what does not, when its state runs out. What was begun before the process started is
//! not counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_domain::shard::stable_hash;
use vestibule_domain::time::Moment;

use crate::http::access::Peer;

/// The places.
#[derive(Debug)]
pub struct Pending {
    most: usize,
    most_of_peer: usize,
    held: Mutex<Held>,
}

/// What is under way, by a hash of their state's name, which itself opens a door.
#[derive(Debug, Default)]
struct Held {
    by_name: BTreeMap<u64, (Peer, Moment)>,
    by_end: BTreeSet<(Moment, u64)>,
    by_peer: BTreeMap<Peer, usize>,
}

impl Pending {
    pub fn new(most: usize, most_of_peer: usize) -> Self {
        Self { most, most_of_peer, held: Mutex::default() }
    }

    /// Takes a place until `end`; `false` where there is none.
    pub(super) fn enter(&self, name: &str, peer: IpAddr, now: Moment, end: Moment) -> bool {
        let (name, peer) = (stable_hash(name.as_bytes()), Peer::of(peer));
        let mut held = self.lock();
        held.drop_ended(now);
        let of_peer = held.by_peer.get(&peer).copied().unwrap_or_default();
        if held.by_name.len() >= self.most || of_peer >= self.most_of_peer {
            return false;
        }
        held.by_name.insert(name, (peer, end));
        held.by_end.insert((end, name));
        *held.by_peer.entry(peer).or_default() += 1;
        true
    }

    /// Gives a place free.
    pub(super) fn leave(&self, name: &str) {
        self.lock().leave(stable_hash(name.as_bytes()));
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn drop_ended(&mut self, now: Moment) {
        while let Some((_, name)) = self.by_end.first().filter(|(end, _)| *end <= now).copied() {
            self.leave(name);
        }
    }

    fn leave(&mut self, name: u64) {
        let Some((peer, end)) = self.by_name.remove(&name) else { return };
        self.by_end.remove(&(end, name));
        if let Some(count) = self.by_peer.get_mut(&peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_peer.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_domain::time::Span;

    use super::*;

    const NOW: Moment = Moment(1_000_000);

    #[test]
    fn places_are_bounded_for_all_and_for_one_and_come_back() {
        let pending = Pending::new(3, 2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|peer| peer.parse().unwrap());
        let end = NOW + Span::minutes(10);
        let enter = |name: &str, peer, now| pending.enter(name, peer, now, end);
        assert!(enter("a", one, NOW) && enter("b", one, NOW));
        assert!(!enter("c", one, NOW), "one peer has two");
        assert!(enter("c", other, NOW));
        assert!(!enter("d", other, NOW), "all together have three");
        pending.leave("a");
        pending.leave("never there");
        pending.leave("a");
        assert!(enter("d", one, NOW) && !enter("e", one, NOW));
        assert!(!enter("e", other, NOW + Span(10 * 60 * 1000 - 1)));
        assert!(enter("e", other, end), "what has run out is nobody's");
        assert_eq!(pending.lock().by_peer.len(), 1);
    }
}
