//! What leaves in time.

use super::Model;
use crate::port::store::{GONE_TOLD_FOR, RecordPlace, Retention, Swept};
use std::collections::BTreeMap;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

impl Model {
    /// See [`crate::port::store::Store::sweep`].
    pub fn sweep(&mut self, now: Moment, keep: &Retention) -> Swept {
        let oldest = |organization: &OrganizationId| keep.oldest(now, organization);
        let values = removed(&mut self.values, |_, value| value.until > now);
        let mut held = 0;
        for events in self.held.values_mut() {
            held += removed(events, |_, event| event.until > now);
        }
        let is_old = |(organization, place): &&(OrganizationId, RecordPlace)| place.at < oldest(organization);
        let old: Vec<RecordPlace> =
            self.records.of_organization.iter().filter(is_old).map(|(_, place)| *place).collect();
        for place in &old {
            self.records.remove(*place);
        }
        let above = self.above_cap(keep.records_per_organization);
        for place in &above {
            self.records.remove(*place);
        }
        let parked = removed(&mut self.parked, |_, parked| parked.at >= oldest(&parked.visit.organization));
        let mut histories = 0;
        for data in self.shards.values_mut() {
            histories += removed(&mut data.histories, |visit, told| told.last >= oldest(&visit.organization));
            let told: Vec<u64> = data
                .gone
                .values()
                .filter(|(at, _)| *at <= now - GONE_TOLD_FOR)
                .map(|(_, change)| *change)
                .collect();
            data.gone.retain(|_, (_, change)| !told.contains(change));
            data.changed.retain(|change, _| !told.contains(change));
        }
        let shards = &self.shards;
        let index = removed(&mut self.meetings, |_, indexed| {
            let lives = shards.values().any(|data| data.visits.contains_key(&indexed.visit));
            lives || indexed.at >= oldest(&indexed.visit.organization)
        });
        let (records_old, records_above_cap) = (count(old.len()), count(above.len()));
        Swept { values, held, records_old, records_above_cap, parked, index, histories }
    }

    /// See [`crate::port::store::Store::forget_organization`].
    pub fn forget_organization(&mut self, organization: &OrganizationId, max: usize) -> usize {
        let mut left = max;
        let mut goes = |of: &OrganizationId| {
            let goes = of == organization && left > 0;
            left -= usize::from(goes);
            goes
        };
        for data in self.shards.values_mut() {
            data.outbox.retain(|(visit, ..), _| !goes(&visit.organization));
            data.histories.retain(|visit, _| !goes(&visit.organization));
        }
        self.parked.retain(|_, parked| !goes(&parked.visit.organization));
        self.meetings.retain(|_, indexed| !goes(&indexed.visit.organization));
        let of_organization = self.records.of_organization.iter();
        let places: Vec<RecordPlace> =
            of_organization.filter(|(of, _)| goes(of)).map(|(_, place)| *place).collect();
        for place in places {
            self.records.remove(place);
        }
        max - left
    }

    fn above_cap(&self, cap: u64) -> Vec<RecordPlace> {
        let mut by_organization: BTreeMap<&OrganizationId, Vec<RecordPlace>> = BTreeMap::new();
        for (organization, place) in &self.records.of_organization {
            by_organization.entry(organization).or_default().push(*place);
        }
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        let above = by_organization.into_values().map(|places| {
            let surplus = places.len().saturating_sub(cap);
            places.into_iter().take(surplus)
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
