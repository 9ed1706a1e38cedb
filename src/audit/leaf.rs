//! Leafing through a chain, from its newest entry back and on again: what a person looks at, and whether all that was read for it is whole.

use jiff::{SignedDuration, Timestamp};
use vestibule_actors::port::store::StoreError;

use super::chain::{Chain, Head};
use super::entry::{Broken, Deed, Kept, Sound, verify};

/// Nodes' clocks differ, and an entry may have waited for the store: its place may be so far from where its time would have it.
const ROOM: SignedDuration = SignedDuration::from_mins(10);
/// Of pages that are missing so many are passed over at once on the way back.
const MISSING: u64 = 1_000;

/// From where somebody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Newest,
    /// Back, from the entry before this place on.
    Before(u64),
    /// On, from the entry after this place.
    After(u64),
}

/// How far somebody reads.
#[derive(Clone, Copy, Debug)]
pub struct Leafing {
    pub place: Place,
    /// Entries from this time on.
    pub since: Option<Timestamp>,
    /// Entries before this time.
    pub until: Option<Timestamp>,
    /// So many entries at most.
    pub rows: usize,
    /// So many pages of the chain are looked through at most.
    pub most: u64,
}

/// An entry as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kept: Kept,
    /// Its hash is that of its words.
    pub intact: bool,
}

/// What was found, and what was looked through for it.
#[derive(Debug)]
pub struct Leaf {
    /// The newest first.
    pub entries: Vec<Line>,
    /// The first and the last place that was looked through.
    pub looked: Option<(u64, u64)>,
    /// Whether all of that is whole.
    pub whole: Result<Option<Sound>, Broken>,
    /// A page of the chain is missing among these.
    pub missing: bool,
    /// There may be more that was not looked through.
    pub cut: bool,
    /// Where older entries go on: before this place.
    pub older: Option<u64>,
    /// Where newer entries go on: after this place.
    pub newer: Option<u64>,
    /// The newest entry; none, too, where what stands there is none.
    pub head: Option<Head>,
}

/// What was read so far, in the order of reading.
struct Reading<'a, W> {
    asked: &'a Leafing,
    wanted: W,
    entries: Vec<Line>,
    pages: Vec<String>,
    looked: Option<(u64, u64)>,
    missing: u64,
    cut: bool,
}

/// Whether there is something left to read for.
#[derive(PartialEq, Eq)]
enum Next {
    More,
    Enough,
}

impl Chain {
    /// Entries that are wanted, looked for from a place on. A reading begins in the page that the place is in, so that of readings that go
    /// on from each other at least one sees each entry beside both of its neighbours.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer; [`StoreError::Corrupt`] where not even the pages of the chain can be told.
    pub async fn leaf(&self, asked: &Leafing, wanted: impl Fn(&Deed) -> bool) -> Result<Leaf, StoreError> {
        let mut reading = Reading {
            asked,
            wanted,
            entries: Vec::new(),
            pages: Vec::new(),
            looked: None,
            missing: 0,
            cut: false,
        };
        match asked.place {
            Place::After(place) => self.on(place, &mut reading).await?,
            Place::Newest => self.back(None, &mut reading).await?,
            Place::Before(place) => self.back(Some(place), &mut reading).await?,
        }
        match self.head().await {
            Ok(head) => Ok(reading.leaf(Ok(head))),
            Err(StoreError::Corrupt(_)) => Ok(reading.leaf(Err(Broken::NoNewest))),
            Err(error) => Err(error),
        }
    }

    async fn back(
        &self,
        before: Option<u64>,
        reading: &mut Reading<'_, impl Fn(&Deed) -> bool>,
    ) -> Result<(), StoreError> {
        let (first, last) = (self.first_page().await?, self.last_page().await?);
        let mut page = last;
        if let Some(place) = before {
            page = page.min(self.last_page_where(|kept| kept.seq <= place).await?);
        }
        if let Some(until) = reading.asked.until {
            let until = until.checked_add(ROOM).unwrap_or(Timestamp::MAX);
            page = page.min(self.last_page_where(|kept| kept.at < until).await?);
        }
        loop {
            match self.lines(page).await? {
                Some(lines) => {
                    if reading.take_back(lines, before) == Next::Enough {
                        return Ok(());
                    }
                }
                // It may not be made yet.
                None if page >= last => {}
                // It has left meanwhile, and all before it.
                None if page < self.first_page().await? => return Ok(()),
                None => reading.missing = reading.missing.saturating_add(1),
            }
            if reading.ends(page <= first) {
                return Ok(());
            }
            page = page.saturating_sub(1);
        }
    }

    async fn on(
        &self,
        after: u64,
        reading: &mut Reading<'_, impl Fn(&Deed) -> bool>,
    ) -> Result<(), StoreError> {
        let last = self.last_page().await?;
        let mut page = self.last_page_where(|kept| kept.seq <= after).await?;
        if let Some(since) = reading.asked.since {
            let since = since.checked_sub(ROOM).unwrap_or(Timestamp::MIN);
            page = page.max(self.last_page_where(|kept| kept.at < since).await?);
        }
        loop {
            match self.lines(page).await? {
                Some(lines) => {
                    if reading.take_on(lines, after) == Next::Enough {
                        return Ok(());
                    }
                }
                None if page >= last => return Ok(()),
                None => {
                    let first = self.first_page().await?;
                    if first > page {
                        // What was there has left meanwhile.
                        page = first;
                        continue;
                    }
                    reading.missing = reading.missing.saturating_add(1);
                }
            }
            if reading.ends(page >= last) {
                return Ok(());
            }
            page = page.saturating_add(1);
        }
    }
}

