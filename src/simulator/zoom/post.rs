//! The post office: events on their way to the subscriber, with the weather that delays, doubles, shuffles and loses them,
//! and a record of every delivery and answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::super::chance::Chance;
use super::super::clock::Millis;
use super::super::lock;
use super::events::{Event, non_canonical};

/// Bounds: deliveries under way (waiting, being sent, or between retries), and records that are kept. What comes on top of the
/// first is lost, and on record as such.
pub const MAX_UNDER_WAY: usize = 20_000;
pub const MAX_RECORDS: usize = 50_000;
/// Bound on instances with lost events that are remembered until they end.
const MAX_UNTOLD: usize = 20_000;

/// The event that asks an endpoint to prove itself; it is sent to whatever URL there is.
pub(crate) const CHALLENGE: &str = "endpoint.url_validation";

/// What happens to deliveries. Probabilities run from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// The same bytes under the same request id once more.
    pub duplicate: f64,
    /// The same fact from a second subscription: another request id, another `event_ts`.
    pub second_subscription: f64,
    /// Held back for up to `reorder_millis`, so that later events overtake.
    pub reorder: f64,
    pub reorder_millis: u64,
    /// Every delivery is this late.
    pub delay_millis: u64,
    /// Never sent at all.
    pub lose: f64,
    /// Names of events that are never sent; `*` for all.
    pub lose_events: BTreeSet<String>,
    /// Names of events that `lose` spares.
    pub spare_events: BTreeSet<String>,
    /// The first try does not arrive, so that the event comes with Zoom's first retry.
    pub miss: f64,
    /// Sent in other bytes that mean the same, signed over those bytes.
    pub non_canonical: f64,
    /// Sent with a signature that is not ours.
    pub wrong_signature: f64,
    /// An event bears the `event_ts` of the one before where they are of one moment, and facts of a seat that undo each other (put
    /// back and admitted again) the same second: nothing in them tells which came last.
    pub ties: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// On its way, or waiting for a retry.
    Pending,
    /// Answered 2xx.
    Delivered,
    /// Answered in a way that Zoom does not try again.
    Refused,
    /// All tries used up.
    GivenUp,
    /// Lost by the weather, or the queue was full.
    Lost,
    /// Never sent: the URL has not proven itself, or its subscription is switched off.
    Unsubscribed,
}

#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    pub at: Millis,
    /// 0 where no answer came within the deadline.
    pub status: u16,
    pub latency_millis: Millis,
}

/// One delivery with all its attempts.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRecord {
    pub number: u64,
    pub event: String,
    pub meeting: u64,
    pub uuid: String,
    pub person: String,
    pub fact_time: Millis,
    pub request_id: String,
    pub body: String,
    pub fate: Fate,
    pub attempts: Vec<Attempt>,
    /// Spoilt on purpose; a refusal is then right.
    pub spoilt: bool,
}

/// What the sender needs to send one delivery.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub number: u64,
    pub event: String,
    pub body: String,
    pub request_id: String,
    pub tracking_id: String,
    pub wait_millis: u64,
    pub spoilt: bool,
    /// The first try does not arrive.
    pub missed: bool,
}

struct Office {
    weather: Weather,
    subscribed: bool,
    chance: Chance,
    waiting: VecDeque<Parcel>,
    records: VecDeque<DeliveryRecord>,
    under_way: usize,
    next_number: u64,
    forgotten: u64,
    /// By instance that has not ended, whom lost events were about.
    untold: BTreeMap<String, BTreeSet<String>>,
}

pub(crate) struct Post {
    office: Mutex<Office>,
    pub news: Notify,
}

impl Post {
    pub fn new(seed: u64) -> Self {
        let office = Office {
            weather: Weather::default(),
            subscribed: true,
            chance: Chance::new(seed ^ 0x504F_5354),
            waiting: VecDeque::new(),
            records: VecDeque::new(),
            under_way: 0,
            next_number: 1,
            forgotten: 0,
            untold: BTreeMap::new(),
        };
        Self { office: Mutex::new(office), news: Notify::new() }
    }

    pub fn weather(&self) -> Weather {
        lock(&self.office).weather.clone()
    }

