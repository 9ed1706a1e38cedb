//! Chance from a seed: everything that a run draws comes from here, so that the seed repeats the run.
//!
//! Each part of the world has a stream of its own, so that a draw more in one does not change what all the others draw.

use std::sync::Mutex;
use std::time::Duration;
use uuid::Uuid;
use vestibule_actors::port::clock::Randomness;
use vestibule_domain::id::CommandId;
use vestibule_domain::shard::stable_hash;

use crate::lock;

/// A stream of random numbers (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut chance = Self(seed ^ 0x5851_F42D_4C95_7F2D);
        chance.draw();
        chance
    }

    /// A stream of its own for a part of the world. The same name gives the same stream.
    #[must_use]
    pub fn stream(seed: u64, part: &str, number: u64) -> Self {
        Self::new(seed ^ stable_hash(part.as_bytes()) ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// Sixty-four even bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// An index into something of that length; 0 for nothing.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub fn percent(&mut self, of_a_hundred: u64) -> bool {
        self.below(100) < of_a_hundred
    }

    /// A length of time, both ends included, in whole milliseconds.
    pub fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most.saturating_sub(least) + 1))
    }

    /// One of some things; `None` where there is none.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let index = self.index(of.len());
        of.get(index).cloned()
    }
}

/// The randomness port of one process.
#[derive(Debug)]
pub struct Seeded(Mutex<Chance>);

impl Seeded {
    /// On a stream.
    #[must_use]
    pub fn new(chance: Chance) -> Self {
        Self(Mutex::new(chance))
    }
}

impl Randomness for Seeded {
    fn draw(&self) -> u64 {
        lock(&self.0).draw()
    }

    fn secret(&self) -> String {
        format!("{:032x}", uuid(&mut lock(&self.0)))
    }

    fn command_id(&self) -> CommandId {
        let id = uuid(&mut lock(&self.0));
        // Thirty-two digits are an id of any kind; the owner's is only there to have no panic.
        CommandId::new(format!("{:x}", id.simple())).unwrap_or_else(|_| CommandId::of_owner())
    }
}

/// A uuid from a stream.
pub fn uuid(chance: &mut Chance) -> Uuid {
    Uuid::from_u64_pair(chance.draw(), chance.draw())
}

#[cfg(test)]
mod tests {
    use super::*;

    // I14: same seed, same trace.
    #[test]
    fn a_stream_repeats_itself_and_no_other() {
        let drawn = |mut chance: Chance| (0..8).map(|_| chance.draw()).collect::<Vec<_>>();
        assert_eq!(drawn(Chance::stream(7, "epic", 1)), drawn(Chance::stream(7, "epic", 1)));
        let all = [
            Chance::stream(7, "epic", 1),
            Chance::stream(7, "epic", 2),
            Chance::stream(7, "zoom", 1),
            Chance::stream(8, "epic", 1),
        ]
        .map(drawn);
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other != one));
        }
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut chance = Chance::new(1);
        for _ in 0..1_000 {
            assert!(chance.below(7) < 7);
            let drawn = chance.millis(3, 5).as_millis();
            assert!((3..=5).contains(&drawn));
        }
        assert_eq!(chance.pick::<u8>(&[]), None);
    }
}
