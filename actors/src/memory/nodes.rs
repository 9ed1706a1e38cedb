//! Which nodes give signs of life, for stores that all nodes share the memory of.

use crate::port::store::{NodeInfo, OwnerToken};
use std::collections::BTreeMap;
use vestibule_domain::time::{Moment, Span};

/// The nodes that are there, each until some time.
#[derive(Clone, Default, Debug)]
pub struct Nodes(BTreeMap<OwnerToken, (NodeInfo, Moment)>);

impl Nodes {
    /// See [`crate::port::store::Store::announce`]. Answers besides whether that was news.
    pub fn announce(&mut self, node: &NodeInfo, now: Moment, ttl: Span) -> (Vec<NodeInfo>, bool) {
        self.0.retain(|_, (_, until)| *until > now);
        let before = self.0.insert(node.token, (node.clone(), now + ttl));
        let news = before.is_none_or(|(before, _)| before != *node);
        (self.0.values().map(|(node, _)| node.clone()).collect(), news)
    }

    /// See [`crate::port::store::Store::leave`].
    pub fn leave(&mut self, token: OwnerToken) {
        self.0.remove(&token);
    }
}
