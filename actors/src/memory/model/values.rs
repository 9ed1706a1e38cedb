//! Values with an expiry, values of an organization's own entity, and its gate.

use super::{Model, Value};
use crate::port::store::{GateId, HALT, OrganizationValue, Space, is_halted};
use vestibule_domain::gate::{self, Gate};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

impl Model {
    /// See [`crate::port::store::Store::put`].
    pub fn put(&mut self, now: Moment, space: Space, key: &str, value: Vec<u8>, ttl: Span) {
        self.values.insert((space, key.to_owned()), Value { bytes: value, until: now + ttl });
    }

    /// See [`crate::port::store::Store::put_if_absent`].
    pub fn put_if_absent(
        &mut self,
        now: Moment,
        space: Space,
        key: &str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Vec<u8> {
        if let Some(there) = self.get(now, space, key) {
            return there;
        }
        self.put(now, space, key, value.clone(), ttl);
        value
    }

    /// See [`crate::port::store::Store::get`].
    #[must_use]
    pub fn get(&self, now: Moment, space: Space, key: &str) -> Option<Vec<u8>> {
        let value = self.values.get(&(space, key.to_owned()))?;
        (value.until > now).then(|| value.bytes.clone())
    }

    /// See [`crate::port::store::Store::take`].
    pub fn take(&mut self, now: Moment, space: Space, key: &str) -> Option<Vec<u8>> {
        let value = self.values.remove(&(space, key.to_owned()))?;
        (value.until > now).then_some(value.bytes)
    }

    /// See [`crate::port::store::Store::organization_get`].
    #[must_use]
    pub fn organization_get(&self, organization: &OrganizationId, field: &str) -> Option<OrganizationValue> {
        self.organizations.get(&(organization.clone(), field.to_owned())).cloned()
    }

    /// See [`crate::port::store::Store::organization_put`].
    pub fn organization_put(
        &mut self,
        organization: &OrganizationId,
        field: &str,
        expected: u64,
        value: Vec<u8>,
    ) -> bool {
        let place = (organization.clone(), field.to_owned());
        let version = self.organizations.get(&place).map_or(0, |there| there.version);
        if version != expected {
            return false;
        }
        self.organizations.insert(place, OrganizationValue { version: version + 1, value });
        true
    }

    /// See [`crate::port::store::Store::organization_forget`].
    pub fn organization_forget(&mut self, organization: &OrganizationId, prefix: &str, max: usize) -> usize {
        let theirs =
            |(of, field): &&(OrganizationId, String)| of == organization && field.starts_with(prefix);
        let places: Vec<_> = self.organizations.keys().filter(theirs).take(max).cloned().collect();
        for place in &places {
            self.organizations.remove(place);
        }
        places.len()
    }

    /// See [`crate::port::store::Store::permit`].
    pub fn permit(&mut self, now: Moment, gate: &GateId, limits: &gate::Limits) -> gate::Answer {
        let halt = gate.halted_by().and_then(|organization| self.organization_get(organization, HALT));
        self.gate(gate).ask(limits, is_halted(halt.as_ref()), now)
    }

    /// See [`crate::port::store::Store::settle`].
    pub fn settle(
        &mut self,
        now: Moment,
        gate: &GateId,
        limits: &gate::Limits,
        permit: gate::PermitId,
        how: gate::Settled,
    ) -> bool {
        let gate = self.gate(gate);
        gate.settle(limits, now, permit, how);
        gate.is_open()
    }

    fn gate(&mut self, gate: &GateId) -> &mut Gate {
        self.gates.entry(gate.clone()).or_default()
    }
}
