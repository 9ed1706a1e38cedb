//! Finding entries of a time in a chain, without reading all of it.

use jiff::Timestamp;
use vestibule_actors::port::store::StoreError;

use super::chain::Chain;
use super::entry::{Deed, Kept};

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order of the chain.
    pub entries: Vec<Kept>,
    /// The whole time was looked through, and no page of it was missing.
    pub complete: bool,
}

impl Chain {
    /// Entries from one time up to another that are wanted; at most `most` pages are looked through, from the first of that time on. Nodes'
    /// clocks may differ by seconds, and entries with them: whoever asks leaves room for that.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn between(
        &self,
        from: Timestamp,
        to: Timestamp,
        most: u64,
        wanted: impl Fn(&Deed) -> bool,
    ) -> Result<Found, StoreError> {
        let mut page = self.page_of(from).await?;
        let mut found = Found { entries: Vec::new(), complete: true };
        for _ in 0..most {
            let Some((number, lines)) = self.next_lines(page).await? else { return Ok(found) };
            found.complete &= number == page || page < self.first_page().await?;
            let mut newest = None;
            for (kept, ..) in lines.lines().filter_map(Kept::of_line) {
                newest = Some(kept.at);
                if (from..=to).contains(&kept.at) && wanted(&kept.deed) {
                    found.entries.push(kept);
                }
            }
            if newest.is_some_and(|newest| newest > to) {
                return Ok(found);
            }
            page = number.saturating_add(1);
        }
        found.complete &= page > self.last_page().await?;
        Ok(found)
    }

    /// The lines of a page and its number, or of the next that is there where some are missing; none behind the last.
    async fn next_lines(&self, page: u64) -> Result<Option<(u64, String)>, StoreError> {
        if let Some(there) = self.lines_from(page).await? {
            return Ok(Some(there));
        }
        for page in page..=self.last_page().await? {
            if let Some(lines) = self.lines(page).await? {
                return Ok(Some((page, lines)));
            }
        }
        Ok(None)
    }

    /// The last page that begins before a time, or the first that is kept.
    async fn page_of(&self, time: Timestamp) -> Result<u64, StoreError> {
        self.last_page_where(|first| first.at < time).await
    }

    /// The last page whose first entry is so, where all before it are and none behind; else the first that is kept.
    pub(super) async fn last_page_where(&self, is_so: impl Fn(&Kept) -> bool) -> Result<u64, StoreError> {
        let mut found = self.first_page().await?;
        let mut behind = self.last_page().await?.saturating_add(1);
        while found.saturating_add(1) < behind {
            let middle = found + (behind - found) / 2;
            match self.first_entry(middle, behind).await? {
                Some((page, first)) if is_so(&first) => found = page,
                _ => behind = middle,
            }
        }
        Ok(found)
    }

    /// The first entry of a page that can be read, or of the next page that is there where some are missing. However many these are: a page
    /// that is not looked for could not be told from one that is not there. Whoever asks waits for the store only so long.
    async fn first_entry(&self, page: u64, behind: u64) -> Result<Option<(u64, Kept)>, StoreError> {
        for page in page..behind {
            let lines = self.lines(page).await?;
            let first = lines.as_deref().and_then(|lines| lines.lines().find_map(Kept::of_line));
            if let Some((first, ..)) = first {
                return Ok(Some((page, first)));
            }
        }
        Ok(None)
    }
}
