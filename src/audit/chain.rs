//! A chain in the store: pages of lines, written in order by whoever comes first.
//!
//! A page is a field of an entity of its own, written only where nobody else was first, so that of two nodes one appends and the other looks
//! again. A page is full when it has [`PAGE_BYTES`]: that is for nobody to decide, and so nobody appends to it once another page can
//! follow. The field `last` names the newest page and is raised before that page is made: it may be one ahead, and never behind.

use std::fmt;

use jiff::Timestamp;
use vestibule_actors::port::store::{OrganizationValue, SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::entry::{Deed, FIRST, Kept};
use crate::store;

/// A deed that waits for its place.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Of this entry and no other.
    pub id: String,
    pub at: Moment,
    pub deed: Deed,
}

/// A page takes entries until it has so many bytes. It is written anew with every batch.
const PAGE_BYTES: usize = 16 * 1024;
const LAST: &str = "last";
const KEPT_FROM: &str = "kept-from";

/// Whose chain: an organization's, or the service's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChainId(Option<OrganizationId>);

impl ChainId {
    pub fn of(organization: Option<&OrganizationId>) -> Self {
        Self(organization.cloned())
    }

    /// Of which organization.
    pub fn organization(&self) -> Option<&OrganizationId> {
        self.0.as_ref()
    }

    /// The entity that holds the pages.
    fn entity(&self) -> Result<OrganizationId, StoreError> {
        let name = self.0.as_ref().map_or("", |id| id.as_str());
        store::entity("audit", name)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("the service", |id| id.as_str()))
    }
}

/// The newest entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    pub seq: u64,
    pub hash: String,
}

/// A chain in a store.
pub struct Chain {
    store: SharedStore,
    entity: OrganizationId,
}

/// The page that is written next.
struct Tail {
    page: u64,
    version: u64,
    text: String,
    head: Head,
}

impl Chain {
    /// The chain of an organization or of the service.
    ///
    /// # Errors
    /// Never for an id of the settings.
    pub fn new(store: &SharedStore, id: &ChainId) -> Result<Self, StoreError> {
        Ok(Self { store: store.clone(), entity: id.entity()? })
    }

    /// Appends deeds behind whatever is there, all or none. All of them are in the chain when this answers. `tried` remembers where a try was
    /// made whose end is not known, so that asked again with the same ones, each is there once.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer. They may be in the chain all the same.
    pub async fn append(
        &self,
        node: &str,
        deeds: &[Waiting],
        tried: &mut Option<u64>,
    ) -> Result<Option<Head>, StoreError> {
        let Some(first) = deeds.first() else { return Ok(None) };
        loop {
            let mut tail = self.tail().await?;
            if let Some(from) = *tried
                && self.has(&first.id, from, &tail).await?
            {
                return Ok(Some(tail.head));
            }
            let from = tail.text.len();
            for Waiting { id, at, deed } in deeds {
                let kept = Kept {
                    seq: tail.head.seq.saturating_add(1),
                    id: id.clone(),
                    at: timestamp(*at),
                    node: node.to_owned(),
                    deed: deed.clone(),
                    prev: tail.head.hash.clone(),
                };
                let (line, hash) = kept.line().map_err(|error| StoreError::Refused(error.to_string()))?;
                tail.text.push_str(&line);
                tail.text.push('\n');
                tail.head = Head { seq: kept.seq, hash };
            }
            if from == 0 && !self.begin_page(tail.page).await? {
                continue;
            }
            // Also one that is answered with `false` may have been done: a store's client asks again by itself.
            tried.get_or_insert(tail.page);
            let page = page_name(tail.page);
            if self.store.organization_put(&self.entity, &page, tail.version, tail.text.into_bytes()).await? {
                return Ok(Some(tail.head));
            }
        }
    }

    /// Whether an entry is in a page from `from` on.
    async fn has(&self, id: &str, from: u64, tail: &Tail) -> Result<bool, StoreError> {
        let id = format!("\"id\":\"{id}\"");
        for page in from..tail.page {
            if self.lines(page).await?.is_some_and(|lines| lines.contains(&id)) {
                return Ok(true);
            }
        }
        Ok(tail.text.contains(&id))
    }

    /// Raises `last` to a page that is about to be made. `false` when it is somewhere else by now.
    async fn begin_page(&self, page: u64) -> Result<bool, StoreError> {
        let there = self.store.organization_get(&self.entity, LAST).await?;
        let (version, last) = number(there.as_ref())?;
        if last >= page {
            return Ok(last == page);
        }
        self.store.organization_put(&self.entity, LAST, version, page.to_string().into_bytes()).await
    }

