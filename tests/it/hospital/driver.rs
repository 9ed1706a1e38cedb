//! Posts events of made-up guests into the meetings that run, each once and never again, and remembers which were answered 200.
//!
//! Each event is the only one of its kind for its guest, so that none can make up for the loss of another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt::{spawn, task::JoinHandle, time::sleep};
use jiff::Timestamp;
use serde_json::json;
use vestibule::simulator::FakeZoom;
use vestibule::simulator::zoom::signature;

/// Events under way at once.
const AT_ONCE: usize = 12;
/// Between two events of one of those: about 80 a second of all. What is measured is loss; a service that is told more than two cores take in
/// is behind by minutes at the end, and says nothing about that.
const BREATH: Duration = Duration::from_millis(150);
/// Zoom's own deadline.
const DEADLINE: Duration = Duration::from_secs(3);
/// An instance keeps 512 sessions; real people need some of them, and each makes the next event dearer.
const GUESTS_OF_A_MEETING: u64 = 150;
/// What is told of a guest, and the field with its time.
const KINDS: [(&str, &str); 4] = [
    ("meeting.participant_joined", "join_time"),
    ("meeting.participant_put_in_waiting_room", "date_time"),
    ("meeting.participant_admitted", "date_time"),
    ("meeting.participant_left", "leave_time"),
];

/// What the driver knows; every copy is the same.
#[derive(Clone)]
pub struct Driver(Rc<Shared>);

struct Shared {
    zoom: FakeZoom,
    url: String,
    http: awc::Client,
    over: Cell<bool>,
    /// Events made so far, by instance.
    made: RefCell<BTreeMap<String, u64>>,
    acknowledged: RefCell<Vec<String>>,
    posted: Cell<u64>,
    /// How the others were answered.
    refused: RefCell<Vec<String>>,
}

impl Driver {
    pub fn new(zoom: &FakeZoom) -> Self {
        Self(Rc::new(Shared {
            zoom: zoom.clone(),
            url: zoom.account().webhook_url.clone(),
            http: awc::Client::builder().timeout(DEADLINE).disable_redirects().finish(),
            over: Cell::new(false),
            made: RefCell::default(),
            acknowledged: RefCell::default(),
            posted: Cell::new(0),
            refused: RefCell::default(),
        }))
    }

    pub fn start(&self) -> Vec<JoinHandle<()>> {
        (0..AT_ONCE).map(|_| spawn(self.clone().run())).collect()
    }

    /// No further events; those under way come to their end.
    pub async fn stop(&self, running: Vec<JoinHandle<()>>) {
        self.0.over.set(true);
        for task in running {
            task.await.unwrap();
        }
    }

    /// The bodies that were answered 200.
    pub fn acknowledged(&self) -> std::cell::Ref<'_, Vec<String>> {
        self.0.acknowledged.borrow()
    }

    /// How the bodies were answered that were not answered 200.
    pub fn refused(&self) -> Vec<String> {
        self.0.refused.borrow().clone()
    }

    pub fn posted(&self) -> u64 {
        self.0.posted.get()
    }

    async fn run(self) {
        while !self.0.over.get() {
            if let Some(body) = self.next_body() {
                self.post(body).await;
            }
            sleep(BREATH).await;
        }
    }

    async fn post(&self, body: String) {
        let shared = &self.0;
        shared.posted.set(shared.posted.get() + 1);
        let [timestamp, signature] = signed(&shared.zoom, &body);
        let request = shared.http.post(&shared.url).insert_header(timestamp).insert_header(signature);
        let answer =
            request.insert_header(("content-type", "application/json")).send_body(body.clone()).await;
        match answer {
            Ok(answer) if answer.status().as_u16() == 200 => shared.acknowledged.borrow_mut().push(body),
            Ok(answer) => shared.refused.borrow_mut().push(answer.status().to_string()),
            Err(error) => shared.refused.borrow_mut().push(error.to_string()),
        }
    }

    /// The next event of the meeting that has been told of least.
    fn next_body(&self) -> Option<String> {
        let mut made = self.0.made.borrow_mut();
        let live = self.0.zoom.meetings().into_iter().filter_map(|m| Some((m.id, m.uuid?, m.host_id)));
        let (meeting, uuid, host) =
            live.min_by_key(|(_, uuid, _)| made.get(uuid).copied().unwrap_or_default())?;
        let number = made.entry(uuid.clone()).or_default();
        let kinds = KINDS.len() as u64;
        let (guest, kind) = (*number / kinds, *number % kinds);
        if guest >= GUESTS_OF_A_MEETING {
            return None;
        }
        *number += 1;
        let (event, field) = KINDS[usize::try_from(kind).unwrap()];
        let now = Timestamp::now();
        let account = &self.0.zoom.account().account_id;
        Some(guest_event(event, field, account, (meeting, &uuid, &host), guest, now))
    }
}

fn guest_event(
    event: &str,
    field: &str,
    account: &str,
    (meeting, uuid, host): (u64, &str, &str),
    guest: u64,
    now: Timestamp,
) -> String {
    let mut participant = json!({
        "user_id": (50_000_000 + guest).to_string(),
        "user_name": format!("Guest {guest}"),
        "registrant_id": "",
        "participant_user_id": "",
        "id": "",
        "email": "",
        "participant_uuid": format!("GUEST-{meeting}-{guest}"),
    });
    participant[field] = json!(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    json!({
        "event": event,
        "event_ts": now.as_millisecond(),
        "payload": {
            "account_id": account,
            "object": {"id": meeting.to_string(), "uuid": uuid, "host_id": host, "participant": participant},
        },
    })
    .to_string()
}

/// The two headers by which an event is believed.
pub fn signed(zoom: &FakeZoom, body: &str) -> [(&'static str, String); 2] {
    let timestamp = Timestamp::now().as_second();
    let signature = signature(&zoom.account().webhook_secret, timestamp, body);
    [("x-zm-request-timestamp", timestamp.to_string()), ("x-zm-signature", signature)]
}

/// An event of a guest that was never sent to anybody.
pub fn never_sent(zoom: &FakeZoom, meeting: u64, uuid: &str) -> String {
    let account = &zoom.account().account_id;
    let (event, field) = KINDS[0];
    guest_event(event, field, account, (meeting, uuid, "host"), 9_999_999, Timestamp::now())
}
