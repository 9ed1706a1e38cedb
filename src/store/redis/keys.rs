//! How the keys of a Redis are called.
//!
//! All keys of a shard carry its hash tag, `{vestibule:17}`, and all of an organization its own, `{vestibule:o:lakeside}`, so that each
//! atomic step meets one slot of a Cluster. Names within sorted sets are text whose order of bytes is the order of the things that they name:
//! parts are parted by a blank, which no id contains and which comes before every character that they do.

use vestibule_actors::port::store::{GateId, RecordId, RecordPlace, Seq, Space, ZoomClass};
use vestibule_domain::effect::{LaneName, Topic};
use vestibule_domain::id::{ConferenceId, Csn, FhirReference, MeetingId, OrganizationId, VisitId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

/// Makes keys under a prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

/// What a shard has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    Head,
    Journal,
    Tries,
    Wakes,
    Changed,
    Visits,
    Gone,
    Outbox,
    OutboxPayloads,
    Parked,
    Records,
    RecordPlaces,
    Attempts,
    Histories,
    HistoriesDropped,
    Hints,
}

impl Of {
    fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Journal => "journal",
            Self::Tries => "tries",
            Self::Wakes => "wakes",
            Self::Changed => "changed",
            Self::Visits => "visits",
            Self::Gone => "gone",
            Self::Outbox => "outbox",
            Self::OutboxPayloads => "outbox:payloads",
            Self::Parked => "parked",
            Self::Records => "records",
            Self::RecordPlaces => "records:all",
            Self::Attempts => "records:attempts",
            Self::Histories => "histories",
            Self::HistoriesDropped => "histories:dropped",
            Self::Hints => "hints",
        }
    }
}

/// What an organization has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OfOrganization {
    Index,
    IndexAges,
    Held,
    Fields,
}

impl OfOrganization {
    fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::IndexAges => "index:ages",
            Self::Held => "held",
            Self::Fields => "fields",
        }
    }
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(super) fn shard(&self, shard: Shard, what: Of) -> String {
        format!("{{{}:{:02}}}:{}", self.prefix, shard.number(), what.name())
    }

    pub(super) fn visit(&self, visit: &VisitKey) -> String {
        format!("{{{}:{:02}}}:visit:{}", self.prefix, Shard::of_visit(visit).number(), visit_name(visit))
    }

    pub(super) fn history(&self, visit: &VisitKey) -> String {
        self.history_named(Shard::of_visit(visit), &visit_name(visit))
    }

    /// The same by the visit's name among those of its shard.
    pub(super) fn history_named(&self, shard: Shard, name: &str) -> String {
        format!("{{{}:{:02}}}:history:{name}", self.prefix, shard.number())
    }

    /// The histories of an organization, by the time of their newest line.
    pub(super) fn histories_of(&self, shard: Shard, organization: &OrganizationId) -> String {
        format!("{}:of:{organization}", self.shard(shard, Of::Histories))
    }

    pub(super) fn records_of_organization(&self, shard: Shard, organization: &OrganizationId) -> String {
        format!("{}:of:{organization}", self.shard(shard, Of::Records))
    }

    pub(super) fn records_of_csn(&self, shard: Shard, csn: &Csn) -> String {
        format!("{}:csn:{csn}", self.shard(shard, Of::Records))
    }

    pub(super) fn records_of_meeting(&self, shard: Shard, meeting: MeetingId) -> String {
        format!("{}:meeting:{meeting}", self.shard(shard, Of::Records))
    }

    pub(super) fn organization(&self, organization: &OrganizationId, what: OfOrganization) -> String {
        format!("{{{}:o:{organization}}}:{}", self.prefix, what.name())
    }

    pub(super) fn held_of_meeting(&self, organization: &OrganizationId, meeting: MeetingId) -> String {
        format!("{}:{meeting}", self.organization(organization, OfOrganization::Held))
    }

    pub(super) fn gate(&self, gate: &GateId) -> String {
        match gate {
            GateId::Epic(organization) => format!("{{{}:o:{organization}}}:gate", self.prefix),
            GateId::Zoom { account, class } => {
                let class = match class {
                    ZoomClass::Light => "light",
                    ZoomClass::Medium => "medium",
                    ZoomClass::Heavy => "heavy",
                    ZoomClass::Reading => "reading",
                };
                format!("{}:zoom:{class}:{account}", self.prefix)
            }
        }
    }

    pub(super) fn value(&self, space: Space, key: &str) -> String {
        let space = match space {
            Space::OauthState => "oauth",
            Space::Ticket => "ticket",
            Space::Session => "session",
            Space::Keys => "keys",
            Space::Turns => "turns",
        };
        format!("{}:value:{space}:{key}", self.prefix)
    }

    pub(super) fn nodes(&self) -> String {
        format!("{{{}:nodes}}", self.prefix)
    }

    pub(super) fn node_hints(&self) -> String {
        format!("{{{}:nodes}}:hints", self.prefix)
    }

    pub(super) fn organizations(&self) -> String {
        format!("{}:organizations", self.prefix)
    }

    pub(super) fn meta(&self) -> String {
        format!("{}:meta", self.prefix)
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }
}

