//! Visits and records as they are stored.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;
use vestibule_actors::port::store::{Outcome, Record, RecordId};
use vestibule_domain::effect::Says;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::id::{
    ConferenceId, Csn, ExternalId, FhirReference, InstanceUuid, Marker, MeetingId, OrganizationId,
    SessionUserId, VisitId, VisitKey, ZoomUserId,
};
use vestibule_domain::intent::MeetingSettings;
use vestibule_domain::name::{PersonalLink, Phi};
use vestibule_domain::policy::{Admittance, PatientIdentity};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::participant::{Light, Participant, ParticipantKey, Presence, Role};
use vestibule_domain::visit::{Meeting, Phase, Visit};

use super::NOW;
use crate::configuration::Wanted;
use crate::settings::Values;

pub const MEETING: MeetingId = MeetingId(85_012_345_678);

pub fn organization(id: &str) -> OrganizationId {
    OrganizationId::new(id).unwrap()
}

pub fn csn(text: &str) -> Csn {
    Csn::new(text).unwrap()
}

pub fn key_of(organization_id: &str, text: &str) -> VisitKey {
    VisitKey { organization: organization(organization_id), visit: VisitId::Csn(csn(text)) }
}

pub fn key(text: &str) -> VisitKey {
    key_of("lakeside", text)
}

pub fn group_key(text: &str) -> VisitKey {
    VisitKey {
        organization: organization("lakeside"),
        visit: VisitId::Conference(ConferenceId::new(text).unwrap()),
    }
}

pub fn person(role: Role, fhir: &str) -> ParticipantKey {
    ParticipantKey::new(role, FhirReference::new(fhir).unwrap())
}

pub fn patient() -> ParticipantKey {
    person(Role::Patient, "Patient/ePat")
}

/// Somebody who launched now.
pub fn participant(external_id: &str, csn: Option<Csn>, presence: Presence) -> Participant {
    Participant {
        external_id: ExternalId::new(external_id).ok(),
        external_id_type: None,
        csn,
        display_name: Phi::new("Ada Lovelace"),
        email: None,
        first_name: None,
        last_name: None,
        npi: None,
        launched_at: NOW,
        last_launch: NOW,
        page_seen: None,
        departed: None,
        zoom_user: None,
        zoom_user_in_doubt: false,
        zoom_user_unlicensed: false,
        instead: None,
        default_hosts: [].into(),
        link: None,
        registrants: std::collections::BTreeSet::new(),
        shown_as: None,
        names: std::collections::BTreeSet::new(),
        given: std::collections::BTreeSet::new(),
        stand_in: None,
        stand_ins: std::collections::BTreeSet::new(),
        light: Light::default(),
        presence,
        since: NOW,
    }
}

/// A visit whose patient waits; the meeting is made and nothing has started.
pub fn waiting(key: VisitKey) -> Visit {
    let mut visit = Visit::new(key, NOW);
    visit.phase = Phase::WaitingForHost;
    let own = visit.csn().cloned();
    visit.participants.insert(patient(), participant("WPR1", own, Presence::Waiting));
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: true };
    visit.meeting = Some(Meeting {
        id: MEETING,
        host: ZoomUserId::new("host-at-zoom").unwrap(),
        marker: Marker::new("vestibule-marker").unwrap(),
        policy: Admittance::Automatic,
        identity: PatientIdentity::Registrant,
        asked: settings,
        answered: settings,
        answered_at: NOW,
        waiting_room_update: None,
        join_before_host_update: None,
        join_url: PersonalLink::new("https://zoom.example.org/j/85012345678?pwd=secret"),
        dial_in: None,
        alternatives: std::collections::BTreeSet::new(),
        refused: std::collections::BTreeSet::new(),
        indexed: true,
        ask_registration: false,
        read: None,
    });
    visit
}

/// A group visit of these patients, nobody of whom is there.
pub fn group(key: VisitKey, csns: &[&str]) -> Visit {
    let mut visit = Visit::new(key, NOW);
    for text in csns {
        let who = person(Role::Patient, &format!("Patient/e{text}"));
        visit.participants.insert(who, participant("WPR2", Some(csn(text)), Presence::Gone));
    }
    visit
}

/// Takes in that an instance started, and that somebody whom nobody knows phoned in.
pub fn start_with_a_stranger(visit: &mut Visit, uuid: &str) {
    let uuid = InstanceUuid::new(uuid).unwrap();
    let keys =
        SessionKeys { user: SessionUserId::new("16778240").ok(), phone: true, ..SessionKeys::default() };
    for (kind, session, at) in
        [(FactKind::Started, None, NOW), (FactKind::Joined, Some(keys), NOW + Span::seconds(30))]
    {
        let fact = Fact {
            meeting: MEETING,
            instance: Some(uuid.clone()),
            instance_started: Some(NOW),
            host: None,
            kind,
            session,
            at,
            sent: at,
        };
        assert!(visit.instances.entry(uuid.clone()).or_default().fold(&fact));
    }
    visit.phase = Phase::InProgress;
}

/// Takes in that an instance ended two minutes after the hour.
pub fn end(visit: &mut Visit, uuid: &str) {
    let (instance, at) = (InstanceUuid::new(uuid).unwrap(), NOW + Span::minutes(2));
    let fact = Fact {
        meeting: MEETING,
        instance: Some(instance.clone()),
        instance_started: None,
        host: None,
        kind: FactKind::Ended,
        session: None,
        at,
        sent: at,
    };
    assert!(visit.instances.entry(instance).or_default().fold(&fact));
    visit.phase = Phase::Ended;
}

/// A record of an attempt at a time.
pub fn record(at: Moment, outcome: Outcome) -> Record {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Record {
        id: RecordId(Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::SeqCst)))),
        at,
        organization: organization("lakeside"),
        meeting: Some(MEETING),
        csn: Some(csn("10001")),
        role: Role::Patient,
        says: Says::Connected(true),
        occurred_at: NOW,
        attempt: 1,
        resp_code: 200,
        epic_code: None,
        outcome,
        latency_ms: 34,
        hint: None,
        resend: false,
        update: None,
        attempts: None,
    }
}

/// The first version of an organization that is kept: nothing but secrets, each as it is to stand in the store.
pub fn first_version(secrets: &[(&str, &str)]) -> Wanted {
    let owned = |(key, kept): &(&str, &str)| ((*key).to_owned(), (*kept).to_owned());
    Wanted {
        base: 0,
        values: Values::new(),
        secrets: secrets.iter().map(owned).collect(),
        by: "somebody".to_owned(),
        reason: None,
        forced: Vec::new(),
        removed: false,
    }
}
