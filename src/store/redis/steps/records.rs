//! Notification records. They stand with the shard of their visit, written in one step with what they tell; a search asks every shard and
//! takes the newest of all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::future::try_join_all;
use vestibule_actors::memory::matches;
use vestibule_actors::port::store::{
    Page, RECORDS_LOOKED_AT, Record, RecordPlace, RecordQuery, StoreError, UpdateId,
};
use vestibule_domain::shard::Shard;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::{Of, read_record, record};

/// Records that a search reads of a shard at a time where it has to look at them.
const CHUNK: usize = 160;

/// What a search found in a shard.
struct Looked {
    found: Vec<Record>,
    /// How far it looked, where more may come.
    back_to: Option<RecordPlace>,
}

impl RedisStore {
    pub(in super::super) async fn records(
        &self,
        query: RecordQuery,
    ) -> Result<Page<Record, RecordPlace>, StoreError> {
        let limit = query.limit.max(1);
        let found = Shard::all().map(|shard| self.records_of_shard(shard, &query, limit.saturating_add(1)));
        let looked = try_join_all(found).await?;
        // Before this place some shard may have others.
        let back_to = looked.iter().filter_map(|looked| looked.back_to).max();
        let found = Shard::all().zip(looked);
        let found =
            found.flat_map(|(shard, looked)| looked.found.into_iter().map(move |record| (shard, record)));
        let mut records: Vec<(Shard, Record)> =
            found.filter(|(_, record)| back_to.is_none_or(|back_to| record.place() >= back_to)).collect();
        records.sort_by_key(|(_, record)| std::cmp::Reverse(record.place()));
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|(_, record)| record.place()) } else { back_to };
        let known = self.attempts_of(&records).await?;
        let counted = records.into_iter().map(|(_, record)| {
            let known = record.update.and_then(|update| known.get(&update).copied());
            record.counted(known)
        });
        Ok(Page { items: counted.collect(), next })
    }

    /// How many attempts there are of the updates of a page that had more than one.
    async fn attempts_of(&self, records: &[(Shard, Record)]) -> Result<HashMap<UpdateId, u32>, StoreError> {
        let mut by_shard: BTreeMap<Shard, BTreeSet<UpdateId>> = BTreeMap::new();
        for (shard, record) in records {
            by_shard.entry(*shard).or_default().extend(record.attempted());
        }
        let known = by_shard.into_iter().map(async |(shard, updates)| {
            self.attempts_in(shard, &updates.into_iter().collect::<Vec<_>>()).await
        });
        Ok(try_join_all(known).await?.into_iter().flatten().collect())
    }

    /// The same of updates of one shard.
    pub(super) async fn attempts_in(
        &self,
        shard: Shard,
        updates: &[UpdateId],
    ) -> Result<Vec<(UpdateId, u32)>, StoreError> {
        if updates.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.keys.shard(shard, Of::Attempts);
        let mut command = redis::cmd("HMGET");
        command.arg(&key).arg(updates.iter().map(|update| update.0).collect::<Vec<_>>());
        let known: Vec<Option<u32>> = read("attempts", self.door.command("attempts", &key, command).await?)?;
        let known = updates.iter().zip(known);
        Ok(known.filter_map(|(update, known)| Some((*update, known?))).collect())
    }

    /// The newest records of a shard that the query asks for. What the list does not tell is looked at in the records, chunk by chunk.
    async fn records_of_shard(
        &self,
        shard: Shard,
        query: &RecordQuery,
        most: usize,
    ) -> Result<Looked, StoreError> {
        let list = match (&query.csn, query.meeting, &query.organization) {
            (Some(csn), _, _) => self.keys.records_of_csn(shard, csn),
            (None, Some(meeting), _) => self.keys.records_of_meeting(shard, meeting),
            (None, None, Some(organization)) => self.keys.records_of_organization(shard, organization),
            (None, None, None) => self.keys.shard(shard, Of::RecordPlaces),
        };
        // A visit is of one shard, an organization of all.
        let of_a_visit = query.csn.is_some() || query.meeting.is_some();
        let bound = if of_a_visit { RECORDS_LOOKED_AT } else { RECORDS_LOOKED_AT.div_ceil(64) }.max(most);
        let to = query.oldest().map_or_else(|| "-".to_owned(), |oldest| format!("[{}", record(oldest)));
        // Where the list tells everything, each record that is read is one that is wanted.
        let wanted = if query.is_indexed() { most } else { most.max(CHUNK) };
        let mut before = query.newest().map(record);
        let (mut found, mut looked_at) = (Vec::new(), 0);
        loop {
            let chunk = wanted.min(bound.saturating_sub(looked_at));
            let from = before.as_ref().map_or_else(|| "+".to_owned(), |before| format!("({before}"));
            let mut command = redis::cmd("ZREVRANGEBYLEX");
            command.arg(&list).arg(from).arg(&to).arg("LIMIT").arg(0).arg(chunk);
            let places: Vec<String> = read("records", self.door.command("records", &list, command).await?)?;
            let records = self.records_at(shard, &places).await?;
            found.extend(records.into_iter().filter(|record| matches(record, query)));
            looked_at += places.len();
            let Some(last) = places.last().filter(|_| places.len() >= chunk) else {
                return Ok(Looked { found, back_to: None });
            };
            if found.len() >= most {
                found.truncate(most);
                let back_to = found.last().map(Record::place);
                return Ok(Looked { found, back_to });
            }
            if looked_at >= bound {
                let back_to = read_record(last).ok_or_else(|| unreadable("the place of a record"))?;
                return Ok(Looked { found, back_to: Some(back_to) });
            }
            before = Some(last.clone());
        }
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
