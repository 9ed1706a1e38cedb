//! Makes the links that Hyperspace and MyChart open: the FDI record's URL with `iss` and a single-use `launch`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::clock::millis;
use super::super::day::{Appointment, LaunchKind, Person, Standing};
use super::FakeEpic;
use super::state::{Launch, LaunchOptions};

/// A launch that nobody follows is void after this long.
const LAUNCH_LIFE: Duration = Duration::from_secs(600);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    #[error("Epic knows no visit with CSN {0}")]
    NoSuchVisit(String),
    #[error("Epic knows nobody with the id {0} in this visit")]
    NoSuchPerson(String),
}

impl FakeEpic {
    /// The link behind the button of the person with `external_id`; every call gives another launch.
    pub fn launch_url(&self, kind: LaunchKind, external_id: &str, csn: &str) -> Result<String, LaunchError> {
        self.launch_url_with(kind, external_id, csn, LaunchOptions::default())
    }

    pub fn launch_url_with(
        &self,
        kind: LaunchKind,
        external_id: &str,
        csn: &str,
        options: LaunchOptions,
    ) -> Result<String, LaunchError> {
        let expires_at = self.now() + millis(LAUNCH_LIFE);
        let token = self.with(|state| {
            let visit = state
                .day
                .iter()
                .find(|visit| visit.csn == csn)
                .ok_or_else(|| LaunchError::NoSuchVisit(csn.to_owned()))?;
            let (_, standing) =
                visit.person(external_id).ok_or_else(|| LaunchError::NoSuchPerson(external_id.to_owned()))?;
            let now = expires_at - millis(LAUNCH_LIFE);
            state.tidy(now);
            // Launch tokens of real sites are long and look like JWTs; nobody may parse or cut them.
            let token = format!("eyJ{}.{}", state.chance.token(60), state.chance.token(90));
            let launch = Launch {
                kind,
                csn: csn.to_owned(),
                external_id: external_id.to_owned(),
                standing,
                options,
                expires_at,
                used: false,
            };
            state.launches.insert(token.clone(), launch);
            Ok(token)
        })?;
        let iss = self.site().fhir_base();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("iss", &iss).append_pair("launch", &token);
        Ok(format!("{}/{}?{}", self.site().launch_base, kind.segment(), query.finish()))
    }
}

impl Launch {
    /// What the FDI record's CONTEXT line brings back in the token response.
    pub(super) fn context(&self, visit: &Appointment, person: &Person) -> BTreeMap<String, String> {
        let kind = if self.standing == Standing::Provider { "1" } else { "2" };
        let mut out: BTreeMap<String, String> = [
            ("csn", visit.csn.as_str()),
            ("conferenceid", visit.conference_id.as_deref().unwrap_or_default()),
            ("externalid", person.external_id.as_str()),
            ("externalidtype", kind),
            ("fname", person.first_name.as_str()),
            ("lname", person.last_name.as_str()),
            ("email", person.email.as_str()),
            ("departmentid", visit.department_id.as_str()),
            ("appointmenttime", visit.time.as_str()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        out.extend(self.options.context.clone());
        out.retain(|name, _| !self.options.without.contains(name));
        out
    }

    /// The FHIR resource type of the launching user.
    pub(super) fn resource(&self) -> &'static str {
        match self.standing {
            Standing::Provider => "Practitioner",
            Standing::Patient => "Patient",
            Standing::Proxy => "RelatedPerson",
        }
    }
}
