//! What the store has of an organization that nobody works for any more.

use futures_util::future::try_join_all;
use vestibule_actors::port::store::StoreError;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;

use super::super::RedisStore;
use super::super::call::read;
use super::super::keys::{Of, OfOrganization};

/// So many lie in one command.
const PAGE: usize = 500;

impl RedisStore {
    /// Removes about so much of it; how much.
    pub(in super::super) async fn forget_organization(
        &self,
        organization: &OrganizationId,
        max: usize,
    ) -> Result<usize, StoreError> {
        let most = max.min(PAGE);
        let shards = Shard::all().map(async |shard| {
            let updates = self.forget_updates(shard, organization, most).await?;
            let parked = self
                .drop_parked_where(shard, most, Moment(i64::MAX), |of, _| of == Some(organization))
                .await?;
            let histories = self.forget_histories(shard, organization, most).await?;
            let records = self.first_records(shard, organization, "+", most).await?;
            self.remove_records(shard, organization, &records).await?;
            let counted = [parked, histories].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
            Ok::<_, StoreError>(updates + records.len() + counted.iter().sum::<usize>())
        });
        let gone: usize = try_join_all(shards).await?.into_iter().sum();
        if gone > 0 {
            return Ok(gone);
        }
        self.forget_index(organization).await
    }

    async fn forget_updates(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        most: usize,
    ) -> Result<usize, StoreError> {
        let (outbox, payloads) =
            (self.keys.shard(shard, Of::Outbox), self.keys.shard(shard, Of::OutboxPayloads));
        // A blank ends the organization's id in a place, and no character that comes next does.
        let (from, to) = (format!("[{organization} "), format!("({organization}!"));
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(&outbox).arg(from).arg(to).arg("LIMIT").arg(0).arg(most);
        let places: Vec<String> = read("an outbox", self.door.command("an outbox", &outbox, command).await?)?;
        if !places.is_empty() {
            for (key, what) in [(&payloads, "HDEL"), (&outbox, "ZREM")] {
                let mut drop = redis::cmd(what);
                drop.arg(key).arg(&places);
                self.door.command("an outbox", key, drop).await?;
            }
        }
        Ok(places.len())
    }

    async fn forget_histories(
        &self,
        shard: Shard,
        organization: &OrganizationId,
        most: usize,
    ) -> Result<u64, StoreError> {
        let all = self.keys.histories_of(shard, organization);
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(&all).arg("-inf").arg("+inf").arg("LIMIT").arg(0).arg(most);
        let names: Vec<String> = read("histories", self.door.command("histories", &all, command).await?)?;
        if names.is_empty() {
            return Ok(0);
        }
        self.drop_histories(shard, organization, &names, Moment(i64::MAX)).await
    }

    /// The index of its meetings; how many keys of it there were.
    async fn forget_index(&self, organization: &OrganizationId) -> Result<usize, StoreError> {
        let mut gone = 0;
        for what in [OfOrganization::Index, OfOrganization::IndexAges] {
            let key = self.keys.organization(organization, what);
            let mut drop = redis::cmd("UNLINK");
            drop.arg(&key);
            gone += read::<usize>("an index", self.door.command("an index", &key, drop).await?)?;
        }
        Ok(gone)
    }
}
