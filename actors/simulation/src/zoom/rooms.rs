//! What people do in Zoom, and what Zoom tells of it. Its events are never wrong, though some are never told: those only that something
//! else makes good.

use vestibule_domain::fact::{FactKind, SessionKeys};
use vestibule_domain::id::{
    InstanceUuid, MeetingId, ParticipantUuid, RegistrantId, SessionUserId, ZoomUserId,
};
use vestibule_domain::time::Moment;
use vestibule_domain::visit::attendance::Attendance;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::truth::{Device, DeviceId, Place, Run, Zooms};

/// How somebody names himself at Zoom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pass {
    /// By a personal link.
    Registrant(RegistrantId),
    /// Signed in.
    User(ZoomUserId),
}

/// What became of somebody who opened a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// By this device; where to, the truth says.
    Here(DeviceId),
    /// The meeting is gone.
    Gone,
    /// The meeting ended a moment ago.
    Again,
}

impl Zooms {
    /// Somebody opens a link.
    pub fn arrive(&mut self, id: MeetingId, who: &ParticipantKey, pass: &Pass, now: Moment) -> Arrival {
        let Some(meeting) = self.meetings.get(&id).filter(|meeting| !meeting.deleted) else {
            return Arrival::Gone;
        };
        let may_start = match pass {
            Pass::User(user) => *user == meeting.host || meeting.alternatives.contains(user),
            Pass::Registrant(_) => false,
        };
        // Zoom names times by the second; two starts of one are not told apart.
        if meeting.running.is_none() && may_start && meeting.changed.whole_second() >= now.whole_second() {
            return Arrival::Again;
        }
        let device = self.number();
        if self.meetings.get(&id).is_some_and(|meeting| meeting.running.is_none()) {
            if !may_start {
                let announced = self.chance.percent(50);
                let keys = self.keys(pass);
                if announced {
                    self.say(id, FactKind::WaitingForHost, Some(unnamed(&keys)), now);
                }
                let place = Place::BeforeHost { announced };
                let (who, since) = (who.clone(), now);
                self.devices.insert(device, Device { who, meeting: id, keys, place, dead: false, since });
                return Arrival::Here(device);
            }
            self.start(id, now);
        }
        let keys = self.keys(pass);
        self.enter(device, id, who.clone(), keys, now);
        Arrival::Here(device)
    }

    fn keys(&mut self, pass: &Pass) -> SessionKeys {
        let number = self.number();
        let (registrant, zoom_user) = match pass {
            Pass::Registrant(registrant) => (Some(registrant.clone()), None),
            Pass::User(user) => (None, Some(user.clone())),
        };
        SessionKeys {
            participant: Some(ParticipantUuid::new(format!("join-{number}")).expect("printable")),
            user: Some(SessionUserId::new(format!("{number}")).expect("printable")),
            zoom_user,
            registrant,
            phone: false,
            name_hash: None,
        }
    }

    fn start(&mut self, id: MeetingId, now: Moment) {
        let number = self.number();
        let Some(meeting) = self.meetings.get_mut(&id) else { return };
        meeting.starts += 1;
        meeting.changed = now;
        let uuid = InstanceUuid::new(format!("U{number}+/==")).expect("base64");
        meeting.running = Some(Run { uuid, since: now.whole_second() });
        self.ends_untold.remove(&id);
        if !self.chance.percent(self.everyday.lost) {
            self.say(id, FactKind::Started, None, now);
        }
        let waiting =
            |device: &Device| device.meeting == id && matches!(device.place, Place::BeforeHost { .. });
        let waiting: Vec<DeviceId> =
            self.devices.iter().filter(|(_, device)| waiting(device)).map(|(id, _)| *id).collect();
        for device in waiting {
            if let Some(before) = self.devices.remove(&device) {
                let keys = self.keys(&pass_of(&before.keys));
                self.enter(device, id, before.who, keys, now);
            }
        }
    }

    fn enter(
        &mut self,
        device: DeviceId,
        id: MeetingId,
        who: ParticipantKey,
        keys: SessionKeys,
        now: Moment,
    ) {
        let waits = self.meetings.get(&id).is_some_and(|meeting| meeting.settings.waiting_room)
            && who.role() != Role::Provider;
        let place = if waits { Place::WaitingRoom { was_inside: false } } else { Place::Meeting };
        if waits {
            self.say(id, FactKind::JoinedWaitingRoom, Some(keys.clone()), now);
        } else {
            self.say_joined(device, id, &keys, now);
        }
        self.devices.insert(device, Device { who, meeting: id, keys, place, dead: false, since: now });
    }

    /// A join may never be told, where a later leave of the same one is.
    fn say_joined(&mut self, device: DeviceId, id: MeetingId, keys: &SessionKeys, now: Moment) {
        if self.chance.percent(self.everyday.lost) {
            if let Some(said) = self.event(id, FactKind::Joined, Some(keys.clone()), now) {
                self.withheld.insert(device, said);
            }
        } else {
            self.say(id, FactKind::Joined, Some(keys.clone()), now);
        }
    }

