//! A provider's Zoom user: found by the id that it had the last time, then by e-mail; else one is made.

use awc::http::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::{FhirReference, OrganizationId, ZoomUserId};
use vestibule_domain::intent::{CallFailure, IntentOutcome, ProblemCode, Retry};
use vestibule_domain::name::Phi;
use vestibule_domain::time::Span;
use vestibule_domain::visit::default_host::{HostChoice, Instead};

use super::answers::{Standing, User};
use super::connection::PROVIDERS;
use super::error::{RestError, ZoomRefusal};
use super::pace::Label;
use super::rest::{Api, Call};
use crate::outbound::encode::encode;
use crate::outbound::lenient::text;
use crate::settings::{ProviderAction, ProviderUserType, SeatFallback};

/// No such user: not at all, not on this account, or an invitation that is not there.
pub(super) const NO_SUCH_USER: [i64; 3] = [1001, 1010, 1120];
/// The address is taken, on this account or elsewhere.
pub(super) const ADDRESS_TAKEN: [i64; 2] = [1005, 1009];
/// It is taken elsewhere.
const OTHER_ACCOUNT: [i64; 1] = [1009];
/// The domain is blocked, or none of the managed ones, or the address is another cluster's.
const FOREIGN: [i64; 3] = [1107, 1116, 1135];
/// No seat of the type, or the type is not allowed: "max paid users", permission, feature limits.
pub(super) const NO_SEAT: [i64; 5] = [200, 1108, 2033, 2034, 3412];
/// Zoom's bounds.
const LONGEST_EMAIL: usize = 128;
const LONGEST_NAME: usize = 64;
/// Characters of a password that are drawn.
const PASSWORD_DRAWN: usize = 22;
/// Characters of the made-up part of an address: 128 bits in hexadecimal.
const LOCAL_PART: usize = 32;

/// The provider who is wanted.
pub(super) struct Wanted<'a> {
    pub organization: &'a OrganizationId,
    /// Stable at this Epic, whatever becomes of names and addresses.
    pub fhir_user: &'a FhirReference,
    pub email: Option<&'a Phi>,
    pub first_name: Option<&'a Phi>,
    pub last_name: Option<&'a Phi>,
    pub host_choice: &'a HostChoice,
}

/// A provider's own user.
struct Own {
    user: User,
    /// Made a moment ago as a basic one, since no licence was free.
    made_basic: bool,
}

impl From<User> for Own {
    fn from(user: User) -> Self {
        Self { user, made_basic: false }
    }
}

/// What the store knows of a provider.
struct Known {
    version: u64,
    user: Option<ZoomUserId>,
}