// === names within sets ===

/// A visit among those of its shard.
pub(super) fn visit_name(visit: &VisitKey) -> String {
    let (kind, id) = match &visit.visit {
        VisitId::Csn(csn) => ('0', csn.as_str()),
        VisitId::Conference(id) => ('1', id.as_str()),
    };
    format!("{} {kind} {id}", visit.organization)
}

/// The inverse of [`visit_name`].
pub(super) fn read_visit(name: &str) -> Option<VisitKey> {
    let mut parts = name.split(' ');
    let visit = visit_of(&mut parts)?;
    parts.next().is_none().then_some(visit)
}

fn visit_of<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<VisitKey> {
    let organization = OrganizationId::new(parts.next()?).ok()?;
    let (kind, id) = (parts.next()?, parts.next()?);
    let visit = match kind {
        "0" => VisitId::Csn(Csn::new(id).ok()?),
        "1" => VisitId::Conference(ConferenceId::new(id).ok()?),
        _ => return None,
    };
    Some(VisitKey { organization, visit })
}

/// What all places of a lane begin with.
pub(super) fn lane(visit: &VisitKey, lane: &LaneName) -> String {
    let number = lane_number(lane.topic, lane.participant.role());
    format!("{} {number} {} ", visit_name(visit), lane.participant.fhir_user())
}

/// An update among those of its shard.
pub(super) fn update(visit: &VisitKey, name: &LaneName, seq: u64) -> String {
    format!("{}{seq:020}", lane(visit, name))
}

/// The inverse of [`update`].
pub(super) fn read_update(name: &str) -> Option<(VisitKey, LaneName, u64)> {
    let mut parts = name.split(' ');
    let visit = visit_of(&mut parts)?;
    let (topic, role) = lane_of(parts.next()?)?;
    let fhir_user = FhirReference::new(parts.next()?).ok()?;
    let seq = parts.next()?.parse().ok()?;
    let lane = LaneName { topic, participant: ParticipantKey::new(role, fhir_user) };
    parts.next().is_none().then_some((visit, lane, seq))
}

/// A record among those of its shard.
pub(super) fn record(place: RecordPlace) -> String {
    // Times before 1970 exist in tests at most; they must keep their order all the same.
    let at = i128::from(place.at.0) - i128::from(i64::MIN);
    format!("{at:020} {}", place.id.0.simple())
}

/// The inverse of [`record`].
pub(super) fn read_record(text: &str) -> Option<RecordPlace> {
    let (at, id) = text.split_once(' ')?;
    let at = at.parse::<i128>().ok()? + i128::from(i64::MIN);
    let (at, id) = (i64::try_from(at).ok()?, uuid::Uuid::try_parse(id).ok()?);
    Some(RecordPlace { at: Moment(at), id: RecordId(id) })
}

/// An entry in a stream.
pub(super) fn entry(seq: Seq) -> String {
    format!("{}-0", seq.0)
}

