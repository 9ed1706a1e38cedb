//! How keys are written, so that the order of bytes is the order that somebody wants to read in.
//!
//! Numbers are big-endian, times have their sign flipped, and text that something follows ends with a zero byte, which no id contains.

use vestibule_actors::port::store::{RecordId, RecordPlace, Seq, Space};
use vestibule_domain::effect::{LaneName, Topic};
use vestibule_domain::id::{ConferenceId, Csn, FhirReference, MeetingId, OrganizationId, VisitId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::row::{Cut, Reader};

/// A key under construction. What every key of a kind begins with is written by the kind's own function.
#[derive(Default)]
pub(super) struct Key(Vec<u8>);

const SIGN: u64 = 1 << 63;

impl Key {
    pub(super) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    fn shard(mut self, shard: Shard) -> Self {
        self.0.extend_from_slice(&shard.number().to_be_bytes());
        self
    }

    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn moment(self, at: Moment) -> Self {
        self.number(at.0.cast_unsigned() ^ SIGN)
    }

    /// Text that something follows.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    /// Text at the end of a key.
    pub(super) fn rest(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn visit_key(self, key: &VisitKey) -> Self {
        let (kind, id) = match &key.visit {
            VisitId::Csn(csn) => (0, csn.as_str()),
            VisitId::Conference(id) => (1, id.as_str()),
        };
        self.text(key.organization.as_str()).byte(kind).text(id)
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// The first key that no key with this beginning reaches; `None` when there is none.
pub(super) fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// The first key after this one.
pub(super) fn after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

pub(super) fn shard(shard: Shard) -> Vec<u8> {
    Key::default().shard(shard).done()
}

pub(super) fn journal(shard: Shard, seq: Seq) -> Vec<u8> {
    Key::default().shard(shard).number(seq.0).done()
}

pub(super) fn change(shard: Shard, change: u64) -> Vec<u8> {
    Key::default().shard(shard).number(change).done()
}

pub(super) fn visit(key: &VisitKey) -> Vec<u8> {
    Key::default().visit_key(key).done()
}

/// A line of a visit's history.
pub(super) fn history(visit: &[u8], number: u64) -> Vec<u8> {
    let mut key = visit.to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(super) fn wake(shard: Shard, at: Moment, key: &VisitKey) -> Vec<u8> {
    Key::default().shard(shard).moment(at).visit_key(key).done()
}

/// What all places of a lane begin with.
pub(super) fn lane(shard: Shard, visit: &VisitKey, lane: &LaneName) -> Vec<u8> {
    let number = lane_number(lane.topic, lane.participant.role());
    let key = Key::default().shard(shard).visit_key(visit).byte(number);
    key.text(lane.participant.fhir_user().as_str()).done()
}

pub(super) fn outbox(shard: Shard, visit: &VisitKey, name: &LaneName, seq: u64) -> Vec<u8> {
    let mut key = lane(shard, visit, name);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// What all places of an organization's outbox in a shard begin with.
pub(super) fn outbox_of_organization(shard: Shard, organization: &OrganizationId) -> Vec<u8> {
    Key::default().shard(shard).text(organization.as_str()).done()
}

pub(super) fn organization(organization: &OrganizationId) -> Vec<u8> {
    Key::default().text(organization.as_str()).done()
}

pub(super) fn field(organization: &OrganizationId, field: &str) -> Vec<u8> {
    Key::default().text(organization.as_str()).rest(field).done()
}

pub(super) fn meeting(organization: &OrganizationId, meeting: MeetingId) -> Vec<u8> {
    Key::default().text(organization.as_str()).number(meeting.0).done()
}

pub(super) fn held(organization: &OrganizationId, meeting: MeetingId, number: u64) -> Vec<u8> {
    Key::default().text(organization.as_str()).number(meeting.0).number(number).done()
}

pub(super) fn held_order(organization: &OrganizationId, number: u64) -> Vec<u8> {
    Key::default().text(organization.as_str()).number(number).done()
}

pub(super) fn number(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub(super) fn value(space: Space, key: &str) -> Vec<u8> {
    Key::default().byte(space_number(space)).rest(key).done()
}

/// Which records a search reads: the beginning of their places in the index.
pub(super) fn records_of_organization(organization: &OrganizationId) -> Vec<u8> {
    Key::default().byte(b'o').text(organization.as_str()).done()
}

/// The organization of a place that [`records_of_organization`] begins; `None` for any other place.
pub(super) fn organization_of_records(place: &[u8]) -> Option<OrganizationId> {
    let mut reader = Reader::new(place);
    let kind = reader.byte().ok()?;
    let organization = (kind == b'o').then(|| reader.zero_terminated().ok())??;
    OrganizationId::new(organization).ok()
}

/// What comes before the records of an organization that are of this time or newer.
pub(super) fn records_of_organization_from(organization: &OrganizationId, at: Moment) -> Vec<u8> {
    Key(records_of_organization(organization)).moment(at).done()
}

/// A record among all: by its time, then by its id.
pub(super) fn record(place: RecordPlace) -> Vec<u8> {
    let mut key = Key::default().moment(place.at).done();
    key.extend_from_slice(place.id.0.as_bytes());
    key
}

/// The inverse of [`record`].
pub(super) fn read_record(reader: &mut Reader<'_>) -> Result<RecordPlace, Cut> {
    let at = read_moment(reader)?;
    let id = uuid::Uuid::from_slice(reader.rest()).map_err(|_| Cut)?;
    Ok(RecordPlace { at, id: RecordId(id) })
}

/// The record at the end of a place in the index.
pub(super) fn record_at_end(place: &[u8]) -> Option<&[u8]> {
    place.last_chunk::<24>().map(<[u8; 24]>::as_slice)
}

pub(super) fn records_of_csn(csn: &Csn) -> Vec<u8> {
    Key::default().byte(b'c').text(csn.as_str()).done()
}

pub(super) fn records_of_meeting(meeting: MeetingId) -> Vec<u8> {
    Key::default().byte(b'm').number(meeting.0).done()
}

/// What leaves by time: values by their expiry, visits that left by when they did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Value,
    Gone,
}

impl Leaving {
    pub(super) fn prefix(self) -> u8 {
        match self {
            Self::Value => b'v',
            Self::Gone => b'g',
        }
    }

    pub(super) fn at(self, at: Moment, what: &[u8]) -> Vec<u8> {
        let mut key = Key::default().byte(self.prefix()).moment(at).done();
        key.extend_from_slice(what);
        key
    }
}

/// The inverse of [`Leaving::at`], without its prefix.
pub(super) fn read_leaving(key: &[u8]) -> Result<(Moment, &[u8]), Cut> {
    let mut reader = Reader::new(key);
    reader.byte()?;
    let at = read_moment(&mut reader)?;
    Ok((at, reader.rest()))
}

/// What leaves after a time that each organization has for itself: index entries by when they came, histories by when they were last looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Meeting,
    History,
}

impl Kept {
    pub(super) const ALL: [Self; 2] = [Self::Meeting, Self::History];

    pub(super) fn prefix(self) -> u8 {
        match self {
            Self::Meeting => b'M',
            Self::History => b'H',
        }
    }

    /// How files wrote it in which all organizations had one time: the kind, the time, and what.
    pub(super) fn prefix_before(self) -> u8 {
        self.prefix().to_ascii_lowercase()
    }

    /// What those of an organization begin with.
    pub(super) fn of(self, organization: &OrganizationId) -> Vec<u8> {
        Key::default().byte(self.prefix()).text(organization.as_str()).done()
    }

    /// What lies before all of a time.
    pub(super) fn from(self, organization: &OrganizationId, at: Moment) -> Vec<u8> {
        Key(self.of(organization)).moment(at).done()
    }

    /// `what` is a key that begins with its organization, as those of meetings and of visits do.
    pub(super) fn at(self, at: Moment, what: &[u8]) -> Vec<u8> {
        let organization = what.split_inclusive(|byte| *byte == 0).next().unwrap_or_default();
        let mut key = vec![self.prefix()];
        key.extend_from_slice(organization);
        let mut key = Key(key).moment(at).done();
        key.extend_from_slice(what);
        key
    }
}

/// The organization that a meeting's or a visit's key begins with.
pub(super) fn organization_of(key: &[u8]) -> Result<OrganizationId, Cut> {
    OrganizationId::new(Reader::new(key).zero_terminated()?).map_err(|_| Cut)
}

/// The inverse of [`Kept::at`], without its prefix.
pub(super) fn read_kept(key: &[u8]) -> Result<(Moment, &[u8]), Cut> {
    let mut reader = Reader::new(key);
    reader.byte()?;
    reader.zero_terminated()?;
    let at = read_moment(&mut reader)?;
    Ok((at, reader.rest()))
}

pub(super) fn read_moment(reader: &mut Reader<'_>) -> Result<Moment, Cut> {
    Ok(Moment((reader.big_endian()? ^ SIGN).cast_signed()))
}

/// The visit at the end of a key.
pub(super) fn read_visit(reader: &mut Reader<'_>) -> Result<VisitKey, Cut> {
    let organization = OrganizationId::new(reader.zero_terminated()?).map_err(|_| Cut)?;
    let kind = reader.byte()?;
    let id = reader.zero_terminated()?;
    let visit = match kind {
        0 => VisitId::Csn(Csn::new(id).map_err(|_| Cut)?),
        1 => VisitId::Conference(ConferenceId::new(id).map_err(|_| Cut)?),
        _ => return Err(Cut),
    };
    Ok(VisitKey { organization, visit })
}

/// The inverse of [`outbox`].
pub(super) fn read_outbox(key: &[u8]) -> Result<(VisitKey, LaneName, u64), Cut> {
    let mut reader = Reader::new(key);
    reader.skip(2)?;
    let visit = read_visit(&mut reader)?;
    let (topic, role) = lane_of_number(reader.byte()?)?;
    let fhir_user = FhirReference::new(reader.zero_terminated()?).map_err(|_| Cut)?;
    let lane = LaneName { topic, participant: ParticipantKey::new(role, fhir_user) };
    Ok((visit, lane, reader.big_endian()?))
}

/// How many roles there are: the lanes of the second topic come behind those of the first.
const ROLES: u8 = 5;

// Part of the file's format: these numbers stay, and keep the order that the types have.
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

fn lane_of_number(number: u8) -> Result<(Topic, Role), Cut> {
    let roles = [Role::Provider, Role::Patient, Role::Proxy, Role::Guest, Role::Unidentified];
    let lanes = [Topic::Light, Topic::DeviceTest].map(|topic| roles.map(|role| (topic, role)));
    lanes.into_iter().flatten().find(|(topic, role)| lane_number(*topic, *role) == number).ok_or(Cut)
}

fn space_number(space: Space) -> u8 {
    match space {
        Space::OauthState => 0,
        Space::Ticket => 1,
        Space::Session => 2,
        Space::Keys => 3,
        Space::Turns => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let (topic, role) = lane_of_number(number).unwrap();
            LaneName { topic, participant: ParticipantKey::new(role, FhirReference::new(user).unwrap()) }
        })
    }

    proptest! {
        #[test]
        fn the_order_of_bytes_is_the_order_of_keys(
            a in (visits(), lanes(), 0_u64..3, any::<i64>()),
            b in (visits(), lanes(), 0_u64..3, any::<i64>()),
        ) {
            let shard = Shard::new(3).unwrap();
            prop_assert_eq!(visit(&a.0).cmp(&visit(&b.0)), a.0.cmp(&b.0));
            let place = |k: &(VisitKey, LaneName, u64, i64)| outbox(shard, &k.0, &k.1, k.2);
            prop_assert_eq!(place(&a).cmp(&place(&b)), (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
            let woken = |k: &(VisitKey, LaneName, u64, i64)| wake(shard, Moment(k.3), &k.0);
            prop_assert_eq!(woken(&a).cmp(&woken(&b)), (a.3, &a.0).cmp(&(b.3, &b.0)));
        }

        #[test]
        fn keys_are_read_as_they_were_written(visit in visits(), lane in lanes(), seq: u64, at: i64) {
            let shard = Shard::new(3).unwrap();
            let key = outbox(shard, &visit, &lane, seq);
            prop_assert!(read_outbox(&key) == Ok((visit.clone(), lane, seq)));
            let key = wake(shard, Moment(at), &visit);
            let mut reader = Reader::new(&key);
            reader.skip(2).unwrap();
            prop_assert_eq!(read_moment(&mut reader).unwrap(), Moment(at));
            prop_assert_eq!(read_visit(&mut reader).unwrap(), visit);
        }
    }

    #[test]
    fn the_end_of_a_prefix_lies_behind_all_its_keys() {
        assert_eq!(end_of(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(end_of(&[1, 255]), Some(vec![2]));
        assert_eq!(end_of(&[255, 255]), None);
    }
}