    pub fn set_weather(&self, weather: Weather) {
        lock(&self.office).weather = weather;
    }

    /// Whether events are sent at all.
    pub fn set_subscribed(&self, subscribed: bool) {
        lock(&self.office).subscribed = subscribed;
    }

    pub fn is_subscribed(&self) -> bool {
        lock(&self.office).subscribed
    }

    /// There is no subscription any more to which this could be sent again.
    pub fn drop_unsent(&self, number: u64) {
        let mut office = lock(&self.office);
        office.under_way = office.under_way.saturating_sub(1);
        if let Some(record) = office.records.iter_mut().rev().find(|record| record.number == number) {
            record.fate = Fate::Unsubscribed;
        }
    }

    pub fn hand_in(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut office = lock(&self.office);
        for event in events {
            office.take_in(event);
        }
        drop(office);
        self.news.notify_one();
    }

    pub fn next(&self) -> Option<Parcel> {
        lock(&self.office).waiting.pop_front()
    }

    pub fn note(&self, number: u64, attempt: Attempt, fate: Fate) {
        let mut office = lock(&self.office);
        if fate != Fate::Pending {
            office.under_way = office.under_way.saturating_sub(1);
        }
        if let Some(record) = office.records.iter_mut().rev().find(|record| record.number == number) {
            record.attempts.push(attempt);
            record.fate = fate;
        }
    }

    pub fn records(&self) -> Vec<DeliveryRecord> {
        lock(&self.office).records.iter().cloned().collect()
    }

    /// Deliveries that are neither answered nor given up.
    pub fn pending(&self) -> usize {
        lock(&self.office).under_way
    }

    /// Whether an event about this person (a registrant, user or phone number; empty where Zoom knows none of them) was lost, in an instance
    /// whose end has not made up for it.
    pub fn is_untold(&self, uuid: &str, person: &str) -> bool {
        lock(&self.office).untold.get(uuid).is_some_and(|people| people.contains(person))
    }

    /// Records dropped to bound memory.
    pub fn forgotten(&self) -> u64 {
        lock(&self.office).forgotten
    }
}

impl Office {
    fn take_in(&mut self, event: Event) {
        let lost = self.weather.lose_events.contains("*") || self.weather.lose_events.contains(&event.name);
        let spared = self.weather.spare_events.contains(&event.name);
        let lost = lost || (self.chance.hit(self.weather.lose) && !spared);
        self.note_loss(&event, lost);
        let doubled = self.chance.hit(self.weather.duplicate);
        let second = self.chance.hit(self.weather.second_subscription).then(|| restamped(&event)).flatten();
        self.send(event, lost, doubled);
        if let Some(event) = second {
            self.send(event, lost, false);
        }
    }

    /// The end of an instance tells that everybody has left it.
    fn note_loss(&mut self, event: &Event, lost: bool) {
        if lost && (self.untold.len() < MAX_UNTOLD || self.untold.contains_key(&event.uuid)) {
            self.untold.entry(event.uuid.clone()).or_default().insert(event.person.clone());
        } else if !lost && event.name == "meeting.ended" {
            self.untold.remove(&event.uuid);
        }
    }

    fn send(&mut self, mut event: Event, lost: bool, doubled: bool) {
        if self.chance.hit(self.weather.non_canonical) {
            event.body = non_canonical(&event.body);
        }
        let spoilt = self.chance.hit(self.weather.wrong_signature);
        let request_id = self.chance.grouped_hex('_');
        let copies = if doubled && !lost { 2 } else { 1 };
        for _ in 0..copies {
            self.send_copy(&event, &request_id, lost, spoilt);
        }
    }

