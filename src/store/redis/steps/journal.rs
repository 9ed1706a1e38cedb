//! The journal of a shard, and the way of an event that only knows its meeting.

use redis::Value;
use vestibule_actors::memory::check_append;
use vestibule_actors::port::store::{Appended, JournalEntry, NewEntry, Ownership, Routed, Seq, StoreError};
use vestibule_domain::id::{MeetingId, OrganizationId, VisitKey};
use vestibule_domain::shard::Shard;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::{Of, OfOrganization, entry, read_entry};
use super::super::scripts::{APPEND, COUNT_TRY, INDEX, ROUTE};
use super::leases::text_of;

/// An entry of a stream: its id, and fields and values in turn.
type Entry = (String, Vec<Vec<u8>>);

impl RedisStore {
    pub(in super::super) async fn append(
        &self,
        shard: Shard,
        entries: Vec<NewEntry>,
    ) -> Result<Appended, StoreError> {
        let most = i64::try_from(self.limits.journal_entries).unwrap_or(i64::MAX);
        self.append_at_most(shard, entries, most).await
    }

    /// `most` is the journal's bound, or negative for none.
    async fn append_at_most(
        &self,
        shard: Shard,
        entries: Vec<NewEntry>,
        most: i64,
    ) -> Result<Appended, StoreError> {
        check_append(shard, &entries)?;
        let keys = [Of::Head, Of::Journal, Of::Hints].map(|what| self.keys.shard(shard, what));
        let mut call = self.call(&APPEND).keys(keys).arg(self.publish).number(most);
        for new in entries {
            call = call.arg(new.visit.to_text()).arg(new.payload);
        }
        let answer: Vec<Value> = read("an append", self.door.write(call).await?)?;
        match answer.as_slice() {
            [Value::Int(0)] => Ok(Appended::Full),
            [Value::Int(1), place] => Ok(Appended::Done(Seq(read("a place", place.clone())?))),
            _ => Err(unreadable("an append")),
        }
    }

    pub(in super::super) async fn route_or_hold(
        &self,
        organization: &OrganizationId,
        meeting: MeetingId,
        payload: Vec<u8>,
    ) -> Result<Routed, StoreError> {
        self.note(organization).await?;
        let call = self.call(&ROUTE).keys([
            self.keys.organization(organization, OfOrganization::Index),
            self.keys.organization(organization, OfOrganization::Held),
            self.keys.held_of_meeting(organization, meeting),
        ]);
        let call = call.number(meeting).arg(payload.clone());
        let call = call.number(self.limits.held_events).number(self.limits.held_for.0);
        let answer: Vec<Value> = read("a route", self.door.write(call).await?)?;
        match answer.as_slice() {
            [Value::Int(1), visit] => {
                let visit: String = read("a visit", visit.clone())?;
                let visit = VisitKey::from_text(&visit).ok_or_else(|| unreadable("a visit"))?;
                let new = NewEntry { visit: visit.clone(), payload };
                // The entry of the index never changes, so what was found a moment ago is still so.
                match self.append(Shard::of_visit(&visit), vec![new]).await? {
                    Appended::Done(_) => Ok(Routed::Appended(visit)),
                    Appended::Full => Ok(Routed::Full),
                }
            }
            [Value::Int(0), oldest, expired] => {
                Ok(Routed::held(read("a route", oldest.clone())?, read("a route", expired.clone())?))
            }
            _ => Err(unreadable("a route")),
        }
    }

    /// The index first, so that nothing more is held for the meeting; then the journal; and what was held is dropped last. Whoever is cut
    /// off in between leaves events that are appended once more, which changes nothing.
    pub(in super::super) async fn index_meeting(
        &self,
        meeting: MeetingId,
        visit: &VisitKey,
    ) -> Result<usize, StoreError> {
        let organization = &visit.organization;
        self.note(organization).await?;
        let held = self.keys.organization(organization, OfOrganization::Held);
        let held_of_meeting = self.keys.held_of_meeting(organization, meeting);
        let call = self.call(&INDEX).keys([
            self.keys.organization(organization, OfOrganization::Index),
            self.keys.organization(organization, OfOrganization::IndexAges),
            held.clone(),
            held_of_meeting.clone(),
        ]);
        let answer: Vec<Value> =
            read("an index", self.door.write(call.number(meeting).arg(visit.to_text())).await?)?;
        let (ids, payloads): (Vec<String>, Vec<Vec<u8>>) = match answer.as_slice() {
            [Value::Int(0)] => {
                return Err(StoreError::Refused("the meeting belongs to another visit".to_owned()));
            }
            [Value::Int(1), ids, payloads] => {
                (read("held events", ids.clone())?, read("held events", payloads.clone())?)
            }
            _ => return Err(unreadable("an index")),
        };
        let moved = payloads.len();
        if moved > 0 {
            let entries = payloads.into_iter().map(|payload| NewEntry { visit: visit.clone(), payload });
            self.append_at_most(Shard::of_visit(visit), entries.collect(), -1).await?;
        }
        if !ids.is_empty() {
            let mut drop = redis::cmd("XDEL");
            drop.arg(&held).arg(&ids);
            self.door.command("held events", &held, drop).await?;
            let mut forget = redis::cmd("DEL");
            forget.arg(&held_of_meeting);
            self.door.command("held events", &held_of_meeting, forget).await?;
        }
        Ok(moved)
    }

    pub(in super::super) async fn read(
        &self,
        shard: Shard,
        after: Seq,
        max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let journal = self.keys.shard(shard, Of::Journal);
        let mut command = redis::cmd("XRANGE");
        command.arg(&journal).arg(format!("({}", entry(after))).arg("+").arg("COUNT").arg(max.max(1));
        let entries: Vec<Entry> = read("a journal", self.door.command("read", &journal, command).await?)?;
        entries.into_iter().take(max).map(journal_entry).collect()
    }

    pub(in super::super) async fn cursor(&self, shard: Shard) -> Result<Seq, StoreError> {
        let head = self.keys.shard(shard, Of::Head);
        let mut command = redis::cmd("HGET");
        command.arg(&head).arg("cursor");
        let cursor: Option<u64> = read("a cursor", self.door.command("cursor", &head, command).await?)?;
        Ok(Seq(cursor.unwrap_or(0)))
    }

    pub(in super::super) async fn count_try(
        &self,
        shard: Shard,
        owner: Ownership,
        seq: Seq,
    ) -> Result<Option<u32>, StoreError> {
        let keys = [Of::Head, Of::Journal, Of::Tries].map(|what| self.keys.shard(shard, what));
        let call = self.call(&COUNT_TRY).keys(keys);
        let call = call.arg(text_of(owner.token)).number(owner.epoch.0).number(seq.0);
        match read::<i64>("a count of tries", self.door.write(call).await?)? {
            -1 => Ok(None),
            0 => Err(StoreError::Refused(format!("the journal has no entry {}", seq.0))),
            count => u32::try_from(count).map(Some).map_err(|_| unreadable("a count of tries")),
        }
    }
}

fn journal_entry((id, fields): Entry) -> Result<JournalEntry, StoreError> {
    let bad = || unreadable("a journal entry");
    let seq = read_entry(&id).ok_or_else(bad)?;
    let [_, visit, _, payload] = <[Vec<u8>; 4]>::try_from(fields).map_err(|_| bad())?;
    let visit = String::from_utf8(visit).ok().and_then(|text| VisitKey::from_text(&text)).ok_or_else(bad)?;
    Ok(JournalEntry { seq, visit, payload })
}
