//! Links for people whom Epic does not know: an interpreter, a relative. A provider asks for one; it lets one person into one visit,
//! until it runs out or is revoked. A guest never turns a light on.

use super::Visit;
use super::decide::Deciding;
use super::launch::LaunchRefusal;
use super::participant::{ParticipantKey, Role};
use crate::id::{BrowserHash, CommandId, Csn, GuestLinkId, MeetingId, RegistrantId};
use crate::intent::ZoomCall;
use crate::name::Phi;
use crate::policy::GuestRules;
use crate::time::Moment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A visit has at most so many links that are good; one more waits until one of them runs out or is revoked.
pub const MOST_GUEST_LINKS: usize = 16;
/// Links that are good no more are remembered up to this, with those that are.
const MOST_REMEMBERED: usize = 64;

/// One link, for one person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuestLink {
    /// When it was asked for.
    pub made_at: Moment,
    /// For whom, as the provider called them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Phi>,
    /// It opens nothing from then on. Whoever has come by then stays.
    pub expires_at: Moment,
    /// From then on nobody gets in by it, nor by a link of Zoom's that it led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Moment>,
    /// Whose birth date opens it, by the patient's own CSN; of a one-to-one visit there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_csn: Option<Csn>,
    /// Answers that were wrong.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub wrong_answers: BTreeSet<CommandId>,
    /// Where somebody answered rightly.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub browsers: BTreeSet<BrowserHash>,
    /// Text messages with it that were to be sent.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub messages: BTreeSet<CommandId>,
    /// Registrants of the guest that Zoom lets in no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cancelled: BTreeSet<RegistrantId>,
}

impl GuestLink {
    /// Whether somebody can still come by it.
    #[must_use]
    pub fn is_good(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Whether one more text message with it may be sent.
    #[must_use]
    pub fn may_be_sent(&self, rules: GuestRules, now: Moment) -> bool {
        let sent = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        self.is_good(now) && !self.is_locked(rules) && sent < rules.messages
    }
}

/// What a link is asked for with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invitation {
    /// See [`GuestLink::name`].
    pub name: Option<Phi>,
    /// See [`GuestLink::expires_at`].
    pub expires_at: Moment,
    /// See [`GuestLink::patient_csn`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_csn: Option<Csn>,
}

/// Who comes by a link.
#[must_use]
pub fn guest_of(link: &GuestLinkId) -> ParticipantKey {
    ParticipantKey::new(Role::Guest, link.as_reference())
}

impl Visit {
    /// Whether one more link may be asked for.
    #[must_use]
    pub fn may_invite(&self, now: Moment) -> bool {
        self.guests.values().filter(|link| link.is_good(now)).count() < MOST_GUEST_LINKS
    }

    /// The link by which a guest came.
    fn link_of(&self, guest: &ParticipantKey) -> Option<(&GuestLinkId, &GuestLink)> {
        self.guests.iter().find(|(id, _)| guest_of(id) == *guest)
    }

    /// Whether a person may be given links into the meeting: a guest may not, once theirs was revoked.
    pub(super) fn is_welcome(&self, who: &ParticipantKey) -> bool {
        who.role() != Role::Guest || self.link_of(who).is_some_and(|(_, link)| link.revoked_at.is_none())
    }

    /// Why somebody who comes as a guest may not; `None` for anybody else.
    pub(super) fn refuses_guest(&self, who: &ParticipantKey, now: Moment) -> Option<LaunchRefusal> {
        if who.role() != Role::Guest {
            return None;
        }
        match self.link_of(who) {
            Some((_, link)) if link.revoked_at.is_some() => Some(LaunchRefusal::Revoked),
            Some((_, link)) if now < link.expires_at => None,
            _ => Some(LaunchRefusal::Expired),
        }
    }

    /// Registrants of revoked guests in a meeting whom Zoom still lets in.
    pub(super) fn registrants_to_cancel(&self, meeting: MeetingId) -> Option<ZoomCall> {
        let registrants: Vec<RegistrantId> = self
            .guests
            .iter()
            .filter(|(_, link)| link.revoked_at.is_some())
            .filter_map(|(id, link)| Some((self.participants.get(&guest_of(id))?, link)))
            .filter(|(guest, _)| guest.link.as_ref().is_some_and(|link| link.meeting == meeting))
            .flat_map(|(guest, link)| guest.registrants.difference(&link.cancelled).cloned())
            .collect();
        (!registrants.is_empty()).then_some(ZoomCall::CancelRegistrants { meeting, registrants })
    }
}

impl Deciding<'_> {
    /// A link beyond the bound is not made; the door sees that there is none.
    pub(super) fn guest_invited(&mut self, link: &GuestLinkId, at: Moment, asked: &Invitation) {
        let now = self.now;
        if self.visit.guests.contains_key(link) || !self.visit.may_invite(now) {
            return;
        }
        while self.visit.guests.len() >= MOST_REMEMBERED {
            let oldest = self.visit.guests.iter().filter(|(_, link)| !link.is_good(now));
            let Some(oldest) = oldest.min_by_key(|(_, link)| link.made_at).map(|(id, _)| id.clone()) else {
                return;
            };
            self.visit.guests.remove(&oldest);
        }
        let Invitation { name, expires_at, patient_csn } = asked.clone();
        let made = GuestLink {
            made_at: at,
            name,
            expires_at,
            revoked_at: None,
            patient_csn,
            wrong_answers: BTreeSet::new(),
            browsers: BTreeSet::new(),
            messages: BTreeSet::new(),
            cancelled: BTreeSet::new(),
        };
        self.visit.guests.insert(link.clone(), made);
    }

    pub(super) fn guest_revoked(&mut self, link: &GuestLinkId, at: Moment) {
        if let Some(link) = self.visit.guests.get_mut(link) {
            link.revoked_at = link.revoked_at.map_or(Some(at), |before| Some(before.min(at)));
        }
    }

    /// A message beyond the bound is not listed, and so not sent.
    pub(super) fn guest_texted(&mut self, id: &CommandId, link: &GuestLinkId) {
        let (now, rules) = (self.now, self.policy.guests);
        if let Some(link) = self.visit.guests.get_mut(link).filter(|link| link.may_be_sent(rules, now)) {
            link.messages.insert(id.clone());
        }
    }

    pub(super) fn registrants_cancelled(&mut self, registrants: &[RegistrantId]) {
        for (id, link) in self.visit.guests.iter_mut().filter(|(_, link)| link.revoked_at.is_some()) {
            let guest = self.visit.participants.get(&guest_of(id));
            let his = guest.into_iter().flat_map(|guest| &guest.registrants);
            link.cancelled.extend(his.filter(|one| registrants.contains(one)).cloned());
        }
    }
}
