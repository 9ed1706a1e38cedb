//! Zoom's accounts as they really are: users, meetings and their instances, registrants. What people do there is in [`super::rooms`].

use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::id::{
    InstanceUuid, Marker, MeetingId, OrganizationId, RegistrantId, VisitKey, ZoomUserId,
};
use vestibule_domain::intent::{IntentOutcome, MadeMeeting, MeetingSettings, Personal, ZoomCall};
use vestibule_domain::name::PersonalLink;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::attendance::Attendance;
use vestibule_domain::visit::participant::ParticipantKey;

use super::users::StandIn;
use crate::chance::Chance;
use crate::scenario::{Everyday, OrganizationPlan, Scenario};

/// A device of somebody.
pub type DeviceId = u64;

/// An event that Zoom has to tell.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whose.
    pub organization: OrganizationId,
    /// What.
    pub fact: Fact,
}

/// A start of a meeting.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub uuid: InstanceUuid,
    /// When it began, in whole seconds.
    pub since: Moment,
}

/// A meeting.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Its id.
    pub id: MeetingId,
    /// Whose.
    pub organization: OrganizationId,
    /// What it was made with.
    pub marker: Marker,
    /// Its host.
    pub host: ZoomUserId,
    /// The settings that hold.
    pub settings: MeetingSettings,
    /// Who else may start it.
    pub alternatives: BTreeSet<ZoomUserId>,
    /// Whose link each registrant's is.
    pub registrants: BTreeMap<RegistrantId, ParticipantKey>,
    /// It was removed.
    pub deleted: bool,
    /// How often it was started.
    pub starts: u32,
    /// The start that runs.
    pub running: Option<Run>,
    /// When it last began or ended.
    pub changed: Moment,
}

/// Where a device is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// On Zoom's screen before the host; whether Zoom said so.
    BeforeHost {
        /// It did.
        announced: bool,
    },
    /// In the waiting room.
    WaitingRoom {
        /// The host sent it there from the meeting.
        was_inside: bool,
    },
    /// In the meeting.
    Meeting,
}

/// A device in, or in front of, a meeting.
#[derive(Clone, Debug)]
pub struct Device {
    /// Of whom.
    pub who: ParticipantKey,
    /// Where to.
    pub meeting: MeetingId,
    /// How Zoom names this join.
    pub keys: SessionKeys,
    /// Where it is.
    pub place: Place,
    /// It is dead, and Zoom has not noticed.
    pub dead: bool,
    /// When it came.
    pub since: Moment,
}

/// Zoom.
#[derive(Debug)]
pub struct Zooms {
    pub(super) organizations: Vec<OrganizationPlan>,
    pub(super) everyday: Everyday,
    pub(super) meetings: BTreeMap<MeetingId, Meeting>,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) said: Vec<Said>,
    /// Joins that will never be told if the device leaves before they are.
    pub(super) withheld: BTreeMap<DeviceId, Said>,
    /// Users that stand for patients, by their tags.
    pub(super) stand_ins: BTreeMap<Marker, StandIn>,
    /// Who was in each instance, as far as they have left it.
    pub(super) stays: BTreeMap<InstanceUuid, Vec<Attendance>>,
    /// Meetings whose last end was never told.
    pub(super) ends_untold: BTreeSet<MeetingId>,
    pub(super) numbers: u64,
    pub(super) chance: Chance,
    /// Calls that may still have an effect, and events on their way.
    pub(super) under_way: usize,
}

impl Zooms {
    /// Empty accounts.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            organizations: scenario.organizations.clone(),
            everyday: scenario.everyday,
            meetings: BTreeMap::new(),
            devices: BTreeMap::new(),
            said: Vec::new(),
            withheld: BTreeMap::new(),
            stand_ins: BTreeMap::new(),
            stays: BTreeMap::new(),
            ends_untold: BTreeSet::new(),
            numbers: 0,
            chance: Chance::stream(scenario.seed, "zoom", 0),
            under_way: 0,
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// A meeting.
    #[must_use]
    pub fn meeting(&self, id: MeetingId) -> Option<&Meeting> {
        self.meetings.get(&id)
    }

    /// All meetings that were ever made.
    pub fn meetings(&self) -> impl Iterator<Item = &Meeting> {
        self.meetings.values()
    }

    /// All devices.
    pub fn devices(&self) -> impl Iterator<Item = (&DeviceId, &Device)> {
        self.devices.iter()
    }

