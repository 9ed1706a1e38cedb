//! What leaves in time.

use super::Model;
use crate::port::store::{Retention, Swept};
use std::collections::BTreeMap;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

impl Model {
    /// See [`crate::port::store::Store::sweep`].
    pub fn sweep(&mut self, now: Moment, keep: Retention) -> Swept {
        let oldest = now - keep.records;
        let values = removed(&mut self.values, |_, value| value.until > now);
        let mut held = 0;
        for events in self.held.values_mut() {
            held += removed(events, |_, event| event.until > now);
        }
        let old: Vec<u64> =
            self.records.by_number.iter().filter(|(_, r)| r.at < oldest).map(|(number, _)| *number).collect();
        for number in &old {
            self.records.remove(*number);
        }
        let above = self.above_cap(keep.records_per_organization);
        for number in &above {
            self.records.remove(*number);
        }
        self.parked.retain(|_, parked| parked.at >= oldest);
        let shards = &self.shards;
        self.meetings.retain(|_, indexed| {
            let lives = shards.values().any(|data| data.visits.contains_key(&indexed.visit));
            lives || indexed.at >= oldest
        });
        Swept { values, held, records_old: count(old.len()), records_above_cap: count(above.len()) }
    }

    fn above_cap(&self, cap: u64) -> Vec<u64> {
        let mut by_organization: BTreeMap<&OrganizationId, Vec<u64>> = BTreeMap::new();
        for (organization, number) in &self.records.of_organization {
            by_organization.entry(organization).or_default().push(*number);
        }
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        let above = by_organization.into_values().map(|numbers| {
            let surplus = numbers.len().saturating_sub(cap);
            numbers.into_iter().take(surplus)
        });
        above.flatten().collect()
    }
}

fn removed<K: Ord, V>(map: &mut BTreeMap<K, V>, keep: impl FnMut(&K, &mut V) -> bool) -> u64 {
    let before = map.len();
    map.retain(keep);
    count(before - map.len())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
