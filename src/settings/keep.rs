//! How long an organization's things are kept: what it says itself, and where it says nothing, what `[limits]` says for all.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::{Read, Section};
use super::service::{DAY, HOUR, Limits, seconds};

pub(super) const VISITS: RangeInclusive<Duration> = seconds(2 * HOUR)..=seconds(90 * DAY);
pub(super) const RECORDS: RangeInclusive<Duration> = seconds(DAY)..=seconds(3650 * DAY);
pub(super) const AUDIT: RangeInclusive<Duration> = seconds(DAY)..=seconds(7300 * DAY);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    visits: Option<Duration>,
    records: Option<Duration>,
    audit: Option<Duration>,
}

impl Keep {
    /// How long a visit is kept after its reopening time.
    pub fn visits(&self, limits: &Limits) -> Duration {
        self.visits.unwrap_or(limits.visit_life)
    }

    /// How long notification records and what goes with them are kept.
    pub fn records(&self, limits: &Limits) -> Duration {
        self.records.unwrap_or(limits.record_life)
    }

    /// How long entries of its audit are kept.
    pub fn audit(&self, limits: &Limits) -> Duration {
        self.audit.unwrap_or(limits.audit_life)
    }
}

pub(super) fn read_keep(section: &mut Section<'_>) -> Read<Keep> {
    let visits = section.optional_duration("visits", VISITS);
    let records = section.optional_duration("records", RECORDS);
    let audit = section.optional_duration("audit", AUDIT);
    Ok(Keep { visits: visits?, records: records?, audit: audit? })
}