impl Api<'_> {
    pub async fn ensure_provider(&self, store: &SharedStore, wanted: &Wanted<'_>) -> IntentOutcome {
        let known = match wanted.known(store).await {
            Ok(known) => known,
            Err(error) => return store_does_not_answer(&error),
        };
        let own = match self.find_or_make(wanted, &known).await {
            Ok(own) => {
                if known.user.as_ref() != Some(&own.user.id) {
                    wanted.remember(store, known.version, &own.user.id).await;
                }
                self.accept(own).await
            }
            Err(outcome) => outcome,
        };
        match &own {
            IntentOutcome::Failed(CallFailure { problem, retry: Retry::Never })
                if self.account.config.fallback.stands_in_for(*problem) =>
            {
                self.default_host(wanted.host_choice, *problem).await
            }
            _ => own,
        }
    }

    async fn find_or_make(&self, wanted: &Wanted<'_>, known: &Known) -> Result<Own, IntentOutcome> {
        if let Some(id) = &known.user
            && let Some(user) = self.user(id.as_str()).await.map_err(|error| error.outcome())?
            // One that was deactivated may have been followed by another; the address tells.
            && user.standing != Standing::Inactive
        {
            return Ok(user.into());
        }
        let domain = self.account.config.provider_email_domain.as_deref();
        let email = wanted.address(domain).ok_or_else(|| never(ProblemCode::UserRefused))?;
        match self.user(&email).await.map_err(|error| error.outcome())? {
            Some(user) => Ok(user.into()),
            None => self.provision(wanted, &email).await,
        }
    }

    /// Looks a user up by id or e-mail.
    pub(super) async fn user(&self, key: &str) -> Result<Option<User>, RestError> {
        match self.call(&Call::get(&format!("/users/{}", encode(key)), Label::Light)).await {
            Ok(body) => User::read(&body).map(Some).ok_or(RestError::InDoubt),
            Err(RestError::Refused(refusal)) if refusal.has_code(&NO_SUCH_USER) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the user as the settings say; where no seat is free for it, perhaps as a basic one. Zoom has refused the first then, so
    /// that there never are two.
    async fn provision(&self, wanted: &Wanted<'_>, email: &str) -> Result<Own, IntentOutcome> {
        let config = &self.account.config;
        let kind = config.provider_user_type;
        let made = self.make(wanted, email, kind).await;
        let no_seat = matches!(&made, Err(IntentOutcome::Failed(why)) if why.problem == ProblemCode::NoSeat);
        let basic = kind == ProviderUserType::Licensed && config.fallback.no_seat == SeatFallback::Basic;
        if no_seat && basic {
            let user = self.make(wanted, email, ProviderUserType::Basic).await?;
            return Ok(Own { made_basic: !user.licensed, user });
        }
        made.map(Own::from)
    }

    async fn make(
        &self,
        wanted: &Wanted<'_>,
        email: &str,
        kind: ProviderUserType,
    ) -> Result<User, IntentOutcome> {
        let config = &self.account.config;
        let password = (config.provider_action == ProviderAction::AutoCreate).then(|| self.password());
        let user = new_user(wanted, email, kind, password);
        let body = json!({"action": word(config.provider_action), "user_info": user});
        let answer = self.call(&Call::with_body(Method::POST, "/users", Label::Light, body)).await;
        let made_id = match &answer {
            Ok(body) => text(body, "id").map(str::to_owned),
            Err(error) => match why_not_made(error) {
                NotMade::LookAgain => None,
                NotMade::Failed(outcome) => return Err(outcome),
            },
        };
        // Whether it is active is only said by a lookup. After a race or a lost answer the address finds it.
        let key = made_id.as_deref().unwrap_or(email);
        match self.user(key).await {
            Ok(Some(user)) => Ok(user),
            // Made a moment ago, or known to exist, and still not to be looked up: an invitation is open.
            Ok(None) => match answer {
                Err(error) if error.refusal().is_none() => Err(error.outcome()),
                Err(error) if error.refusal().is_some_and(|refusal| refusal.has_code(&OTHER_ACCOUNT)) => {
                    Err(never(ProblemCode::UserForeign))
                }
                _ => Err(never(ProblemCode::UserPending)),
            },
            Err(error) => Err(error.outcome()),
        }
    }

    /// `autoCreate` asks for one. Nobody ever knows it: providers come in by start links, or set their own by mail.
    pub(super) fn password(&self) -> String {
        let drawn: String = self.randomness.secret().chars().take(PASSWORD_DRAWN).collect();
        // Zoom wants capitals, small letters and digits, and takes 32 characters.
        format!("{drawn}aA1-")
    }

    async fn accept(&self, Own { user, made_basic }: Own) -> IntentOutcome {
        match user.standing {
            Standing::Pending => return never(ProblemCode::UserPending),
            Standing::Inactive => return never(ProblemCode::UserInactive),
            Standing::Active => {}
        }
        let seat = match (user.licensed, made_basic) {
            (true, _) => Seat::Licensed,
            (false, true) => Seat::NoneFree,
            (false, false) => self.license(&user).await,
        };
        match (seat, self.account.config.fallback.no_seat) {
            (Seat::NoneFree, SeatFallback::DefaultHost) => never(ProblemCode::NoSeat),
            (Seat::NoneFree, SeatFallback::Basic) => {
                IntentOutcome::MadeDo { user: user.id, licensed: false, instead: Instead::Basic }
            }
            (seat, _) => IntentOutcome::Provider { user: user.id, licensed: seat == Seat::Licensed },
        }
    }

    /// Gives a found user a licence where the organization wants that. Without a free seat it stays as it was.
    async fn license(&self, user: &User) -> Seat {
        let config = &self.account.config;
        if !config.license_found_users || config.provider_user_type != ProviderUserType::Licensed {
            return Seat::NotAsked;
        }
        let path = format!("/users/{}", encode(user.id.as_str()));
        let upgraded =
            self.call(&Call::with_body(Method::PATCH, &path, Label::Light, json!({"type": 2}))).await;
        let Err(error) = &upgraded else { return Seat::Licensed };
        tracing::warn!(%error, "a provider's Zoom user was not given a licence");
        let about_seats = |refusal: &ZoomRefusal| is_about_the_user(refusal) && refusal.has_code(&NO_SEAT);
        if error.refusal().is_some_and(about_seats) { Seat::NoneFree } else { Seat::NotAsked }
    }
}

/// What became of a found user's licence.
#[derive(PartialEq, Eq)]
enum Seat {
    Licensed,
    /// Zoom refused it for want of a seat.
    NoneFree,
    /// The settings do not want it, or Zoom did not hear of it.
    NotAsked,
}

enum NotMade {
    /// It exists, or may have been made.
    LookAgain,
    Failed(IntentOutcome),
}

fn why_not_made(error: &RestError) -> NotMade {
    match error {
        RestError::InDoubt => NotMade::LookAgain,
        RestError::Refused(refusal) if refusal.status == 409 || refusal.has_code(&ADDRESS_TAKEN) => {
            NotMade::LookAgain
        }
        RestError::Refused(refusal) if refusal.wait.is_none() && is_about_the_user(refusal) => {
            NotMade::Failed(never(if refusal.has_code(&NO_SEAT) {
                ProblemCode::NoSeat
            } else if refusal.has_code(&FOREIGN) {
                ProblemCode::UserForeign
            } else {
                ProblemCode::UserRefused
            }))
        }
        other => NotMade::Failed(other.outcome()),
    }
}

/// Zoom's own word, and not about our credentials or scopes.
fn is_about_the_user(refusal: &ZoomRefusal) -> bool {
    refusal.code.is_some() && refusal.status != 401 && !refusal.lacks_scope()
}

pub(super) fn never(problem: ProblemCode) -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem, retry: Retry::Never })
}

