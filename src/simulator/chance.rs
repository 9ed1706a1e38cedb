//! Seeded chance for ids, tokens and people's behaviour, so that a run can be repeated.
//!
//! These values are guessable by design. They guard nothing but the fakes.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// SplitMix64: small, fast and good enough for behaviour and ids.
#[derive(Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `low..high`; `low` where the range is empty.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low { low } else { low + self.draw() % (high - low) }
    }

    /// True with the given probability (0 never, 1 always).
    pub fn hit(&mut self, probability: f64) -> bool {
        // 53 bits are what an f64 holds exactly.
        ((self.draw() >> 11) as f64) < probability * ((1_u64 << 53) as f64)
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + 8);
        while out.len() < count {
            out.extend_from_slice(&self.draw().to_le_bytes());
        }
        out.truncate(count);
        out
    }

    pub fn hex(&mut self, bytes: usize) -> String {
        hex::encode(self.bytes(bytes))
    }

    /// An opaque token that is safe in a URL.
    pub fn token(&mut self, bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes(bytes))
    }

    /// 24 characters of standard base64, as Zoom's meeting uuids are.
    pub fn base64_16(&mut self) -> String {
        STANDARD.encode(self.bytes(16))
    }

    /// 32 hex digits in groups of 8, 4, 4, 4 and 12.
    pub fn grouped_hex(&mut self, separator: char) -> String {
        let digits = self.hex(16);
        let mut out = String::with_capacity(36);
        for (index, digit) in digits.chars().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let (mut a, mut b) = (Chance::new(7), Chance::new(7));
        assert_eq!(a.token(20), b.token(20));
        assert_ne!(a.draw(), Chance::new(8).draw());
    }

    #[test]
    fn extremes_of_probability_are_certain() {
        let mut chance = Chance::new(1);
        assert!((0..1000).all(|_| !chance.hit(0.0)));
        assert!((0..1000).all(|_| chance.hit(1.0)));
    }

    #[test]
    fn groups_are_those_of_a_uuid() {
        let lengths: Vec<usize> = Chance::new(3).grouped_hex('_').split('_').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
