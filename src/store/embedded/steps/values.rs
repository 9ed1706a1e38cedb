//! Values with an expiry, and values of an organization's own entity.

use vestibule_actors::port::store::{OrganizationValue, Space};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::super::keys::{self, Leaving};
use super::super::row::UntilRow;
use super::super::tables::{Look, Step, Tables, Taken, Write};
use super::Desk;

impl Desk<'_, '_> {
    pub(in super::super) fn put(&mut self, space: Space, key: &str, value: &[u8], ttl: Span) -> Step<()> {
        let until = self.now + ttl;
        let place = keys::value(space, key);
        let tables = self.write()?;
        tables.drop_value(&place)?;
        tables.values.put_row(&place, &UntilRow { until, bytes: value.to_vec() })?;
        tables.leaving.put(&Leaving::Value.at(until, &place), &[])
    }

    pub(in super::super) fn put_if_absent(
        &mut self,
        space: Space,
        key: &str,
        value: &[u8],
        ttl: Span,
    ) -> Step<Vec<u8>> {
        let now = self.now;
        let there: Option<UntilRow> = self.look()?.values.row(&keys::value(space, key))?;
        if let Some(there) = there.filter(|there| there.until > now) {
            return Ok(there.bytes);
        }
        self.put(space, key, value, ttl)?;
        Ok(value.to_vec())
    }

    pub(in super::super) fn take(&mut self, space: Space, key: &str) -> Step<Option<Vec<u8>>> {
        let now = self.now;
        let place = keys::value(space, key);
        // What is not there needs no write, so that guessing at tickets costs no disk.
        if self.look()?.values.bytes(&place)?.is_none() {
            return Ok(None);
        }
        let taken = self.write()?.drop_value(&place)?;
        Ok(taken.filter(|value| value.until > now).map(|value| value.bytes))
    }

    pub(in super::super) fn organization_put(
        &mut self,
        organization: &OrganizationId,
        field: &str,
        expected: u64,
        value: &[u8],
    ) -> Step<bool> {
        let key = keys::field(organization, field);
        let there: Option<OrganizationValue> = self.look()?.organizations.row(&key)?;
        let version = there.map_or(0, |there| there.version);
        if version != expected {
            return Ok(false);
        }
        let row = OrganizationValue { version: version + 1, value: value.to_vec() };
        self.write()?.organizations.put_row(&key, &row)?;
        Ok(true)
    }

    pub(in super::super) fn organization_forget(
        &mut self,
        organization: &OrganizationId,
        prefix: &str,
        max: usize,
    ) -> Step<usize> {
        let mut found = Taken::at_most(max);
        self.look()?
            .organizations
            .scan_prefix(&keys::field(organization, prefix), |key, _| Ok(found.take(key.to_vec())))?;
        // Nothing to remove needs no write.
        if !found.items.is_empty() {
            let tables = self.write()?;
            for key in &found.items {
                tables.organizations.delete(key)?;
            }
        }
        Ok(found.items.len())
    }
}

impl Tables<'_> {
    pub(super) fn drop_value(&mut self, place: &[u8]) -> Step<Option<UntilRow>> {
        let Some(there) = self.values.row::<UntilRow>(place)? else { return Ok(None) };
        self.values.delete(place)?;
        self.leaving.delete(&Leaving::Value.at(there.until, place))?;
        Ok(Some(there))
    }
}
