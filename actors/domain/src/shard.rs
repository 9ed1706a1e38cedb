//! Which slice of the world a visit belongs to. The number of shards is fixed at first start and checked at every start.

use crate::id::{OrganizationId, VisitKey};
use serde::{Deserialize, Serialize};

/// How many shards there are. A lease, a journal and a commit belong to one shard.
pub const SHARDS: u16 = 64;

/// One slice: `0..SHARDS`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(u16);

impl Shard {
    /// The shard of a number, if there is one.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        (number < SHARDS).then_some(Self(number))
    }

    /// The shard that a visit lives in, the same on every node and in every release.
    #[must_use]
    pub fn of_visit(key: &VisitKey) -> Self {
        Self::of_text(&key.to_text())
    }

    /// The shard that an organization's own entity lives in.
    #[must_use]
    pub fn of_organization(organization: &OrganizationId) -> Self {
        Self::of_text(organization.as_str())
    }

    /// All shards in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }

    /// The shard's number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    fn of_text(text: &str) -> Self {
        // The remainder is below SHARDS, so the conversion cannot fail; 0 is only there to have no panic.
        Self(u16::try_from(stable_hash(text.as_bytes()) % u64::from(SHARDS)).unwrap_or(0))
    }
}

/// FNV-1a with a final mix. The standard library's hasher may change between releases; this one must not.
#[must_use]
pub fn stable_hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Csn, VisitId};

    fn key(n: u32) -> VisitKey {
        VisitKey {
            organization: OrganizationId::new("lakeside").unwrap(),
            visit: VisitId::Csn(Csn::new(n.to_string()).unwrap()),
        }
    }

    #[test]
    fn the_hash_is_the_one_that_stored_data_relies_on() {
        assert_eq!(Shard::of_visit(&key(10001)).number(), 17);
        assert_eq!(Shard::of_visit(&key(10002)).number(), 1);
    }

    #[test]
    fn visits_spread_over_all_shards() {
        let mut counts = [0_u32; SHARDS as usize];
        for n in 0..64_000 {
            counts[usize::from(Shard::of_visit(&key(n)).number())] += 1;
        }
        assert!(counts.iter().all(|n| (800..1200).contains(n)), "{counts:?}");
    }
}
