//! Notification records. They stand with the shard of their visit, written in one step with what they tell; a search asks every shard and
//! takes the newest of all.

use futures_util::future::try_join_all;
use vestibule_actors::memory::matches;
use vestibule_actors::port::store::{Page, Record, RecordPlace, RecordQuery, StoreError};
use vestibule_domain::shard::Shard;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::{Of, record};

impl RedisStore {
    pub(in super::super) async fn records(
        &self,
        query: RecordQuery,
    ) -> Result<Page<Record, RecordPlace>, StoreError> {
        let limit = query.limit.max(1);
        let found = Shard::all().map(|shard| self.records_of_shard(shard, &query, limit + 1));
        let mut records: Vec<Record> = try_join_all(found).await?.into_iter().flatten().collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.place()));
        let more = records.len() > limit;
        records.truncate(limit);
        let next = records.last().filter(|_| more).map(Record::place);
        Ok(Page { items: records, next })
    }

    /// The newest records of a shard that the query asks for. What the list does not tell is looked at in the records, page by page.
    async fn records_of_shard(
        &self,
        shard: Shard,
        query: &RecordQuery,
        most: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let list = match (&query.csn, query.meeting, &query.organization) {
            (Some(csn), _, _) => self.keys.records_of_csn(shard, csn),
            (None, Some(meeting), _) => self.keys.records_of_meeting(shard, meeting),
            (None, None, Some(organization)) => self.keys.records_of_organization(shard, organization),
            (None, None, None) => self.keys.shard(shard, Of::RecordPlaces),
        };
        let mut before = query.before.map(record);
        let mut found = Vec::new();
        loop {
            let from = before.as_ref().map_or_else(|| "+".to_owned(), |before| format!("({before}"));
            let mut command = redis::cmd("ZREVRANGEBYLEX");
            command.arg(&list).arg(from).arg("-").arg("LIMIT").arg(0).arg(most);
            let places: Vec<String> = read("records", self.door.command("records", &list, command).await?)?;
            let records = self.records_at(shard, &places).await?;
            found.extend(records.into_iter().filter(|record| matches(record, query)));
            match places.last() {
                Some(last) if places.len() >= most && found.len() < most => before = Some(last.clone()),
                _ => break,
            }
        }
        found.truncate(most);
        Ok(found)
    }

    pub(super) async fn records_at(
        &self,
        shard: Shard,
        places: &[String],
    ) -> Result<Vec<Record>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.keys.shard(shard, Of::Records);
        let mut command = redis::cmd("HMGET");
        command.arg(&key).arg(places);
        let records: Vec<Option<Vec<u8>>> =
            read("records", self.door.command("records", &key, command).await?)?;
        let records = records.into_iter().flatten();
        records.map(|bytes| serde_json::from_slice(&bytes).map_err(|_| unreadable("a record"))).collect()
    }
}
