//! The lights, as both status services set them: checks in Epic's own order, sets the light, and keeps every request. The service of 2018
//! is asked by its query alone.

use serde_json::{Value, json};

use super::super::day::Standing;
use super::state::{Light, State, StatusRequest, ToldTest};
use super::token::basic;
use super::{FakeEpic, OWN_WORDS};

/// Who calls, by their headers.
pub(super) struct Caller<'a> {
    pub authorization: Option<&'a str>,
    pub client_id: Option<&'a str>,
}

/// What the caller is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StatusAnswer {
    Done,
    /// The access token or password is not taken.
    Unauthorized,
    /// `Epic-Client-ID` is missing or not known.
    UnknownClient,
    /// A business refusal by its code.
    Refused(&'static str),
}

impl StatusAnswer {
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Done => 200,
            Self::Unauthorized => 401,
            Self::UnknownClient => 403,
            Self::Refused(_) => 400,
        }
    }

    pub fn code(&self) -> Option<&'static str> {
        if let Self::Refused(code) = self { Some(code) } else { None }
    }
}

/// The body of a refusal, in the shape that the service's framework gives.
pub(super) fn refusal(code: &str) -> Value {
    let message = format!("An error occurred while executing the command: {code}.");
    let kind = "Epic.ServiceModel.Internal.ServiceCommandException";
    json!({
        "Message": format!("An error has occurred. {OWN_WORDS}"),
        "ExceptionMessage": message,
        "ExceptionType": kind,
        "StackTrace": "   at Epic_Clinical_PatientController.v2018_SETEXTERNALCONNECTIONSTATUS(String ConferenceID, \
                       String ExternalID, String ExternalIDType, String VendorName, Int32 ConnectionStatus)",
        "InnerException": {"Message": "An error has occurred.", "ExceptionMessage": message, "ExceptionType": kind},
    })
}

/// What is told of a device test; absent and empty are the same here too.
pub(super) struct ToldResult {
    pub result: String,
    pub instant: String,
}

/// The five parameters; absent and empty are the same to the services.
pub(super) struct Parameters {
    pub conference_id: String,
    pub external_id: String,
    pub external_id_type: String,
    pub vendor_name: String,
    pub connection_status: String,
    /// What came out of a device test and when, where that is what is told.
    pub test: Option<ToldResult>,
    /// What the service refuses although these five are right.
    pub besides: Option<&'static str>,
}

impl Parameters {
    /// Names are matched without case, as the framework does.
    pub fn read(query: &[(String, String)]) -> Self {
        let ask = |name: &str| {
            let found = query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        Self {
            conference_id: ask("ConferenceID"),
            external_id: ask("ExternalID"),
            external_id_type: ask("ExternalIDType"),
            vendor_name: ask("VendorName"),
            connection_status: ask("ConnectionStatus"),
            test: None,
            besides: None,
        }
    }
}

impl FakeEpic {
    fn authorized(&self, caller: &Caller<'_>) -> bool {
        let Some(header) = caller.authorization else { return false };
        if let Some((user, password)) = basic(header) {
            return user == format!("emp${}", self.site().status_user)
                && password == self.site().status_password;
        }
        let token = header
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let now = self.now();
        // The launching user's own token does not reach this service: it needs the backend client's.
        self.with(|state| {
            token
                .and_then(|token| state.tokens.get(token))
                .is_some_and(|held| held.backend && held.expires_at > now)
        })
    }

    /// Does what is asked. `apply` false only keeps the record, for faults that answer before anything is done.
    pub(super) fn set_status(&self, caller: &Caller<'_>, parameters: &Parameters) -> StatusAnswer {
        if !self.authorized(caller) {
            return StatusAnswer::Unauthorized;
        }
        if caller.client_id != Some(self.site().client_id.as_str()) {
            return StatusAnswer::UnknownClient;
        }
        let now = self.now();
        self.with(|state| {
            match check(state, parameters).and_then(|right| parameters.besides.map_or(Ok(right), Err)) {
                Err(code) => StatusAnswer::Refused(code),
                Ok((_, Sets::Test)) => {
                    state.tested(parameters);
                    StatusAnswer::Done
                }
                Ok((kind, Sets::Light(connected))) => {
                    let key = (parameters.conference_id.clone(), parameters.external_id.clone(), kind);
                    let light = state.lights.entry(key).or_insert_with(|| Light {
                        conference_id: parameters.conference_id.clone(),
                        external_id: parameters.external_id.clone(),
                        external_id_type: kind,
                        connected: false,
                        changed_at: now,
                        settings: 0,
                    });
                    if light.connected != connected {
                        (light.connected, light.changed_at) = (connected, now);
                    }
                    light.settings += 1;
                    StatusAnswer::Done
                }
            }
        })
    }

