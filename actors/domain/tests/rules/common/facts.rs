//! Facts as Zoom would send them.

use super::at;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::id::{
    InstanceUuid, MeetingId, ParticipantUuid, RegistrantId, SessionUserId, ZoomUserId,
};
use vestibule_domain::shard::stable_hash;
use vestibule_domain::time::Span;

/// The meeting that a story's fake Zoom makes first.
pub const MEETING: MeetingId = MeetingId(85_012_345_678);

/// A fact at some second of the story, in an instance; sent half a second later.
pub fn fact(kind: FactKind, uuid: &str, second: i64) -> Fact {
    Fact {
        meeting: MEETING,
        instance: Some(InstanceUuid::new(uuid).unwrap()),
        instance_started: None,
        host: Some(user("dr")),
        kind,
        session: None,
        at: at(second),
        sent: at(second) + Span(500),
    }
}

/// A fact about somebody's join.
pub fn of(keys: &SessionKeys, kind: FactKind, uuid: &str, second: i64) -> Fact {
    Fact { session: Some(keys.clone()), ..fact(kind, uuid, second) }
}

/// The Zoom user that a provider is found as.
pub fn user(name: &str) -> ZoomUserId {
    ZoomUserId::new(format!("zoom-{name}")).unwrap()
}

/// What a person's personal link into a meeting is known by.
pub fn registrant(name: &str, meeting: MeetingId) -> RegistrantId {
    RegistrantId::new(format!("reg-{name}-{meeting}")).unwrap()
}

/// A signed-in provider's join by some device.
pub fn provider(name: &str, device: &str) -> SessionKeys {
    SessionKeys { zoom_user: Some(user(name)), ..anonymous(name, device) }
}

/// A patient's join by the personal link.
pub fn patient(name: &str, device: &str) -> SessionKeys {
    SessionKeys { registrant: Some(registrant(name, MEETING)), ..anonymous(name, device) }
}

/// A join of which nothing but the display name is known.
pub fn anonymous(name: &str, device: &str) -> SessionKeys {
    SessionKeys {
        participant: Some(ParticipantUuid::new(device).unwrap()),
        user: Some(SessionUserId::new(format!("user-{device}")).unwrap()),
        name_hash: Some(stable_hash(name.as_bytes())),
        ..SessionKeys::default()
    }
}

/// A telephone.
pub fn phone(device: &str) -> SessionKeys {
    SessionKeys { phone: true, ..anonymous(device, device) }
}

/// The same person without what names the join, as events before the host come.
pub fn unnamed(keys: &SessionKeys) -> SessionKeys {
    SessionKeys { participant: None, user: None, ..keys.clone() }
}

/// The same join named by its user id alone.
pub fn by_user_only(keys: &SessionKeys) -> SessionKeys {
    SessionKeys { user: keys.user.clone(), ..SessionKeys::default() }
}

/// The phone's join belongs to that of the computer.
pub fn bound_to(keys: &SessionKeys) -> FactKind {
    FactKind::Bound { to: keys.participant.clone(), to_user: keys.user.clone() }
}
