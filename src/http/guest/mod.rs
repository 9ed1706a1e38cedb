//! A guest comes by a link that a provider made: `/epic/{organization}/launch/guest?link=…` shows a page, whose button is the launch.
//!
//! Whoever has the link is the guest, until it runs out or is taken back; the visit decides that, as for any other launch.

mod asking;
mod link;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{GuestLinkId, OrganizationId};
use vestibule_domain::name::Phi;
use vestibule_domain::time::Span;
use vestibule_domain::visit::LaunchOutcome;
use vestibule_domain::visit::guest::{GuestLink, guest_of};
use vestibule_domain::visit::participant::Role;

use super::app::App;
use super::audited;
use super::browser::{Browser, is_own_origin};
use super::launch::{place, reason_of, told};
use super::letterhead;
use super::person::{PersonError, note_store_trouble, page, see_other};
use super::query::{self, Parameters};
use super::ticket::Ticket;
use super::visit::language_of;
use crate::outbound::encode::encode;
use crate::settings::{Environment, Organization, PatientDisplayName};
use crate::web::{Answered, Asking, Audience, GuestPage, Language, PagePolicy, Reason};
use asking::{AnswerForm, Gate};
pub use link::LinkKeys;
pub(super) use link::Opens;

/// This door in the counts of launches.
const KIND: &str = "guest";
/// What the provider sees in Zoom of a guest whose name is not to be shown there.
const GUEST: &str = "Guest";
/// The parameter of the page's address that says what came of the last answer.
const ANSWERED: &str = "answered";

/// Registers the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/epic/{organization}/launch/guest", web::get().to(show))
        .route("/epic/{organization}/launch/guest", web::post().to(come_in));
}

/// The address that a provider sends to a guest.
pub(super) fn address(app: &App, organization: &OrganizationId, link: &GuestLinkId) -> Option<String> {
    let signed = app.link_keys.sign(organization, link)?;
    Some(app.settings.server.public_url.with_path(&path(organization, &signed)))
}

fn path(organization: &OrganizationId, signed: &str) -> String {
    format!("/epic/{organization}/launch/guest?link={}", encode(signed))
}

async fn show(
    app: web::Data<App>,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    let guest = Guest::find(&app, &request, &organization).await?;
    let asking = match guest.gate(&app, Browser::of(&request, &app.settings).as_ref()) {
        Gate::Open => None,
        Gate::Ask => {
            let answered = query::first(&request, ANSWERED).and_then(|code| Answered::of(&code));
            Some(Asking { answered })
        }
        Gate::Shut(reason) => return Err(guest.refuse(reason)),
    };
    let language = guest.language();
    let view = GuestPage {
        language,
        organization: &letterhead::of(guest.organization),
        test_environment: guest.organization.environment == Environment::Test,
        action: &guest.here(language),
        in_other_language: &guest.here(language.other()),
        asking,
        help_phone: guest.organization.help_phone.as_deref(),
    };
    Ok(page(StatusCode::OK, &view, &PagePolicy::default()))
}

async fn come_in(
    app: web::Data<App>,
    request: HttpRequest,
    organization: web::Path<String>,
    form: web::Form<AnswerForm>,
) -> Result<HttpResponse, PersonError> {
    match launch(&app, &request, &organization, &form).await {
        // The page asks again, so that nobody has come yet.
        Ok(Entered::AskedAgain(response)) => Ok(response),
        Ok(Entered::In(response)) => {
            app.metrics.launch(KIND, "accepted");
            Ok(response)
        }
        Err(refused) => told(&app, KIND, Err(refused)),
    }
}

/// What came of the button.
enum Entered {
    In(HttpResponse),
    AskedAgain(HttpResponse),
}

