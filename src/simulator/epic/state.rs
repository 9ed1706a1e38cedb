//! What the fake Epic remembers: launches, codes, tokens, what it was told, and the lights.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::chance::Chance;
use super::super::clock::Millis;
use super::super::day::{Day, LaunchKind, Standing};
use super::faults::{Faults, IdTokenFault};

/// Bounds of what is remembered.
pub const MAX_LAUNCHES: usize = 50_000;
pub const MAX_TOKENS: usize = 50_000;
pub const MAX_REQUESTS: usize = 50_000;
pub const MAX_APPOINTMENTS: usize = 20_000;

/// A launch token and what stands behind it.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub kind: LaunchKind,
    pub csn: String,
    pub external_id: String,
    pub standing: Standing,
    pub options: LaunchOptions,
    pub expires_at: Millis,
    pub used: bool,
}

/// How a launch differs from what it should be.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    /// Another patient's FHIR id in the token response.
    pub patient: Option<String>,
    /// CONTEXT keys with other values; an empty map changes nothing.
    pub context: BTreeMap<String, String>,
    /// Keys of the token response that are missing, those of CONTEXT and `patient`, `encounter` and `appointment`.
    pub without: Vec<String>,
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub launch: Launch,
    pub redirect_uri: String,
    pub challenge: String,
    pub scope: String,
    pub nonce: Option<String>,
    pub expires_at: Millis,
}

#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub expires_at: Millis,
    /// Made by `client_credentials`.
    pub backend: bool,
    /// What it may be used for, with blanks between.
    pub scope: String,
}

/// One request to the status service, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusRequest {
    pub at: Millis,
    pub conference_id: String,
    pub external_id: String,
    pub external_id_type: String,
    pub vendor_name: String,
    /// Empty where a device test was told.
    pub connection_status: String,
    /// What came out of a device test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The HTTP status sent, 0 where none was.
    pub answered: u16,
    /// The code of a refusal.
    pub code: Option<String>,
    /// The light was set, whether or not the caller came to know.
    pub applied: bool,
}

/// One person's light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Light {
    pub conference_id: String,
    pub external_id: String,
    /// 1 provider, 2 patient.
    pub external_id_type: u8,
    pub connected: bool,
    pub changed_at: Millis,
    /// How often it was set, also to what it was already.
    pub settings: u64,
}

/// What this Epic was last told of somebody's device test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToldTest {
    pub conference_id: String,
    pub external_id: String,
    /// passed, failed or unclear.
    pub result: String,
    /// When the person came back from it, as the teller says.
    pub instant: String,
    /// How often this person's test was told.
    pub times: u64,
}

pub(crate) struct State {
    pub day: Day,
    pub launches: HashMap<String, Launch>,
    pub codes: HashMap<String, Grant>,
    pub tokens: HashMap<String, Bearer>,
    /// Ids of assertions that were taken, until they expire.
    pub jtis: HashMap<String, Millis>,
    /// The service's key set, and until when it is believed.
    pub client_keys: Option<(Value, Millis)>,
    /// The key id of the last assertion whose signature was good.
    pub assertion_key: Option<String>,
    pub requests: VecDeque<StatusRequest>,
    pub lights: BTreeMap<(String, String, u8), Light>,
    /// By conference and person.
    pub device_tests: BTreeMap<(String, String), ToldTest>,
    pub faults: Faults,
    pub id_token_fault: Option<IdTokenFault>,
    pub counts: BTreeMap<String, u64>,
    pub chance: Chance,
    /// How long a user's token lives, in seconds.
    pub token_life: i64,
    /// Kinds of resources that the backend client is not registered to read.
    pub denied_reads: BTreeSet<&'static str>,
    /// What became of appointments, by CSN.
    pub changes: BTreeMap<String, Change>,
}

/// What became of an appointment since it was booked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub appointment_status: Option<&'static str>,
    pub encounter_status: Option<&'static str>,
    /// Where it was moved to.
    pub start: Option<jiff::Timestamp>,
}

impl State {
    pub fn new(day: Day, seed: u64) -> Self {
        Self {
            day,
            launches: HashMap::new(),
            codes: HashMap::new(),
            tokens: HashMap::new(),
            jtis: HashMap::new(),
            client_keys: None,
            assertion_key: None,
            requests: VecDeque::new(),
            lights: BTreeMap::new(),
            device_tests: BTreeMap::new(),
            faults: Faults::default(),
            id_token_fault: None,
            counts: BTreeMap::new(),
            chance: Chance::new(seed ^ 0x4550_4943),
            token_life: 3240,
            denied_reads: BTreeSet::new(),
            changes: BTreeMap::new(),
        }
    }

    /// Makes room by forgetting what has expired.
    pub fn tidy(&mut self, now: Millis) {
        if self.launches.len() >= MAX_LAUNCHES {
            self.launches.retain(|_, launch| !launch.used && launch.expires_at > now);
        }
        if self.tokens.len() >= MAX_TOKENS {
            self.tokens.retain(|_, token| token.expires_at > now);
        }
        self.codes.retain(|_, grant| grant.expires_at > now);
        self.jtis.retain(|_, expires_at| *expires_at > now);
    }

    pub fn make_token(&mut self, now: Millis, backend: bool, scope: &str) -> String {
        self.tidy(now);
        let token = self.chance.token(40);
        let expires_at = now + self.token_life * 1000;
        self.tokens.insert(token.clone(), Bearer { expires_at, backend, scope: scope.to_owned() });
        token
    }

    pub fn remember(&mut self, request: StatusRequest) {
        if self.requests.len() >= MAX_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }
}

/// Puts the CONTEXT keys of a launch beside the standard ones.
pub(crate) fn put_context(answer: &mut Map<String, Value>, context: BTreeMap<String, String>) {
    for (name, value) in context {
        answer.insert(name, Value::String(value));
    }
}
