//! Birth dates of a visit's patients, and guests who answer with one before their link opens.
//!
//! Answers commute: a link keeps the ids of the wrong ones and the browsers of the right ones, so that in whatever order and however often
//! they come, as many count as there were.

use super::Visit;
use super::decide::Deciding;
use super::guest::GuestLink;
use super::launch::binding_by;
use crate::birth_date::BirthDate;
use crate::id::{BrowserHash, CommandId, Csn, FhirReference, GuestLinkId};
use crate::policy::GuestRules;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// A visit knows at most so many birth dates.
const MOST_BIRTHS: usize = super::MOST_PARTICIPANTS;
/// One link opens in at most so many browsers; it is for one person.
const MOST_BROWSERS: usize = 16;

/// When a patient was born, as Epic said last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Birth {
    /// When that was.
    pub learned_at: Moment,
    /// The day.
    pub date: BirthDate,
    /// Whose it is, where the launch said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<FhirReference>,
}

impl GuestLink {
    /// Whether no answer counts any more, since too many were wrong. Whoever has answered before stays welcome.
    #[must_use]
    pub fn is_locked(&self, rules: GuestRules) -> bool {
        let wrong = u32::try_from(self.wrong_answers.len()).unwrap_or(u32::MAX);
        wrong >= rules.wrong_answers || self.browsers.len() >= MOST_BROWSERS
    }

    /// Whether somebody has answered rightly in this browser.
    #[must_use]
    pub fn knows(&self, browser: &BrowserHash) -> bool {
        self.browsers.contains(browser)
    }
}

impl Visit {
    /// When the patient of this CSN was born; a one-to-one visit has one patient, whatever CSN is named.
    #[must_use]
    pub fn birth_date(&self, csn: Option<&Csn>) -> Option<BirthDate> {
        let key = binding_by(self, csn);
        let birth = self.births.get(&key)?;
        let bound = self.bound.get(&key).zip(birth.patient.as_ref());
        bound.is_none_or(|(bound, patient)| bound == patient).then_some(birth.date)
    }

    /// The date that opens a link.
    #[must_use]
    pub fn answer_to(&self, link: &GuestLink) -> Option<BirthDate> {
        self.birth_date(link.patient_csn.as_ref())
    }
}

impl Deciding<'_> {
    /// What Epic said last stands. A date of another patient than the visit's is not learned.
    pub(super) fn birth_date_learned(
        &mut self,
        at: Moment,
        csn: Option<&Csn>,
        patient: Option<&FhirReference>,
        date: BirthDate,
    ) {
        // A conference has as many patients as CSNs, and without one nobody can say whose date it is.
        if self.visit.csn().is_none() && csn.is_none() {
            return;
        }
        let key = binding_by(&self.visit, csn);
        let room = self.visit.births.len() < MOST_BIRTHS || self.visit.births.contains_key(&key);
        if !room || !self.visit.may_be_about(csn, patient) {
            return;
        }
        let known = self.visit.births.get(&key);
        if known.is_none_or(|known| (known.learned_at, known.date) < (at, date)) {
            self.visit.births.insert(key, Birth { learned_at: at, date, patient: patient.cloned() });
        }
    }

    /// An answer counts while the link is good and not locked, and there is something to hold it against.
    pub(super) fn guest_answered(
        &mut self,
        id: &CommandId,
        link: &GuestLinkId,
        browser: &BrowserHash,
        answer: BirthDate,
    ) {
        let (now, rules) = (self.now, self.policy.guests);
        let right = self.visit.guests.get(link).and_then(|link| self.visit.answer_to(link));
        let open = self.visit.guests.get_mut(link).filter(|link| link.is_good(now) && !link.is_locked(rules));
        let (Some(link), Some(right)) = (open, right) else { return };
        if answer == right {
            link.browsers.insert(browser.clone());
        } else {
            link.wrong_answers.insert(id.clone());
        }
    }
}
