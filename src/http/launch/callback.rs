//! `GET /epic/callback`: the person comes back from Epic.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::time::Instant;
use vestibule_actors::desk::{DeskError, Snapshot};
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{CommandId, VisitKey};
use vestibule_domain::time::Span;
use vestibule_domain::visit::LaunchOutcome;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::context::understand;
use super::state::LaunchState;
use super::{LaunchKind, place, reason_of, told};
use crate::epic::{IdTokenError, SmartError};
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::here::{Here, NoLink};
use crate::http::person::{PersonError, note_store_trouble, redirect_to_zoom};
use crate::http::query::{Contradiction, Parameters};
use crate::http::ticket::Ticket;
use crate::http::tools;
use crate::settings::{Organization, Secret};
use crate::web::{Audience, Language, PagePolicy, Reason, security_headers};

/// What Epic's authorization server brings back.
struct Brought {
    /// The code, unless Epic says that it refused.
    code: Option<String>,
    state: Option<String>,
}

impl Brought {
    fn read(request: &HttpRequest) -> Result<Self, Contradiction> {
        let parameters = Parameters::of(request);
        let refused = parameters.one("error")?.is_some();
        Ok(Self { code: parameters.one("code")?.filter(|_| !refused), state: parameters.one("state")? })
    }
}

pub(super) async fn callback(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
) -> Result<HttpResponse, PersonError> {
    let mut kind = "unknown";
    let outcome = come_back(&app, &here, &request, &mut kind).await;
    if outcome.is_ok() {
        app.metrics.launch(kind, "accepted");
    }
    told(&app, kind, outcome)
}

/// `kind` is what the state says, as soon as it is known.
async fn come_back(
    app: &App,
    here: &Here,
    request: &HttpRequest,
    kind: &mut &'static str,
) -> Result<HttpResponse, PersonError> {
    let began = instant();
    let brought =
        Brought::read(request).map_err(|Contradiction| PersonError::new(request, Reason::LinkUnreadable))?;
    let state = take_state(app, request, brought.state.as_deref()).await?;
    *kind = state.kind.segment();
    let organization = app.settings.organizations.get(&state.organization);
    let organization = organization.ok_or_else(|| PersonError::new(request, Reason::UnknownOrganization))?;
    let arrival = Arrival { app, here, request, organization, state: &state };
    let Some(_place) = place(app, &state.organization) else {
        arrival.come_again(brought.state.as_deref()).await;
        return Err(arrival.refuse(Reason::Overloaded));
    };
    let outcome = arrival.arrive(brought.code).await;
    app.metrics.launch_took(kind, began.elapsed());
    outcome
}

/// One answer for a state that is forged, used, expired or another browser's; which it was stands in the log.
async fn take_state(
    app: &App,
    request: &HttpRequest,
    name: Option<&str>,
) -> Result<LaunchState, PersonError> {
    let refuse = |why: &'static str, organization: Option<&Organization>| {
        tracing::info!(why, "a state is not taken");
        PersonError::of_known(request, Reason::LinkUsedOrExpired, organization, Audience::Unknown)
    };
    let name = name.ok_or_else(|| refuse("there is none", None))?;
    let taken = LaunchState::take(app.desk.ports(), name).await.map_err(|error| {
        note_store_trouble(app, "callback", &error);
        PersonError::new(request, Reason::Overloaded)
    });
    app.limits.pending_launches.leave(name);
    let state = taken?.ok_or_else(|| refuse("it is unknown, used or expired", None))?;
    if state.is_of(Browser::of(request, &app.settings).as_ref()) {
        return Ok(state);
    }
    // Inside a frame whose cookies the browser holds back this is the usual refusal, so the page must show there.
    Err(refuse("it is another browser's", app.settings.organizations.get(&state.organization)))
}

/// A person who came back with a state of ours.
pub(in crate::http) struct Arrival<'a> {
    pub(in crate::http) app: &'a App,
    here: &'a Here,
    pub(in crate::http) request: &'a HttpRequest,
    organization: &'a Organization,
    state: &'a LaunchState,
}