    pub(super) fn keep(&self, parameters: &Parameters, answered: u16, code: Option<&str>, applied: bool) {
        let at = self.now();
        self.with(|state| {
            state.remember(StatusRequest {
                at,
                conference_id: parameters.conference_id.clone(),
                external_id: parameters.external_id.clone(),
                external_id_type: parameters.external_id_type.clone(),
                vendor_name: parameters.vendor_name.clone(),
                connection_status: parameters.connection_status.clone(),
                result: parameters.test.as_ref().map(|test| test.result.clone()),
                answered,
                code: code.map(str::to_owned),
                applied,
            });
        });
    }
}

impl State {
    fn tested(&mut self, told: &Parameters) {
        let Some(ToldResult { result, instant }) = &told.test else { return };
        let key = (told.conference_id.clone(), told.external_id.clone());
        let times = self.device_tests.get(&key).map_or(0, |before| before.times) + 1;
        let told = ToldTest {
            conference_id: told.conference_id.clone(),
            external_id: told.external_id.clone(),
            result: result.clone(),
            instant: instant.clone(),
            times,
        };
        self.device_tests.insert(key, told);
    }
}

/// What a right request sets.
enum Sets {
    /// Whether connected.
    Light(bool),
    Test,
}

/// Missing ones first, then what Epic does not know. Gives the id type and what is set.
fn check(state: &State, asked: &Parameters) -> Result<(u8, Sets), &'static str> {
    let (last, its_code) = match &asked.test {
        Some(test) => (&test.result, "NO-RESULT"),
        None => (&asked.connection_status, "NO-CONNECTION-STATUS"),
    };
    for (value, code) in [
        (&asked.conference_id, "NO-CONFERENCE-ID"),
        (&asked.external_id, "NO-USER-ID"),
        (&asked.external_id_type, "NO-USER-ID-TYPE"),
        (&asked.vendor_name, "NO-VENDOR-NAME"),
        (last, its_code),
    ] {
        if value.is_empty() {
            return Err(code);
        }
    }
    let visits: Vec<_> = state.day.iter().filter(|visit| visit.conference() == asked.conference_id).collect();
    if visits.is_empty() {
        return Err("INVALID-CONFERENCE-ID");
    }
    let kind = match asked.external_id_type.as_str() {
        "1" => 1,
        "2" => 2,
        _ => return Err("INVALID-USER-ID-TYPE"),
    };
    // A patient-side user must be of this visit; any provider whom Epic knows may step in.
    let of_visit = visits
        .iter()
        .filter_map(|visit| visit.person(&asked.external_id))
        .any(|(_, standing)| standing != Standing::Provider);
    let provider = || {
        state.day.iter().flat_map(|visit| &visit.providers).any(|one| one.external_id == asked.external_id)
    };
    if !(if kind == 2 { of_visit } else { provider() }) {
        return Err("INVALID-USER-ID");
    }
    match (&asked.test, asked.connection_status.as_str()) {
        // Providers' devices are nobody's chart.
        (Some(_), _) if kind != 2 => Err("INVALID-USER-ID-TYPE"),
        (Some(test), _) if !["passed", "failed", "unclear"].contains(&test.result.as_str()) => {
            Err("INVALID-RESULT")
        }
        (Some(_), _) => Ok((kind, Sets::Test)),
        (None, "1") => Ok((kind, Sets::Light(true))),
        (None, "2") => Ok((kind, Sets::Light(false))),
        (None, _) => Err("INVALID-CONNECTION-STATUS"),
    }
}