    fn send_copy(&mut self, event: &Event, request_id: &str, lost: bool, spoilt: bool) {
        let mut wait_millis = self.weather.delay_millis;
        if self.chance.hit(self.weather.reorder) {
            wait_millis += self.chance.between(0, self.weather.reorder_millis.max(1));
        }
        let missed = self.chance.hit(self.weather.miss);
        let lost = lost || self.under_way >= MAX_UNDER_WAY;
        let fate = match (lost, self.subscribed || event.name == CHALLENGE) {
            (true, _) => Fate::Lost,
            (false, true) => Fate::Pending,
            (false, false) => Fate::Unsubscribed,
        };
        let number = self.next_number;
        self.next_number += 1;
        if self.records.len() >= MAX_RECORDS {
            self.records.pop_front();
            self.forgotten += 1;
        }
        self.records.push_back(DeliveryRecord {
            number,
            event: event.name.clone(),
            meeting: event.meeting,
            uuid: event.uuid.clone(),
            person: event.person.clone(),
            fact_time: event.time,
            request_id: request_id.to_owned(),
            body: event.body.clone(),
            fate,
            attempts: Vec::new(),
            spoilt,
        });
        if fate != Fate::Pending {
            return;
        }
        self.under_way += 1;
        let tracking_id = if event.name.contains("participant") {
            format!("EventService_{}_3", self.chance.grouped_hex('-').to_uppercase())
        } else {
            format!("v=2.0;clid=us02;rid=WEB_{}", self.chance.hex(16))
        };
        self.waiting.push_back(Parcel {
            number,
            event: event.name.clone(),
            body: event.body.clone(),
            request_id: request_id.to_owned(),
            tracking_id,
            wait_millis,
            spoilt,
            missed,
        });
    }
}

/// The fact as a second subscription tells it: the same but for `event_ts`.
fn restamped(event: &Event) -> Option<Event> {
    let at = event.body.find("\"event_ts\":")? + "\"event_ts\":".len();
    let (head, rest) = event.body.split_at_checked(at)?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (stamp, tail) = rest.split_at_checked(digits)?;
    let stamp: Millis = stamp.parse().ok()?;
    Some(Event { body: format!("{head}{}{tail}", stamp + 1), ..event.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Event {
        let body = format!(r#"{{"event":"{name}","payload":{{}},"event_ts":1785369356750}}"#);
        Event { name: name.into(), body, meeting: 1, uuid: "u".into(), person: String::new(), time: 0 }
    }

    #[test]
    fn a_duplicate_has_the_same_bytes_and_request_id() {
        let post = Post::new(1);
        post.set_weather(Weather { duplicate: 1.0, ..Weather::default() });
        post.hand_in(vec![event("meeting.started")]);
        let (first, second) = (post.next().expect("one"), post.next().expect("two"));
        assert_eq!((&first.body, &first.request_id), (&second.body, &second.request_id));
    }

    #[test]
    fn a_second_subscription_tells_the_same_in_other_bytes() {
        let post = Post::new(1);
        post.set_weather(Weather { second_subscription: 1.0, ..Weather::default() });
        post.hand_in(vec![event("meeting.started")]);
        let (first, second) = (post.next().expect("one"), post.next().expect("two"));
        assert_ne!(first.request_id, second.request_id);
        assert!(second.body.contains("1785369356751"), "{}", second.body);
    }

    #[test]
    fn what_is_lost_is_on_record_and_not_sent() {
        let post = Post::new(1);
        let lose_events = BTreeSet::from(["meeting.ended".to_owned()]);
        post.set_weather(Weather { lose_events, ..Weather::default() });
        post.hand_in(vec![event("meeting.ended"), event("meeting.started")]);
        assert_eq!(post.next().map(|parcel| parcel.event), Some("meeting.started".to_owned()));
        assert!(post.next().is_none());
        assert_eq!(post.records().first().map(|record| record.fate), Some(Fate::Lost));
    }

    #[test]
    fn what_was_lost_is_made_up_for_by_the_end() {
        let post = Post::new(1);
        post.set_weather(Weather {
            lose: 1.0,
            spare_events: ["meeting.ended".to_owned()].into(),
            ..Weather::default()
        });
        let about = |name: &str, person: &str| Event { person: person.into(), ..event(name) };
        post.hand_in(vec![about("meeting.participant_joined", "r1")]);
        assert!(post.is_untold("u", "r1") && !post.is_untold("u", "r2") && !post.is_untold("v", "r1"));
        post.hand_in(vec![event("meeting.ended")]);
        assert!(!post.is_untold("u", "r1"));
        assert_eq!(post.next().map(|parcel| parcel.event), Some("meeting.ended".to_owned()));
    }
}
