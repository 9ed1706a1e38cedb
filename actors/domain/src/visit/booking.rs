//! What Epic says of the appointment behind a visit: who leads it, when it is, and whether it was called off.
//!
//! It comes with launches, where Epic lets us read it. In a group visit each patient has an appointment of their own.

use super::decide::Deciding;
use super::participant::{ParticipantKey, Role};
use super::{LaunchRefusal, Visit};
use crate::command::Launch;
use crate::id::FhirReference;
use crate::name::Phi;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// A visit knows at most so many appointments; what is said of more is not kept.
const MOST_BOOKINGS: usize = super::MOST_PARTICIPANTS;

/// The provider who leads an encounter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EncounterProvider {
    /// Such as `Practitioner/e3M`: the one under which this provider launches.
    pub fhir_user: FhirReference,
    /// As patients may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Phi>,
}

/// What Epic said of an appointment at one time. What it did not say is absent, and changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BookingRead {
    /// When it said so.
    pub at: Moment,
    /// Who leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<EncounterProvider>,
    /// Whether it was cancelled, missed, or a mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_off: Option<bool>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Moment>,
}

/// An appointment as it is known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Booking {
    /// When Epic was last heard about it.
    pub read_at: Moment,
    /// Who leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<EncounterProvider>,
    /// Since when nobody is to come. It may be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_off: Option<Moment>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Moment>,
    /// It once began at another time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

impl Booking {
    /// What was said later stands, whichever launch brings it first.
    fn learn(&mut self, read: &BookingRead) {
        if read.at < self.read_at {
            return;
        }
        self.read_at = read.at;
        if let Some(provider) = &read.provider {
            let known = self.provider.take().filter(|known| known.fhir_user == provider.fhir_user);
            let name = provider.name.clone().or_else(|| known?.name);
            self.provider = Some(EncounterProvider { name, ..provider.clone() });
        }
        match read.called_off {
            Some(true) => self.called_off = self.called_off.or(Some(read.at)),
            Some(false) => self.called_off = None,
            None => {}
        }
        if let Some(starts) = read.starts {
            self.moved |= self.starts.is_some_and(|known| known != starts);
            self.starts = Some(starts);
        }
    }

    /// The time that it was moved to, while that is ahead.
    #[must_use]
    pub fn moved_to(&self, now: Moment) -> Option<Moment> {
        self.starts.filter(|starts| self.moved && *starts > now)
    }
}

impl Visit {
    /// The appointment of one person: in a one-to-one visit everybody has the same.
    #[must_use]
    pub fn booking_of(&self, participant: &ParticipantKey) -> Option<&Booking> {
        let own = || self.participants.get(participant)?.csn.as_ref().map(ToString::to_string);
        let key = if self.csn().is_some() { Some(String::new()) } else { own() };
        self.bookings.get(&key?)
    }

    /// Since when Epic has called the whole visit off. That of one patient leaves a group to the others.
    #[must_use]
    pub fn called_off(&self) -> Option<Moment> {
        self.csn().and_then(|_| self.bookings.get("")?.called_off)
    }

    /// Whether Epic called it off for one person. The providers of a group have the others.
    #[must_use]
    pub fn is_called_off_for(&self, participant: &ParticipantKey) -> bool {
        let concerns = self.csn().is_some() || participant.role() != Role::Provider;
        concerns && self.booking_of(participant).is_some_and(|booking| booking.called_off.is_some())
    }

    /// Whether a participant is the encounter provider.
    #[must_use]
    pub fn is_led_by(&self, participant: &ParticipantKey) -> bool {
        let leads = |provider: &EncounterProvider| provider.fhir_user == *participant.fhir_user();
        participant.role() == Role::Provider
            && self.bookings.values().filter_map(|booking| booking.provider.as_ref()).any(leads)
    }
}

impl Deciding<'_> {
    /// Takes in what came with a launch, which is refused where the appointment of whoever launched is called off.
    pub(super) fn learn_booking(&mut self, launch: &Launch) -> Result<(), LaunchRefusal> {
        let key = super::launch::binding_of(&self.visit, launch);
        let room = self.visit.bookings.len() < MOST_BOOKINGS || self.visit.bookings.contains_key(&key);
        if let Some(read) = launch.booking.as_ref().filter(|_| room) {
            // A door whose clock is ahead must not outweigh what is said later.
            let read = BookingRead { at: read.at.min(self.now), ..read.clone() };
            self.visit.bookings.entry(key.clone()).or_default().learn(&read);
        }
        let concerns = self.visit.csn().is_some() || launch.role != Role::Provider;
        match self.visit.bookings.get(&key).and_then(|booking| booking.called_off) {
            Some(_) if concerns => Err(LaunchRefusal::CalledOff),
            _ => Ok(()),
        }
    }
}
