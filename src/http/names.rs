//! The words of the JSON: phases, presences, roles and so on, as the API spells them and as OpenAPI lists them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_actors::port::store::Outcome;
use vestibule_domain::effect::Says;
use vestibule_domain::policy::Admittance;
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::device_test::TestOutcome;
use vestibule_domain::visit::participant::{Presence, Role};

/// Makes an enumeration of words out of one of the domain's, so that a new variant there does not compile here unspelt.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident of $domain:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),+ }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value { $($domain::$variant => Self::$variant),+ }
            }
        }
    };
}

words!(
    /// Where a visit stands. `ended` as soon as no instance lives and one has; it may go back to `in_progress`.
    PhaseName of Phase { Scheduled, WaitingForHost, InProgress, Ended }
);
words!(
    /// Where a person is.
    PresenceName of Presence { Gone, Waiting, InWaitingRoom, InMeeting }
);
words!(
    /// What a person is in a visit.
    RoleName of Role { Provider, Patient, Proxy, Guest, Unidentified }
);
words!(
    /// What became of an update. `superseded` was never sent: attempt 0, resp_code 0.
    OutcomeName of Outcome { Delivered, Retrying, Parked, Superseded }
);
words!(
    /// Who lets the patient in: nobody needs to, or the provider in Zoom's waiting room.
    AdmittanceName of Admittance { Automatic, Manual }
);

words!(
    /// What came out of a device test. `unclear` is whatever the settings do not know.
    TestOutcomeName of TestOutcome { Passed, Failed, Unclear }
);

/// What Epic is told about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    Joined,
    Left,
    DeviceTest,
}

impl From<Says> for EventName {
    fn from(says: Says) -> Self {
        match says {
            Says::Connected(true) => Self::Joined,
            Says::Connected(false) => Self::Left,
            Says::DeviceTest(_) => Self::DeviceTest,
        }
    }
}

impl PhaseName {
    /// The phases as a message lists them.
    pub const LISTED: &'static str = "scheduled, waiting_for_host, in_progress or ended";
}

/// A word as it is spelt in JSON.
pub fn spelt(word: impl Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
