//! Values with an expiry, and values of an organization's own entity.

use redis::Value;
use vestibule_actors::port::store::{OrganizationValue, Space, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::super::RedisStore;
use super::super::call::{Call, read, unreadable};
use super::super::keys::OfOrganization;
use super::super::scripts::{FIELD, FORGET, VALUE};

/// A longer life is cut to this, a hundred years in milliseconds: the server counts in numbers that end somewhere.
const LONGEST: i64 = 100 * 366 * 24 * 3_600_000;

/// What is written as a value or a field: a number, a blank, and the bytes.
type Numbered = (u64, Vec<u8>);

impl RedisStore {
    fn value_step(&self, space: Space, key: &str, step: &str) -> Call {
        self.call(&VALUE).key(self.keys.value(space, key)).arg(step)
    }

    async fn value(&self, call: Call, durable: bool) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = if durable { self.door.write(call).await? } else { self.door.ask(call).await? };
        match answer {
            Value::Nil | Value::Boolean(false) => Ok(None),
            value => read("a value", value).map(Some),
        }
    }

    pub(in super::super) async fn put(
        &self,
        space: Space,
        key: &str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Result<(), StoreError> {
        let call = self.value_step(space, key, "put").arg(value).number(ttl.0.clamp(1, LONGEST));
        self.value(call, true).await.map(drop)
    }

    pub(in super::super) async fn put_if_absent(
        &self,
        space: Space,
        key: &str,
        value: Vec<u8>,
        ttl: Span,
    ) -> Result<Vec<u8>, StoreError> {
        let call = self.value_step(space, key, "keep").arg(value).number(ttl.0.clamp(1, LONGEST));
        self.value(call, true).await?.ok_or_else(|| unreadable("a value"))
    }

    pub(in super::super) async fn get(&self, space: Space, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(self.value_step(space, key, "get"), false).await
    }

    pub(in super::super) async fn take(
        &self,
        space: Space,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(self.value_step(space, key, "take"), true).await
    }

    pub(in super::super) async fn organization_get(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<Option<OrganizationValue>, StoreError> {
        let key = self.keys.organization(organization, OfOrganization::Fields);
        let mut command = redis::cmd("HGET");
        command.arg(&key).arg(name);
        let there: Option<Vec<u8>> = read("a field", self.door.command("a field", &key, command).await?)?;
        there.map(|bytes| field(&bytes).ok_or_else(|| unreadable("a field"))).transpose()
    }

    pub(in super::super) async fn organization_put(
        &self,
        organization: &OrganizationId,
        field: &str,
        expected: u64,
        value: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let key = self.keys.organization(organization, OfOrganization::Fields);
        let call = self.call(&FIELD).key(key).arg(field).number(expected).arg(value);
        Ok(read::<i64>("a field", self.door.write(call).await?)? == 1)
    }

    pub(in super::super) async fn organization_forget(
        &self,
        organization: &OrganizationId,
        prefix: &str,
        max: usize,
    ) -> Result<usize, StoreError> {
        let key = self.keys.organization(organization, OfOrganization::Fields);
        let call = self.call(&FORGET).key(key).arg(prefix).number(max);
        read("a number of fields", self.door.write(call).await?)
    }
}

/// A field of an organization as it stands there.
pub(super) fn field(bytes: &[u8]) -> Option<OrganizationValue> {
    numbered(bytes).map(|(version, value)| OrganizationValue { version, value })
}

fn numbered(bytes: &[u8]) -> Option<Numbered> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let (number, rest) = bytes.split_at(blank);
    Some((std::str::from_utf8(number).ok()?.parse().ok()?, rest.get(1..)?.to_vec()))
}