pub(super) fn store_does_not_answer(error: &StoreError) -> IntentOutcome {
    tracing::warn!(%error, "a provider's Zoom user cannot be looked up in the store");
    let retry = Retry::After(Some(Span::seconds(1)));
    IntentOutcome::Failed(CallFailure { problem: ProblemCode::ZoomUnavailable, retry })
}

fn new_user(
    wanted: &Wanted<'_>,
    email: &str,
    kind: ProviderUserType,
    password: Option<String>,
) -> Map<String, Value> {
    let name = |name: Option<&Phi>| {
        let name = name.map(|name| name.reveal().trim().chars().take(LONGEST_NAME).collect::<String>());
        name.filter(|name| !name.is_empty())
    };
    let kind = match kind {
        ProviderUserType::Basic => 1,
        ProviderUserType::Licensed => 2,
    };
    let first_name = name(wanted.first_name).unwrap_or_else(|| "Provider".to_owned());
    let fields = [
        ("email", Some(Value::from(email))),
        ("type", Some(Value::from(kind))),
        ("first_name", Some(Value::from(first_name))),
        ("last_name", name(wanted.last_name).map(Value::from)),
        ("password", password.map(Value::from)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// How Zoom spells the action.
pub(super) fn word(action: ProviderAction) -> &'static str {
    match action {
        ProviderAction::Create => "create",
        ProviderAction::AutoCreate => "autoCreate",
        ProviderAction::SsoCreate => "ssoCreate",
        ProviderAction::CustCreate => "custCreate",
    }
}

impl Wanted<'_> {
    /// The address of the launch; else one made of a hash, which is the same at every launch and names nobody.
    fn address(&self, domain: Option<&str>) -> Option<String> {
        let given = self.email.map(|email| email.reveal().trim().to_lowercase());
        given.filter(|email| is_plausible(email)).or_else(|| {
            let digest = Sha256::digest(format!("{}/{}", self.organization, self.fhir_user));
            let local: String = hex::encode(digest).chars().take(LOCAL_PART).collect();
            Some(format!("{local}@{}", domain?))
        })
    }

    fn field(&self) -> String {
        format!("{PROVIDERS}{}", self.fhir_user)
    }

    async fn known(&self, store: &SharedStore) -> Result<Known, StoreError> {
        let value = store.organization_get(self.organization, &self.field()).await?;
        Ok(value.map_or(Known { version: 0, user: None }, |value| Known {
            version: value.version,
            user: String::from_utf8(value.value).ok().and_then(|id| ZoomUserId::new(id).ok()),
        }))
    }

    /// Another launch of the same provider may have been first; it found the same user.
    async fn remember(&self, store: &SharedStore, version: u64, user: &ZoomUserId) {
        let value = user.as_str().as_bytes().to_vec();
        if let Err(error) = store.organization_put(self.organization, &self.field(), version, value).await {
            tracing::warn!(%error, "a provider's Zoom user could not be kept; the next launch looks for it again");
        }
    }
}

fn is_plausible(email: &str) -> bool {
    let parts = email.split_once('@').filter(|(local, domain)| !local.is_empty() && domain.contains('.'));
    let plain = email.chars().all(|letter| !letter.is_whitespace() && !letter.is_control());
    parts.is_some_and(|(_, domain)| !domain.contains('@')) && plain && email.len() <= LONGEST_EMAIL
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(
        organization: &str,
        fhir_user: &str,
        email: Option<&str>,
        domain: Option<&str>,
    ) -> Option<String> {
        let email = email.map(Phi::new);
        let organization = OrganizationId::new(organization).unwrap();
        let fhir_user = FhirReference::new(fhir_user).unwrap();
        let wanted = Wanted {
            organization: &organization,
            fhir_user: &fhir_user,
            email: email.as_ref(),
            first_name: None,
            last_name: None,
            host_choice: &HostChoice::default(),
        };
        wanted.address(domain)
    }

    #[test]
    fn an_address_is_the_launchs_or_a_hash_that_stays() {
        let domain = Some("visits.example.org");
        assert_eq!(address("a", "Practitioner/1", Some(" G@X.org "), domain).as_deref(), Some("g@x.org"));
        let made = address("a", "Practitioner/1", None, domain).unwrap();
        assert!(made.ends_with("@visits.example.org") && made.len() == 32 + 19, "{made}");
        assert_eq!(address("a", "Practitioner/1", Some("not an address"), domain).as_ref(), Some(&made));
        assert_ne!(address("b", "Practitioner/1", None, domain).as_ref(), Some(&made));
        assert_ne!(address("a", "Practitioner/2", None, domain).as_ref(), Some(&made));
        assert_eq!(address("a", "Practitioner/1", None, None), None);
    }

    #[test]
    fn refusals_to_make_a_user_are_told_apart() {
        let refusal = |status, code| RestError::Refused(ZoomRefusal { status, code: Some(code), wait: None });
        let problem = |error: &RestError| match why_not_made(error) {
            NotMade::LookAgain => None,
            NotMade::Failed(IntentOutcome::Failed(failure)) => Some(failure.problem),
            NotMade::Failed(_) => panic!("not a failure"),
        };
        for code in NO_SEAT {
            assert_eq!(problem(&refusal(400, code)), Some(ProblemCode::NoSeat), "{code}");
        }
        for code in FOREIGN {
            assert_eq!(problem(&refusal(400, code)), Some(ProblemCode::UserForeign), "{code}");
        }
        for code in [300, 2002] {
            assert_eq!(problem(&refusal(400, code)), Some(ProblemCode::UserRefused), "{code}");
        }
        for error in [refusal(409, 1005), refusal(400, 1005), refusal(409, 0), RestError::InDoubt] {
            assert_eq!(problem(&error), None, "{error}");
        }
        assert_eq!(problem(&refusal(400, 4711)), Some(ProblemCode::ZoomUnauthorized));
        assert_eq!(problem(&RestError::NotSent), Some(ProblemCode::ZoomUnavailable));
    }
}
