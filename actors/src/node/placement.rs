//! Which node a shard belongs on: rendezvous hashing over the nodes that are there to stay.
//!
//! Every node computes the same from the same list, and nobody decides for others: a lease is what counts, and this only says who should
//! ask for it. A node that comes or goes moves its own share and nothing else. Pure.

use vestibule_domain::shard::{Shard, stable_hash};

use crate::port::store::OwnerToken;

/// The nodes that may hold shards, in the order of their claim to one: the first should hold it, the next takes over where it does not.
#[must_use]
pub fn ranked(shard: Shard, nodes: &[OwnerToken]) -> Vec<OwnerToken> {
    let mut claims: Vec<(u64, OwnerToken)> = nodes.iter().map(|node| (claim(shard, *node), *node)).collect();
    // Equal claims are as good as impossible; the token decides them alike everywhere.
    claims.sort_by(|a, b| b.cmp(a));
    claims.into_iter().map(|(_, node)| node).collect()
}

/// The node that should hold a shard.
#[must_use]
pub fn target(shard: Shard, nodes: &[OwnerToken]) -> Option<OwnerToken> {
    nodes.iter().copied().max_by_key(|node| (claim(shard, *node), *node))
}

/// How many nodes have a better claim to a shard than this one; `None` for a node that is not among them.
#[must_use]
pub fn rank(shard: Shard, nodes: &[OwnerToken], node: OwnerToken) -> Option<usize> {
    ranked(shard, nodes).into_iter().position(|other| other == node)
}

fn claim(shard: Shard, node: OwnerToken) -> u64 {
    let mut bytes = [0_u8; 18];
    for (place, byte) in bytes.iter_mut().zip(node.0.as_bytes().iter().chain(&shard.number().to_be_bytes())) {
        *place = *byte;
    }
    stable_hash(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn nodes(count: u64, seed: u64) -> Vec<OwnerToken> {
        (0..count)
            .map(|n| OwnerToken(Uuid::from_u64_pair(stable_hash(&(seed + n).to_be_bytes()), n)))
            .collect()
    }

    fn shares(nodes: &[OwnerToken]) -> BTreeMap<OwnerToken, usize> {
        let mut shares = BTreeMap::new();
        for shard in Shard::all() {
            *shares.entry(target(shard, nodes).unwrap()).or_default() += 1;
        }
        shares
    }

    #[test]
    fn nobody_holds_a_shard_of_an_empty_cluster() {
        assert_eq!(target(Shard::all().next().unwrap(), &[]), None);
    }

    proptest! {
        #[test]
        fn the_order_of_the_list_does_not_matter(count in 1_u64..8, seed: u64) {
            let nodes = nodes(count, seed);
            let mut reversed = nodes.clone();
            reversed.reverse();
            for shard in Shard::all() {
                prop_assert_eq!(ranked(shard, &nodes), ranked(shard, &reversed));
                prop_assert_eq!(ranked(shard, &nodes).first().copied(), target(shard, &nodes));
                prop_assert_eq!(rank(shard, &nodes, nodes[0]), ranked(shard, &nodes).iter().position(|n| *n == nodes[0]));
            }
        }

        #[test]
        fn one_that_comes_takes_only_for_itself_and_one_that_goes_leaves_only_its_own(count in 1_u64..8, seed: u64) {
            let (fewer, more) = (nodes(count, seed), nodes(count + 1, seed));
            let comer = *more.last().unwrap();
            for shard in Shard::all() {
                let (before, after) = (target(shard, &fewer), target(shard, &more));
                prop_assert!(before == after || after == Some(comer));
                // Whoever has the next claim is who gets it when the first goes.
                prop_assert_eq!(ranked(shard, &more).into_iter().find(|n| *n != comer), before);
            }
        }

        #[test]
        fn every_node_gets_a_fair_share(seed: u64) {
            let nodes = nodes(4, seed);
            let shares = shares(&nodes);
            // Sixteen are its share of sixty-four; one of a hundred thousand draws gives a node less than three.
            prop_assert!(nodes.iter().all(|n| (1..=36).contains(shares.get(n).unwrap_or(&0))), "{shares:?}");
        }
    }
}