impl Arrival<'_> {
    pub(in crate::http) fn language(&self) -> Language {
        self.state.language()
    }

    pub(in crate::http) fn refuse(&self, reason: Reason) -> PersonError {
        PersonError {
            language: self.state.language(),
            ..PersonError::of(self.request, reason, self.organization, self.state.kind.audience())
        }
    }

    /// Nothing has been done with the state, so that the same address may be loaded again.
    async fn come_again(&self, name: Option<&str>) {
        let life = Span::from_duration(self.app.settings.limits.oauth_state_life);
        // Where it is lost the person launches anew.
        if let Some(name) = name
            && let Err(error) = self.state.keep(self.app.desk.ports(), name, life).await
        {
            tracing::debug!(%error, "a state could not be put back");
        }
    }

    async fn arrive(&self, code: Option<String>) -> Result<HttpResponse, PersonError> {
        // What Epic says of a refusal is nothing for the page; that it refused is.
        let code = code.ok_or_else(|| self.refuse(Reason::EpicNotAnswering))?;
        let (visit, launch) = self.learn(&code).await?;
        if self.state.kind == LaunchKind::VisitTools {
            return tools::open(self, visit, &launch).await;
        }
        let wait = self.app.settings.page.launch_wait;
        let deadline = instant() + wait;
        let role = launch.role;
        let launched = self.app.desk.launch(&visit, launch.clone(), wait).await;
        let launched = launched.map_err(|error| self.overloaded(&error))?;
        let participant = ParticipantKey::new(role, launch.fhir_user.clone());
        if let Some((LaunchOutcome::Refused(refusal), _)) = &launched.decided {
            return Err(self.refuse(reason_of(*refusal)));
        }
        if role == Role::Provider
            && let Some(response) = self.straight_to_zoom(&visit, &participant, deadline).await
        {
            return Ok(response);
        }
        // What is not decided yet may still be refused; then the page says so.
        let undecided = launched.decided.is_none().then_some(launched.id);
        self.to_waiting_page(visit, participant, undecided).await
    }

    /// Who the person is and what the launch is about, from Epic's token response.
    async fn learn(&self, code: &str) -> Result<(VisitKey, Launch), PersonError> {
        let organization = &self.state.organization;
        let verifier = Secret::new(self.state.verifier.clone());
        let redirect_uri = super::redirect_uri(self.app);
        let exchanged = self.here.epic.exchange(organization, code, &redirect_uri, &verifier).await;
        let answer = exchanged.map_err(|error| self.epic_failed(&error))?;
        let Some(id_token) = &answer.id_token else { return Err(self.refuse(Reason::IdentityNotConfirmed)) };
        let verified = self.here.epic.verify_id_token(organization, id_token, &self.state.nonce).await;
        let user = verified.map_err(|error| match error {
            IdTokenError::KeysUnavailable(error) => self.epic_failed(&error),
            error => {
                tracing::warn!(%error, "an id_token is not believed");
                self.refuse(Reason::IdentityNotConfirmed)
            }
        })?;
        let names = self.organization.patient_display_name;
        understand(organization, self.state.kind, &user, &answer, names).map_err(|reason| self.refuse(reason))
    }

    fn epic_failed(&self, error: &SmartError) -> PersonError {
        tracing::warn!(%error, "a launch failed at Epic");
        self.refuse(Reason::EpicNotAnswering)
    }

    /// A provider goes straight on where Zoom is quick enough; `None` when it is not, or has no link just now: the waiting page goes
    /// on trying.
    async fn straight_to_zoom(
        &self,
        visit: &VisitKey,
        who: &ParticipantKey,
        deadline: Instant,
    ) -> Option<HttpResponse> {
        let policy = self.organization.policy(&self.app.settings);
        let mut gone = None;
        loop {
            let has_way = |seen: &Snapshot| {
                let is_new = seen.visit.meeting.as_ref().map(|meeting| meeting.id) != gone;
                seen.visit.way_in(who, &policy).filter(|_| is_new).map(|_| ())
            };
            let wait = deadline.saturating_duration_since(instant());
            let ((), snapshot) = self.app.desk.wait_for(visit, wait, has_way).await?;
            let way = snapshot.visit.way_in(who, &policy)?;
            match self.here.link(self.app, visit, who, way, deadline).await {
                Ok(link) => {
                    let language = self.state.language();
                    return Some(redirect_to_zoom(self.request, self.organization, language, &link));
                }
                Err(NoLink::MeetingGone(meeting)) => gone = Some(meeting),
                Err(NoLink::NotNow) => return None,
            }
        }
    }

    async fn to_waiting_page(
        &self,
        visit: VisitKey,
        participant: ParticipantKey,
        undecided: Option<CommandId>,
    ) -> Result<HttpResponse, PersonError> {
        let browser = Browser::of(self.request, &self.app.settings)
            .ok_or_else(|| self.refuse(Reason::LinkUsedOrExpired))?;
        let life = Span::from_duration(self.app.settings.limits.ticket_life);
        let ticket = Ticket::new(visit, participant, &browser, undecided);
        let name = ticket.keep(self.app.desk.ports(), life).await.map_err(|error| {
            note_store_trouble(self.app, "callback", &error);
            self.refuse(Reason::Overloaded)
        })?;
        let mut response = HttpResponse::SeeOther();
        for header in security_headers(&PagePolicy::default()) {
            response.insert_header(header);
        }
        Ok(response.insert_header((LOCATION, format!("/visit/{name}"))).finish())
    }

    fn overloaded(&self, error: &DeskError) -> PersonError {
        note_store_trouble(self.app, "callback", error);
        self.refuse(Reason::Overloaded)
    }
}