async fn launch(
    app: &App,
    request: &HttpRequest,
    organization: &str,
    form: &AnswerForm,
) -> Result<Entered, PersonError> {
    let guest = Guest::find(app, request, organization).await?;
    if !is_own_origin(request, &app.settings) {
        return Err(guest.refuse(Reason::NotThisBrowser));
    }
    let _place = place(app, guest.id).ok_or_else(|| guest.refuse(Reason::Overloaded))?;
    let ports = app.desk.ports();
    let browser = Browser::of(request, &app.settings);
    let browser = browser.unwrap_or_else(|| Browser::fresh(ports.randomness.as_ref()));
    if let Some(answered) = guest.pass(app, &browser, form).await? {
        let again = format!("{}&{ANSWERED}={}", guest.here(guest.language()), answered.code());
        return Ok(Entered::AskedAgain(see_other(&again)));
    }
    let visit = &guest.opens.visit;
    let wait = app.settings.page.launch_wait;
    let launched = app.desk.launch(visit, guest.launch(), wait).await;
    let launched = launched.map_err(|error| guest.store_trouble(app, &error))?;
    let refusal = match &launched.decided {
        Some((LaunchOutcome::Refused(refusal), _)) => Some(reason_of(*refusal).code()),
        _ => None,
    };
    audited::launched(app, request, visit, &guest_of(&guest.link), refusal);
    if let Some((LaunchOutcome::Refused(refusal), seen)) = &launched.decided {
        let refused = guest.refuse(reason_of(*refusal));
        return Err(refused.with_opening(app, guest.organization, &seen.visit, None));
    }
    let undecided = launched.decided.is_none().then_some(launched.id);
    let ticket = Ticket::new(visit.clone(), guest_of(&guest.link), &browser, undecided);
    let life = Span::from_duration(app.settings.limits.ticket_life);
    let name = ticket.keep(ports, life).await.map_err(|error| guest.store_trouble(app, &error))?;
    let mut response = see_other(&format!("/visit/{name}?lang={}", guest.language().code()));
    if let Ok(cookie) = HeaderValue::try_from(browser.set_cookie(&app.settings, guest.organization)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(Entered::In(response))
}

/// Somebody with a link that is ours and has not run out.
struct Guest<'a> {
    request: &'a HttpRequest,
    id: &'a OrganizationId,
    organization: &'a Organization,
    link: GuestLinkId,
    signed: String,
    opens: Opens,
    /// As the visit knew the link just now.
    known: GuestLink,
    /// What opens it, where Epic has said so.
    right: Option<BirthDate>,
}

impl<'a> Guest<'a> {
    async fn find(app: &'a App, request: &'a HttpRequest, organization: &str) -> Result<Self, PersonError> {
        let unknown = || PersonError::new(request, Reason::UnknownOrganization);
        let (id, organization) = app.settings.organization(organization).ok_or_else(unknown)?;
        let refuse = |reason| PersonError::of(request, reason, organization, Audience::Patient);
        let signed = Parameters::of(request).one("link").ok().flatten();
        let signed = signed.ok_or_else(|| refuse(Reason::LinkUnreadable))?;
        let link = app.link_keys.read(id, &signed).ok_or_else(|| refuse(Reason::LinkUnreadable))?;
        let store_trouble = |error: &dyn std::fmt::Display| {
            note_store_trouble(app, KIND, &error);
            refuse(Reason::Overloaded)
        };
        let opens = Opens::find(app.desk.ports(), &link).await.map_err(|error| store_trouble(&error))?;
        let opens = opens.ok_or_else(|| refuse(Reason::GuestLinkNotGood))?;
        let snapshot = app.desk.visit(&opens.visit).await.map_err(|error| store_trouble(&error))?;
        let known = snapshot.as_ref().and_then(|seen| seen.visit.guests.get(&link));
        let good = known.filter(|link| link.is_good(app.desk.ports().clock.now()));
        let known = good.ok_or_else(|| refuse(Reason::GuestLinkNotGood))?.clone();
        let right = snapshot.as_ref().and_then(|seen| seen.visit.answer_to(&known));
        Ok(Self { request, id, organization, link, signed, opens, known, right })
    }

    /// The address of the page in a language.
    fn here(&self, language: Language) -> String {
        format!("{}&lang={}", path(self.id, &self.signed), language.code())
    }

    fn store_trouble(&self, app: &App, error: &dyn std::fmt::Display) -> PersonError {
        note_store_trouble(app, KIND, &error);
        self.refuse(Reason::Overloaded)
    }

    fn language(&self) -> Language {
        language_of(self.request, Some(self.organization))
    }

    fn refuse(&self, reason: Reason) -> PersonError {
        PersonError::of(self.request, reason, self.organization, Audience::Patient)
    }

    /// Epic does not know guests, so that no light follows them. Their name is shown in Zoom where patients' names are.
    fn launch(&self) -> Launch {
        let shown = self
            .known
            .name
            .clone()
            .filter(|_| self.organization.patient_display_name != PatientDisplayName::Role);
        Launch {
            role: Role::Guest,
            fhir_user: self.link.as_reference(),
            patient: None,
            external_id: None,
            external_id_type: None,
            csn: None,
            display_name: shown.unwrap_or_else(|| Phi::new(GUEST)),
            email: None,
            first_name: None,
            last_name: None,
            npi: None,
            booking: None,
        }
    }
}