    /// A provider lets in whoever waits.
    pub fn admit_all(&mut self, id: MeetingId, now: Moment) -> usize {
        let waiting =
            |device: &Device| device.meeting == id && matches!(device.place, Place::WaitingRoom { .. });
        let waiting: Vec<DeviceId> =
            self.devices.iter().filter(|(_, d)| waiting(d) && !d.dead).map(|(id, _)| *id).collect();
        for device in &waiting {
            let Some(there) = self.devices.get_mut(device) else { continue };
            there.place = Place::Meeting;
            let keys = there.keys.clone();
            self.say(id, FactKind::Admitted, Some(keys.clone()), now);
            if self.chance.percent(30) {
                self.say(id, FactKind::LeftWaitingRoom, Some(keys.clone()), now);
            }
            self.say(id, FactKind::Joined, Some(keys), now);
        }
        waiting.len()
    }

    /// A provider sends somebody back.
    pub fn send_back(&mut self, id: MeetingId, now: Moment) {
        let inside =
            |d: &Device| d.meeting == id && d.place == Place::Meeting && d.who.role() != Role::Provider;
        let device = self.devices.iter().find(|(_, device)| inside(device)).map(|(id, _)| *id);
        let Some(there) = device.and_then(|device| self.devices.get_mut(&device)) else { return };
        there.place = Place::WaitingRoom { was_inside: true };
        let keys = there.keys.clone();
        self.say(id, FactKind::PutInWaitingRoom, Some(keys), now);
    }

    /// A device leaves.
    pub fn leave(&mut self, device: DeviceId, now: Moment) {
        let Some(gone) = self.devices.remove(&device) else { return };
        self.withheld.remove(&device);
        self.list(&gone, now);
        let id = gone.meeting;
        let alone = !self.devices.values().any(|d| d.meeting == id && d.place == Place::Meeting);
        let ends = gone.place == Place::Meeting && alone;
        let untold = ends && self.chance.percent(self.everyday.lost_ends);
        if !(untold && self.chance.percent(50)) {
            self.say_gone(&gone, now);
        }
        if ends {
            self.end(id, now, !untold);
        }
    }

    /// Zoom's list of who was there, which it gives out once the instance is over, has everybody, whatever its events told.
    fn list(&mut self, gone: &Device, now: Moment) {
        let running = self.meetings.get(&gone.meeting).and_then(|meeting| meeting.running.as_ref());
        let Some(run) = running.filter(|_| !matches!(gone.place, Place::BeforeHost { .. })) else { return };
        let stay = Attendance {
            keys: SessionKeys { participant: None, ..gone.keys.clone() },
            waiting_room: gone.place == Place::WaitingRoom { was_inside: false },
            joined: gone.since.whole_second(),
            left: now.whole_second(),
        };
        self.stays.entry(run.uuid.clone()).or_default().push(stay);
    }

    fn say_gone(&mut self, gone: &Device, now: Moment) {
        let by_user = SessionKeys { user: gone.keys.user.clone(), ..SessionKeys::default() };
        let (kind, keys) = match gone.place {
            Place::BeforeHost { announced: false } => return,
            Place::BeforeHost { announced: true } => (FactKind::LeftWaitingForHost, unnamed(&gone.keys)),
            Place::WaitingRoom { was_inside: false } => (FactKind::LeftWaitingRoom, gone.keys.clone()),
            Place::WaitingRoom { was_inside: true } | Place::Meeting => {
                (FactKind::Left, if self.chance.percent(10) { by_user } else { gone.keys.clone() })
            }
        };
        self.say(gone.meeting, kind, Some(keys), now);
    }

    /// The provider ends the meeting for all.
    pub fn end_for_all(&mut self, id: MeetingId, now: Moment) {
        let told = !self.chance.percent(self.everyday.lost_ends);
        self.end(id, now, told);
    }

    /// The run of a meeting ends, and everybody is out. Where that is not told, only a reading shows it.
    pub(super) fn end(&mut self, id: MeetingId, now: Moment, told: bool) {
        if self.meetings.get(&id).is_none_or(|meeting| meeting.running.is_none()) {
            return;
        }
        let here = |d: &Device| d.meeting == id && !matches!(d.place, Place::BeforeHost { .. });
        let here: Vec<DeviceId> = self.devices.iter().filter(|(_, d)| here(d)).map(|(id, _)| *id).collect();
        let everybody_is_said_to_leave = told && self.chance.percent(50);
        for device in here {
            self.withheld.remove(&device);
            let Some(gone) = self.devices.remove(&device) else { continue };
            self.list(&gone, now);
            if everybody_is_said_to_leave {
                self.say_gone(&gone, now);
            }
        }
        if told {
            self.say(id, FactKind::Ended, None, now);
        } else {
            self.ends_untold.insert(id);
        }
        if let Some(meeting) = self.meetings.get_mut(&id) {
            meeting.running = None;
            meeting.changed = now;
        }
    }

    /// A device dies. Zoom notices much later.
    pub fn dies(&mut self, device: DeviceId) {
        if let Some(there) = self.devices.get_mut(&device) {
            there.dead = true;
        }
    }

    /// Where a device is; nowhere when its meeting has ended.
    #[must_use]
    pub fn place(&self, device: DeviceId) -> Option<Place> {
        self.devices.get(&device).map(|device| device.place)
    }
}

/// Events before the host name no join.
fn unnamed(keys: &SessionKeys) -> SessionKeys {
    SessionKeys { participant: None, user: None, ..keys.clone() }
}

fn pass_of(keys: &SessionKeys) -> Pass {
    match (&keys.registrant, &keys.zoom_user) {
        (Some(registrant), _) => Pass::Registrant(registrant.clone()),
        (None, Some(user)) => Pass::User(user.clone()),
        (None, None) => Pass::User(ZoomUserId::new("nobody").expect("printable")),
    }
}
