//! `GET /epic/callback`: the person comes back from Epic.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tokio::time::Instant;
use vestibule_actors::desk::{DeskError, Snapshot};
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Launch;
use vestibule_domain::id::VisitKey;
use vestibule_domain::time::Span;
use vestibule_domain::visit::participant::{ParticipantKey, Role};
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal};

use super::context::understand;
use super::state::LaunchState;
use crate::epic::{IdTokenError, SmartError};
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::here::{Here, NoLink};
use crate::http::person::{PersonError, redirect_to_zoom};
use crate::http::ticket::Ticket;
use crate::settings::{Organization, Secret};
use crate::web::{PagePolicy, Reason, security_headers};

/// What Epic's authorization server brings back.
#[derive(Deserialize)]
pub(super) struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

pub(super) async fn callback(
    app: web::Data<App>,
    here: web::Data<Here>,
    request: HttpRequest,
    query: web::Query<CallbackQuery>,
) -> Result<HttpResponse, PersonError> {
    let name = query.state.as_deref();
    let state = take_state(&app, &request, name).await?;
    let Some(organization) = app.settings.organizations.get(&state.organization) else {
        return Err(PersonError::new(&request, Reason::UnknownOrganization));
    };
    let arrival = Arrival { app: &app, here: &here, request: &request, organization, state: &state };
    let Some(_place) = super::place(&app, &state.organization) else {
        arrival.come_again(name).await;
        return Err(arrival.refuse(Reason::Overloaded));
    };
    let began = instant();
    let outcome = arrival.arrive(query.into_inner()).await;
    app.metrics.launch_took(state.kind.segment(), began.elapsed());
    let told = outcome.as_ref().err().map_or("accepted", |refused| refused.reason.code());
    app.metrics.launch(state.kind.segment(), told);
    if let Err(refused) = &outcome {
        tracing::warn!(
            reason = refused.reason.code(),
            correlation_id = refused.correlation_id,
            "launch refused"
        );
    }
    outcome
}

/// One answer for a state that is forged, used, expired or another browser's.
async fn take_state(
    app: &App,
    request: &HttpRequest,
    name: Option<&str>,
) -> Result<LaunchState, PersonError> {
    let used = || PersonError::new(request, Reason::LinkUsedOrExpired);
    let taken = LaunchState::take(app.desk.ports(), name.ok_or_else(used)?).await;
    let state = taken.map_err(|_| PersonError::new(request, Reason::Overloaded))?.ok_or_else(used)?;
    if state.is_of(Browser::of(request).as_ref()) { Ok(state) } else { Err(used()) }
}

/// A person who came back with a state of ours.
struct Arrival<'a> {
    app: &'a App,
    here: &'a Here,
    request: &'a HttpRequest,
    organization: &'a Organization,
    state: &'a LaunchState,
}

impl Arrival<'_> {
    fn refuse(&self, reason: Reason) -> PersonError {
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

    async fn arrive(&self, query: CallbackQuery) -> Result<HttpResponse, PersonError> {
        let Some(code) = query.code.filter(|_| query.error.is_none()) else {
            // What Epic says of it is nothing for the page; that it refused is.
            return Err(self.refuse(Reason::EpicNotAnswering));
        };
        let (visit, launch) = self.learn(&code).await?;
        let wait = self.app.settings.page.launch_wait;
        let deadline = instant() + wait;
        let role = launch.role;
        let decided = self
            .app
            .desk
            .launch(&visit, launch.clone(), wait)
            .await
            .map_err(|error| self.overloaded(&error))?;
        let participant = ParticipantKey::new(role, launch.fhir_user.clone());
        if let Some((LaunchOutcome::Refused(refusal), _)) = &decided {
            return Err(self.refuse(match refusal {
                LaunchRefusal::WrongPatient => Reason::OtherPatient,
                LaunchRefusal::Over => Reason::VisitOver,
                LaunchRefusal::Full => Reason::Overloaded,
            }));
        }
        if role == Role::Provider
            && let Some(response) = self.straight_to_zoom(&visit, &participant, deadline).await
        {
            return Ok(response);
        }
        self.to_waiting_page(visit, participant).await
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
    ) -> Result<HttpResponse, PersonError> {
        let browser = Browser::of(self.request).ok_or_else(|| self.refuse(Reason::LinkUsedOrExpired))?;
        let life = Span::from_duration(self.app.settings.limits.ticket_life);
        let ticket = Ticket::new(visit, participant, &browser);
        let name =
            ticket.keep(self.app.desk.ports(), life).await.map_err(|_| self.refuse(Reason::Overloaded))?;
        let mut response = HttpResponse::SeeOther();
        for header in security_headers(&PagePolicy::default()) {
            response.insert_header(header);
        }
        Ok(response.insert_header((LOCATION, format!("/visit/{name}"))).finish())
    }

    fn overloaded(&self, error: &DeskError) -> PersonError {
        tracing::warn!(%error, "a launch could not be handed in");
        self.refuse(Reason::Overloaded)
    }
}
