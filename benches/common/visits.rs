//! Visits whose meetings run, the settings of a node that has them, and events of theirs.

use uuid::Uuid;
use vestibule::system::SystemClock;
use vestibule_actors::codec::Format;
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{
    Acquired, Commit, Committed, Epoch, OwnerToken, Ownership, Seq, Store, VisitWrite,
};
use vestibule_domain::id::{Marker, MeetingId, VisitKey, ZoomUserId};
use vestibule_domain::intent::MeetingSettings;
use vestibule_domain::name::PersonalLink;
use vestibule_domain::policy::{Admittance, PatientIdentity};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;
use vestibule_domain::visit::{Meeting, Visit};

type Failed = Box<dyn std::error::Error>;

pub const SECRET: &str = "webhook-secret-of-the-benchmark";
const ACCOUNT: &str = "BenchmarkAccount";
pub const VISITS: u64 = 256;
/// The visits' meetings are numbered from here.
pub const FIRST_MEETING: u64 = 85_000_000_000;
/// People of a visit who come and go.
const PEOPLE: u64 = 6;

pub fn key(number: u64) -> Result<VisitKey, Failed> {
    Ok(VisitKey::from_text(&format!("lakeside/csn/{number}")).ok_or("a key")?)
}

/// Settings of a node that has visits of [`fill`]; its Epic and its Zoom answer to nobody.
pub fn settings(address: &str, store: &str) -> String {
    format!(
        r#"
[server]
listen = "{address}"
public_url = "http://{address}"
[store]
{store}
[access]
mode = "loopback"
[organization.lakeside.epic]
fhir_base_url = "http://127.0.0.1:9/api/FHIR/R4"
telehealth_base_url = "http://127.0.0.1:9"
client_id = "client"
status_auth = "basic"
status_user = "user"
status_password = "password"
[organization.lakeside.zoom]
api_base_url = "http://127.0.0.1:9/v2"
oauth_base_url = "http://127.0.0.1:9"
account_id = "{account}"
client_id = "client"
client_secret = "secret"
webhook_secret_tokens = ["{secret}"]
"#,
        account = ACCOUNT,
        secret = SECRET,
    )
}

/// Writes the visits as an earlier run would have left them.
pub async fn fill(store: &dyn Store) -> Result<(), Failed> {
    let token = OwnerToken(Uuid::from_u128(1));
    for number in 0..VISITS {
        let key = key(number)?;
        let shard = Shard::of_visit(&key);
        let Acquired::Granted { epoch, .. } =
            store.acquire(shard, "benchmark", token, Span::minutes(5), Epoch(0)).await?
        else {
            return Err("the store is another's".into());
        };
        let mut visit = Visit::new(key.clone(), SystemClock.now());
        visit.meeting = Some(meeting(number)?);
        let write = VisitWrite {
            visit: key.clone(),
            expected: 0,
            state: Some(Format::default().encode(&visit)?),
            wake: None,
        };
        let owner = Ownership { token, epoch };
        let commit = Commit {
            shard,
            owner,
            id: Uuid::from_u128(u128::from(number) + 2),
            expected_cursor: Seq(0),
            cursor: Seq(0),
            visits: vec![write],
            outbox: Vec::new(),
            parked: Vec::new(),
            history: Vec::new(),
        };
        if !matches!(store.commit(commit).await?, Committed::Done { .. }) {
            return Err("a visit could not be written".into());
        }
        store.index_meeting(MeetingId(FIRST_MEETING + number), &key).await?;
        store.release(shard, owner).await?;
    }
    Ok(())
}

fn meeting(number: u64) -> Result<Meeting, Failed> {
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: true };
    Ok(Meeting {
        id: MeetingId(FIRST_MEETING + number),
        host: ZoomUserId::new(format!("host-of-{number}"))?,
        marker: Marker::new(format!("marker-{number}"))?,
        policy: Admittance::Automatic,
        identity: PatientIdentity::Registrant,
        asked: settings,
        answered: settings,
        answered_at: SystemClock.now(),
        waiting_room_update: None,
        join_before_host_update: None,
        join_url: PersonalLink::new("https://zoom.example/j/1"),
        dial_in: None,
        alternatives: std::collections::BTreeSet::new(),
        refused: std::collections::BTreeSet::new(),
        indexed: true,
        ask_registration: false,
        read: None,
    })
}

/// The event of a number: somebody of some visit comes or goes, a second later than before.
pub fn event(number: u64) -> String {
    let (visit, person) = (number % VISITS, number / VISITS % PEOPLE);
    let (name, field) = if (number / (VISITS * PEOPLE)).is_multiple_of(2) {
        ("meeting.participant_joined", "join_time")
    } else {
        ("meeting.participant_left", "leave_time")
    };
    let at = jiff::Timestamp::from_second(1_795_420_800 + i64::try_from(number / VISITS).unwrap_or_default());
    let time = at.unwrap_or_default();
    let millis = time.as_millisecond() + i64::try_from(number % 1000).unwrap_or_default();
    let meeting = FIRST_MEETING + visit;
    format!(
        r#"{{"payload":{{"account_id":"{ACCOUNT}","object":{{"duration":30,"start_time":"2026-11-23T08:00:00Z","timezone":"","topic":"Video visit","id":"{meeting}","type":2,"uuid":"uuid-of-{visit}==","host_id":"host-of-{visit}","participant":{{"public_ip":"203.0.113.7","user_id":"{user}","user_name":"Guest {person}","registrant_id":"","participant_user_id":"","id":"","{field}":"{time}","email":"","participant_uuid":"PERSON-{visit}-{person}"}}}}}},"event_ts":{millis},"event":"{name}"}}"#,
        user = 16_778_240 + person,
    )
}