    async fn tail(&self) -> Result<Tail, StoreError> {
        let (_, last) = number(self.store.organization_get(&self.entity, LAST).await?.as_ref())?;
        let mut number = last.max(1);
        let mut page = self.page(number).await?;
        if page.is_none() && number > 1 {
            number -= 1;
            page = self.page(number).await?;
        }
        let Some(page) = page else {
            return Ok(Tail { page: number, version: 0, text: String::new(), head: none_yet() });
        };
        let text = text_of(page.value)?;
        let newest = text.lines().last().and_then(Kept::of_line);
        let (kept, hash, _) = newest.ok_or_else(|| StoreError::Corrupt("a page of the audit".to_owned()))?;
        let head = Head { seq: kept.seq, hash };
        Ok(if text.len() < PAGE_BYTES {
            Tail { page: number, version: page.version, text, head }
        } else {
            Tail { page: number.saturating_add(1), version: 0, text: String::new(), head }
        })
    }

    /// The newest entry, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(Some(self.tail().await?.head).filter(|head| head.seq > 0))
    }

    async fn page(&self, number: u64) -> Result<Option<OrganizationValue>, StoreError> {
        self.store.organization_get(&self.entity, &page_name(number)).await
    }

    /// The first page that is kept.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn first_page(&self) -> Result<u64, StoreError> {
        let (_, from) = number(self.store.organization_get(&self.entity, KEPT_FROM).await?.as_ref())?;
        Ok(from.max(1))
    }

    /// The newest page; it may not be made yet.
    pub(super) async fn last_page(&self) -> Result<u64, StoreError> {
        let (_, last) = number(self.store.organization_get(&self.entity, LAST).await?.as_ref())?;
        Ok(last.max(1))
    }

    /// The lines of a page; none behind the last. What is no text is replaced in them, so that a line with some is no entry, or not that
    /// which its hash was made of.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn lines(&self, page: u64) -> Result<Option<String>, StoreError> {
        let page = self.page(page).await?;
        Ok(page.map(|page| match String::from_utf8(page.value) {
            Ok(text) => text,
            Err(bytes) => String::from_utf8_lossy(bytes.as_bytes()).into_owned(),
        }))
    }

    /// The lines of a page and its number, or of the first that is kept where what was before has left meanwhile; none behind the last.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn lines_from(&self, page: u64) -> Result<Option<(u64, String)>, StoreError> {
        if let Some(lines) = self.lines(page).await? {
            return Ok(Some((page, lines)));
        }
        let first = self.first_page().await?;
        if first <= page {
            return Ok(None);
        }
        Ok(self.lines(first).await?.map(|lines| (first, lines)))
    }

    /// Removes pages whose entries are all older than a moment, at most `most` of them; how many. The newest page stays, so that a chain goes
    /// on where it was.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn forget_before(&self, moment: Moment, most: u64) -> Result<u64, StoreError> {
        let mut removed = 0;
        while removed < most {
            let there = self.store.organization_get(&self.entity, KEPT_FROM).await?;
            let (version, from) = number(there.as_ref())?;
            let from = from.max(1);
            // What somebody had begun to remove and did not come to.
            self.store.organization_forget(&self.entity, &page_name(from.saturating_sub(1)), 1).await?;
            // A page that another follows is full.
            let (Some(page), Some(_)) = (self.lines(from).await?, self.page(from.saturating_add(1)).await?)
            else {
                break;
            };
            let newest = page.lines().last().and_then(Kept::of_line);
            if newest.is_none_or(|(kept, _, _)| kept.at >= timestamp(moment)) {
                break;
            }
            let next = from.saturating_add(1).to_string().into_bytes();
            if self.store.organization_put(&self.entity, KEPT_FROM, version, next).await? {
                self.store.organization_forget(&self.entity, &page_name(from), 1).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn none_yet() -> Head {
    Head { seq: 0, hash: FIRST.to_owned() }
}

/// In the order of their numbers, and none begins like another.
fn page_name(number: u64) -> String {
    format!("page-{number:012}")
}

fn number(field: Option<&OrganizationValue>) -> Result<(u64, u64), StoreError> {
    let Some(field) = field else { return Ok((0, 0)) };
    let text = std::str::from_utf8(&field.value).ok();
    let number = text.and_then(|text| text.parse().ok());
    Ok((field.version, number.ok_or_else(|| StoreError::Corrupt("a number of the audit".to_owned()))?))
}

fn text_of(value: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(value).map_err(|_| StoreError::Corrupt("a page of the audit".to_owned()))
}

fn timestamp(moment: Moment) -> Timestamp {
    let nearest = if moment.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(moment.0).unwrap_or(nearest)
}
