//! Users who stand for patients during a visit: made under an address that says nothing of the person, found again by it, and removed.

use awc::http::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use vestibule_domain::id::{Marker, ZoomUserId};
use vestibule_domain::intent::{CallFailure, IntentOutcome, ProblemCode, Retry};
use vestibule_domain::name::Phi;

use super::answers::{Standing, User};
use super::error::RestError;
use super::links::name;
use super::pace::Label;
use super::providers::{ADDRESS_TAKEN, NO_SEAT, NO_SUCH_USER, word};
use super::rest::{Api, Call};
use crate::outbound::encode::encode;
use crate::settings::ProviderAction;

/// What the address of each begins with, so that an administrator can tell them from people.
const PREFIX: &str = "vestibule-patient-";
/// Characters of the rest of it: 128 bits in hexadecimal.
const LOCAL_PART: usize = 32;
/// Nobody who only takes part needs a licence.
const BASIC: u8 = 1;

impl Api<'_> {
    /// The user with this tag, made where there is none. What was made without our hearing of it is found by its address.
    pub async fn ensure_patient_user(&self, tag: &Marker, display_name: &Phi) -> IntentOutcome {
        let email = self.patient_address(tag);
        match self.user(&email).await {
            Ok(Some(user)) => accept(user),
            Ok(None) => self.make_patient_user(&email, display_name).await,
            Err(error) => error.outcome(),
        }
    }

    async fn make_patient_user(&self, email: &str, display_name: &Phi) -> IntentOutcome {
        let action = self.account.config.temporary_user_action;
        let mut user = json!({"email": email, "type": BASIC, "first_name": name(display_name)});
        if action == ProviderAction::AutoCreate
            && let Some(fields) = user.as_object_mut()
        {
            fields.insert("password".to_owned(), self.password().into());
        }
        let body = json!({"action": word(action), "user_info": user});
        let made = self.call(&Call::with_body(Method::POST, "/users", Label::Light, body)).await;
        if let Err(error) = &made
            && let Some(refused) = why_refused(error)
        {
            return refused;
        }
        // Whether it is active is only said by a lookup, which also finds what was made though the answer was lost.
        match (self.user(email).await, made) {
            (Ok(Some(user)), _) => accept(user),
            (Ok(None), Err(error)) if error.refusal().is_none() => error.outcome_of_post(),
            (Ok(None), _) => never(ProblemCode::PatientUserPending),
            (Err(error), _) => error.outcome(),
        }
    }

    /// Removes the user with this tag. One that is not there is as good as removed.
    pub async fn remove_patient_user(&self, tag: &Marker, user: Option<&ZoomUserId>) -> IntentOutcome {
        let key = user.map_or_else(|| self.patient_address(tag), ToString::to_string);
        let path = format!("/users/{}?action=delete", encode(&key));
        let call = Call::delete(&path);
        match self.call(&call).await {
            Ok(_) => IntentOutcome::UserRemoved,
            Err(error) if error.refusal().is_some_and(|refusal| refusal.has_code(&NO_SUCH_USER)) => {
                IntentOutcome::UserRemoved
            }
            Err(error) => error.outcome(),
        }
    }

    /// The same for the same tag, whatever Zoom thinks of the letters in it.
    fn patient_address(&self, tag: &Marker) -> String {
        let drawn: String = hex::encode(Sha256::digest(tag.as_str())).chars().take(LOCAL_PART).collect();
        format!("{PREFIX}{drawn}@{}", self.account.config.registrant_email_domain)
    }
}

fn accept(user: User) -> IntentOutcome {
    match user.standing {
        Standing::Active => IntentOutcome::UserMade { user: user.id },
        Standing::Pending => never(ProblemCode::PatientUserPending),
        Standing::Inactive => never(ProblemCode::PatientUserRefused),
    }
}

/// What Zoom refused for good, or for now; nothing where the user may be there all the same.
fn why_refused(error: &RestError) -> Option<IntentOutcome> {
    let RestError::Refused(refusal) = error else {
        return (*error != RestError::InDoubt).then(|| error.outcome());
    };
    if refusal.status == 409 || refusal.has_code(&ADDRESS_TAKEN) {
        return None;
    }
    if refusal.wait.is_none() && refusal.has_code(&NO_SEAT) {
        return Some(never(ProblemCode::PatientNoSeat));
    }
    Some(match error.failure() {
        CallFailure { problem: ProblemCode::ZoomRefused, retry } => {
            IntentOutcome::Failed(CallFailure { problem: ProblemCode::PatientUserRefused, retry })
        }
        _ => error.outcome(),
    })
}

fn never(problem: ProblemCode) -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem, retry: Retry::Never })
}