/// The inverse of [`entry`].
pub(super) fn read_entry(id: &str) -> Option<Seq> {
    id.strip_suffix("-0")?.parse().ok().map(Seq)
}

/// How many roles there are: the lanes of the second topic come behind those of the first.
const ROLES: u8 = 5;

// These numbers stand in stores: they stay, have one digit, and keep the order that the types have.
fn lane_number(topic: Topic, role: Role) -> u8 {
    let role = match role {
        Role::Provider => 0,
        Role::Patient => 1,
        Role::Proxy => 2,
        Role::Guest => 3,
        Role::Unidentified => 4,
    };
    match topic {
        Topic::Light => role,
        Topic::DeviceTest => ROLES + role,
    }
}

fn lane_of(text: &str) -> Option<(Topic, Role)> {
    let roles = [Role::Provider, Role::Patient, Role::Proxy, Role::Guest, Role::Unidentified];
    let lanes = [Topic::Light, Topic::DeviceTest].map(|topic| roles.map(|role| (topic, role)));
    lanes.into_iter().flatten().find(|(topic, role)| lane_number(*topic, *role).to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;
    use vestibule_actors::port::store::RecordId;
    use vestibule_domain::time::Moment;

    fn visits() -> impl Strategy<Value = VisitKey> {
        ("[a-z]{1,2}(-[a-z0-9])?", "[!-~]{1,3}", any::<bool>()).prop_map(|(organization, id, group)| {
            VisitKey {
                organization: OrganizationId::new(organization).unwrap(),
                visit: if group {
                    VisitId::Conference(ConferenceId::new(id).unwrap())
                } else {
                    VisitId::Csn(Csn::new(id).unwrap())
                },
            }
        })
    }

    fn lanes() -> impl Strategy<Value = LaneName> {
        (0..2 * ROLES, "[!-~]{1,3}").prop_map(|(number, user)| {
            let (topic, role) = lane_of(&number.to_string()).unwrap();
            LaneName { topic, participant: ParticipantKey::new(role, FhirReference::new(user).unwrap()) }
        })
    }

    proptest! {
        #[test]
        fn the_order_of_names_is_the_order_of_things(
            a in (visits(), lanes(), any::<u64>(), any::<i64>(), any::<u128>()),
            b in (visits(), lanes(), any::<u64>(), any::<i64>(), any::<u128>()),
        ) {
            prop_assert_eq!(visit_name(&a.0).cmp(&visit_name(&b.0)), a.0.cmp(&b.0));
            let name = |k: &(VisitKey, LaneName, u64, i64, u128)| update(&k.0, &k.1, k.2);
            prop_assert_eq!(name(&a).cmp(&name(&b)), (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
            let place = |k: &(VisitKey, LaneName, u64, i64, u128)| {
                RecordPlace { at: Moment(k.3), id: RecordId(Uuid::from_u128(k.4)) }
            };
            prop_assert_eq!(record(place(&a)).cmp(&record(place(&b))), place(&a).cmp(&place(&b)));
        }

        #[test]
        fn names_are_read_as_they_were_written(visit in visits(), lane_name in lanes(), seq: u64) {
            prop_assert_eq!(read_visit(&visit_name(&visit)), Some(visit.clone()));
            let name = update(&visit, &lane_name, seq);
            prop_assert!(name.starts_with(&lane(&visit, &lane_name)));
            prop_assert_eq!(read_update(&name), Some((visit, lane_name, seq)));
            prop_assert_eq!(read_entry(&entry(Seq(seq))), Some(Seq(seq)));
        }
    }

    #[test]
    fn all_keys_of_a_shard_lie_in_one_slot() {
        let keys = Keys::new("vestibule");
        let visit = VisitKey {
            organization: OrganizationId::new("lakeside").unwrap(),
            visit: VisitId::Csn(Csn::new("10001").unwrap()),
        };
        let shard = Shard::of_visit(&visit);
        for key in
            [keys.shard(shard, Of::Head), keys.visit(&visit), keys.records_of_meeting(shard, MeetingId(1))]
        {
            assert!(key.starts_with("{vestibule:17}:"), "{key}");
        }
    }
}