    /// What is under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way + self.said.len()
    }

    /// Whether the end of a meeting's last run was never told.
    #[must_use]
    pub fn has_untold_end(&self, id: MeetingId) -> bool {
        self.ends_untold.contains(&id)
    }

    /// Whose link it is, and into which meeting.
    #[must_use]
    pub fn whose_link(&self, link: &PersonalLink) -> Option<(MeetingId, RegistrantId, ParticipantKey)> {
        self.meetings.values().find_map(|meeting| {
            let mine = |registrant: &&RegistrantId| link_of(meeting.id, registrant) == *link;
            let registrant = meeting.registrants.keys().find(mine)?;
            Some((meeting.id, registrant.clone(), meeting.registrants.get(registrant)?.clone()))
        })
    }

    /// Has an effect, and answers. A call that only reads may be made as often as one likes.
    pub fn make(&mut self, organization: &OrganizationId, call: &ZoomCall, now: Moment) -> IntentOutcome {
        match call {
            ZoomCall::EnsureProvider { provider, .. } => {
                IntentOutcome::Provider { user: user_of(provider), licensed: true }
            }
            ZoomCall::CreateMeeting { host, marker, settings } => {
                IntentOutcome::Made(self.create(organization, host, marker, *settings, now))
            }
            ZoomCall::FindMeetings { host, marker } => {
                let marked =
                    |m: &&Meeting| m.organization == *organization && m.host == *host && m.marker == *marker;
                let mut found: Vec<&Meeting> = self.meetings.values().filter(marked).collect();
                found.retain(|meeting| !meeting.deleted);
                found.sort_by_key(|meeting| meeting.running.is_none());
                IntentOutcome::Found(found.into_iter().map(made).collect())
            }
            ZoomCall::DeleteMeeting { meeting } => {
                self.delete(*meeting, now);
                IntentOutcome::Deleted
            }
            ZoomCall::SetAlternativeHosts { meeting, others, .. } => match self.there(*meeting) {
                Some(there) => {
                    there.alternatives = others.iter().cloned().collect();
                    IntentOutcome::AlternativesSet { stand: others.clone() }
                }
                None => IntentOutcome::MeetingGone,
            },
            ZoomCall::Register { participant, meeting, by: Personal::Registrant, .. } => {
                self.register(*meeting, participant)
            }
            ZoomCall::Register { participant, by: Personal::TemporaryUser { tag }, .. } => {
                self.make_user(participant, tag)
            }
            // No organization asks for these: of who comes twice under one name Zoom itself does not know the truth.
            ZoomCall::Register { by: Personal::InviteLink { .. }, .. } => IntentOutcome::NotBegun,
            ZoomCall::RemoveUser { tag, .. } => self.remove_user(tag),
            ZoomCall::CancelRegistrants { meeting, registrants } => match self.there(*meeting) {
                Some(there) => {
                    there.registrants.retain(|registrant, _| !registrants.contains(registrant));
                    IntentOutcome::RegistrantsCancelled
                }
                None => IntentOutcome::MeetingGone,
            },
            ZoomCall::EndMeeting { meeting } => match self.there(*meeting) {
                Some(_) => {
                    self.end(*meeting, now, true);
                    IntentOutcome::Ended
                }
                None => IntentOutcome::MeetingGone,
            },
            ZoomCall::AskRegistration { meeting, .. } | ZoomCall::ReadMeeting { meeting } => {
                match self.there(*meeting) {
                    Some(there) => {
                        IntentOutcome::Read { started: there.running.is_some(), effective: there.settings }
                    }
                    None => IntentOutcome::MeetingGone,
                }
            }
            ZoomCall::ReadAttendance { instance, .. } => IntentOutcome::Attended(self.listed(instance)),
            ZoomCall::IndexMeeting { .. } => IntentOutcome::NotBegun,
        }
    }

    /// Zoom lists nobody where only one was there, nor while the instance runs.
    fn listed(&self, instance: &InstanceUuid) -> Vec<Attendance> {
        let runs = |meeting: &Meeting| meeting.running.as_ref().is_some_and(|run| run.uuid == *instance);
        let stays = self.stays.get(instance).filter(|_| !self.meetings.values().any(runs));
        stays.filter(|stays| stays.len() > 1).cloned().unwrap_or_default()
    }

    fn there(&mut self, id: MeetingId) -> Option<&mut Meeting> {
        self.meetings.get_mut(&id).filter(|meeting| !meeting.deleted)
    }

    fn create(
        &mut self,
        organization: &OrganizationId,
        host: &ZoomUserId,
        marker: &Marker,
        asked: MeetingSettings,
        now: Moment,
    ) -> MadeMeeting {
        let id = MeetingId(85_000_000_000 + self.number());
        let plan = self.organizations.iter().find(|plan| plan.id == *organization);
        let meeting = Meeting {
            id,
            organization: organization.clone(),
            marker: marker.clone(),
            host: host.clone(),
            settings: plan.map_or(asked, |plan| plan.effective(asked)),
            alternatives: BTreeSet::new(),
            registrants: BTreeMap::new(),
            deleted: false,
            starts: 0,
            running: None,
            changed: Moment(0),
        };
        let answer = made(&meeting);
        self.meetings.insert(id, meeting);
        self.say(id, FactKind::Created, None, now);
        answer
    }

    fn register(&mut self, id: MeetingId, participant: &ParticipantKey) -> IntentOutcome {
        // Zoom gives whoever registers again under the same address the same registrant; under another one another.
        let (number, another) = (self.number(), self.chance.percent(50));
        let Some(there) = self.there(id) else { return IntentOutcome::MeetingGone };
        let before = there.registrants.iter().find(|(_, whose)| *whose == participant);
        let before = before.map(|(registrant, _)| registrant.clone()).filter(|_| !another);
        let registrant =
            before.unwrap_or_else(|| RegistrantId::new(format!("r{number}")).expect("printable"));
        there.registrants.insert(registrant.clone(), participant.clone());
        IntentOutcome::Registered { link: link_of(id, &registrant), registrant }
    }

    fn delete(&mut self, id: MeetingId, now: Moment) {
        if self.there(id).is_none() {
            return;
        }
        self.end(id, now, true);
        self.say(id, FactKind::Deleted, None, now);
        if let Some(meeting) = self.meetings.get_mut(&id) {
            meeting.deleted = true;
        }
        let here: Vec<DeviceId> =
            self.devices.iter().filter(|(_, device)| device.meeting == id).map(|(id, _)| *id).collect();
        here.iter().for_each(|device| drop(self.devices.remove(device)));
    }

    // === telling ===

    /// An event about a meeting, as Zoom words it.
    pub(super) fn event(
        &self,
        id: MeetingId,
        kind: FactKind,
        session: Option<SessionKeys>,
        now: Moment,
    ) -> Option<Said> {
        let meeting = self.meetings.get(&id)?;
        let of_instance = !matches!(
            kind,
            FactKind::Created | FactKind::Deleted | FactKind::WaitingForHost | FactKind::LeftWaitingForHost
        );
        let run = meeting.running.as_ref().filter(|_| of_instance);
        Some(Said {
            organization: meeting.organization.clone(),
            fact: Fact {
                meeting: id,
                instance: run.map(|run| run.uuid.clone()),
                instance_started: run.map(|run| run.since),
                host: Some(meeting.host.clone()),
                kind,
                session,
                at: now.whole_second(),
                sent: now,
            },
        })
    }

    pub(super) fn say(&mut self, id: MeetingId, kind: FactKind, keys: Option<SessionKeys>, now: Moment) {
        let said = self.event(id, kind, keys, now);
        self.said.extend(said);
    }

    /// What has to be told since this was last asked.
    pub fn take_said(&mut self) -> Vec<Said> {
        let said = std::mem::take(&mut self.said);
        self.under_way += said.len();
        said
    }

    /// Something is under way that Zoom will tell of.
    pub fn departs(&mut self) {
        self.under_way += 1;
    }

    /// What was under way has come to its end.
    pub fn arrived(&mut self) {
        self.under_way -= 1;
    }

    /// All is well from now on: no more joins are lost, and what was withheld about people who are there is told.
    pub fn lose_no_more(&mut self) {
        self.everyday.lost = 0;
        let withheld = std::mem::take(&mut self.withheld);
        self.said.extend(withheld.into_values());
    }

    /// Meetings of a visit that somebody is in, by the markers of all visits.
    #[must_use]
    pub fn lived_in<'a>(
        &'a self,
        visit: &VisitKey,
        whose: impl Fn(&Marker) -> Option<&'a VisitKey>,
    ) -> Vec<MeetingId> {
        let inside =
            |id: MeetingId| self.devices.values().any(|d| d.meeting == id && d.place == Place::Meeting);
        let of_visit =
            self.meetings.values().filter(|m| m.running.is_some() && whose(&m.marker) == Some(visit));
        of_visit.map(|meeting| meeting.id).filter(|id| inside(*id)).collect()
    }
}

/// The link of a registrant.
fn link_of(meeting: MeetingId, registrant: &RegistrantId) -> PersonalLink {
    PersonalLink::new(format!("https://zoom.example/w/{meeting}?tk={registrant}"))
}

/// The Zoom user of a provider.
#[must_use]
pub fn user_of(provider: &ParticipantKey) -> ZoomUserId {
    ZoomUserId::new(format!("user of {provider:?}")).expect("printable")
}

fn made(meeting: &Meeting) -> MadeMeeting {
    MadeMeeting {
        meeting: meeting.id,
        host: meeting.host.clone(),
        effective: meeting.settings,
        join_url: PersonalLink::new(format!("https://zoom.example/j/{}", meeting.id)),
        dial_in: None,
    }
}
