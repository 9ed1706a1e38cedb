//! Whether a guest's link opens only for somebody who knows when the patient was born.

use vestibule_domain::birth_date::DateOrder;

use super::reader::{Choice, Read, Section};

/// More tries than this would be guessing.
const TRIES_MAX: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestBirthDate {
    pub check: bool,
    /// Wrong answers that lock a link.
    pub tries: u32,
    /// How the CONTEXT line writes a date.
    pub context_order: DateOrder,
}

impl Choice for DateOrder {
    const ALL: &'static [(&'static str, Self)] =
        &[("month-first", Self::MonthFirst), ("day-first", Self::DayFirst)];
}

pub(super) fn read_guest_birth_date(section: &mut Section<'_>) -> Read<GuestBirthDate> {
    let check = section.boolean("check");
    let tries = section.integer("tries", 1..=TRIES_MAX);
    let context_order = section.choice("context_order");
    Ok(GuestBirthDate { check: check?, tries: tries?, context_order: context_order? })
}