impl<W: Fn(&Deed) -> bool> Reading<'_, W> {
    /// Whether no other page is read: at an end of the chain, or at a bound.
    fn ends(&mut self, at_an_end: bool) -> bool {
        let read = u64::try_from(self.pages.len()).unwrap_or(u64::MAX);
        self.cut = !at_an_end && (read >= self.asked.most || self.is_in_a_wide_gap());
        at_an_end || self.cut
    }

    /// On the way back a search leads over what is missing. On the way on it leads to the page before that, so that there is no bound.
    fn is_in_a_wide_gap(&self) -> bool {
        self.missing > MISSING && !matches!(self.asked.place, Place::After(_))
    }

    /// Where older entries go on behind what was looked through. In a gap it is the place of the entry that is missing first: the page that it would
    /// be in, had it not been lost, is the one before the gap.
    fn stopped_at(&self, lowest: Option<u64>) -> Option<u64> {
        if self.is_in_a_wide_gap() {
            return Some(lowest.map_or(u64::MAX, |lowest| lowest.saturating_sub(1)));
        }
        lowest
    }

    fn is_wanted(&self, kept: &Kept) -> bool {
        let Leafing { since, until, .. } = self.asked;
        since.is_none_or(|since| kept.at >= since)
            && until.is_none_or(|until| kept.at < until)
            && (self.wanted)(&kept.deed)
    }

    /// One more than was asked for shows that there are more.
    fn is_full(&self) -> bool {
        self.entries.len() > self.asked.rows
    }

    /// The entries of a page; the page is among what was looked through.
    fn opened(&mut self, lines: String) -> Vec<Line> {
        let read = lines.lines().filter_map(Kept::of_line);
        let read: Vec<Line> = read.map(|(kept, _, intact)| Line { kept, intact }).collect();
        for Line { kept, .. } in &read {
            let (first, last) = self.looked.unwrap_or((kept.seq, kept.seq));
            self.looked = Some((first.min(kept.seq), last.max(kept.seq)));
        }
        self.pages.push(lines);
        read
    }

    fn take_back(&mut self, lines: String, before: Option<u64>) -> Next {
        let read = self.opened(lines);
        let newest = read.iter().map(|line| line.kept.at).max();
        for line in read.into_iter().rev() {
            if before.is_none_or(|place| line.kept.seq < place) && self.is_wanted(&line.kept) {
                self.entries.push(line);
                if self.is_full() {
                    return Next::Enough;
                }
            }
        }
        let since = self.asked.since.and_then(|since| since.checked_sub(ROOM).ok());
        match newest.zip(since) {
            Some((newest, since)) if newest < since => Next::Enough,
            _ => Next::More,
        }
    }

    fn take_on(&mut self, lines: String, after: u64) -> Next {
        let read = self.opened(lines);
        let oldest = read.iter().map(|line| line.kept.at).min();
        for line in read {
            if line.kept.seq > after && self.is_wanted(&line.kept) {
                self.entries.push(line);
                if self.is_full() {
                    return Next::Enough;
                }
            }
        }
        let until = self.asked.until.and_then(|until| until.checked_add(ROOM).ok());
        match oldest.zip(until) {
            Some((oldest, until)) if oldest >= until => Next::Enough,
            _ => Next::More,
        }
    }

    fn leaf(mut self, head: Result<Option<Head>, Broken>) -> Leaf {
        let more = self.is_full();
        self.entries.truncate(self.asked.rows);
        let last_read = self.entries.last().map(|line| line.kept.seq);
        let newest = head.as_ref().map_or(u64::MAX, |head| head.as_ref().map_or(0, |head| head.seq));
        let (lowest, highest) = self.looked.map_or((None, None), |(low, high)| (Some(low), Some(high)));
        let goes_on = |looked_to: Option<u64>| {
            if more { last_read } else { looked_to.filter(|_| self.cut) }
        };
        let lowest = self.stopped_at(lowest);
        let (older, newer) = match self.asked.place {
            Place::Newest => (goes_on(lowest), None),
            Place::Before(place) => {
                (goes_on(lowest), Some(place.saturating_sub(1)).filter(|place| *place < newest))
            }
            Place::After(place) => (Some(place.saturating_add(1)).filter(|_| place > 0), goes_on(highest)),
        };
        if matches!(self.asked.place, Place::After(_)) {
            self.entries.reverse();
        } else {
            self.pages.reverse();
        }
        let whole = verify(self.pages.iter().flat_map(|page| page.lines()), None);
        let (head, whole) = match head {
            Ok(head) => (head, whole),
            Err(broken) => (None, whole.and(Err(broken))),
        };
        Leaf {
            entries: self.entries,
            looked: self.looked,
            whole,
            missing: self.missing > 0,
            cut: self.cut,
            older,
            newer,
            head,
        }
    }
}
