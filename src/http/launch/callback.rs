//! `GET /epic/callback`: the person comes back from Epic.

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::future::join3;
use vestibule_actors::port::clock::instant;
use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::time::Span;

use super::arrival::Arrival;
use super::booking::with_time;
use super::context::understand;
use super::reads::Reads;
use super::state::LaunchState;
use super::{LaunchKind, Understood, place, told};
use crate::epic::{IdTokenError, SmartError, TokenAnswer, appointment_starts};
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::device_test;
use crate::http::here::Here;
use crate::http::person::{PersonError, note_store_trouble};
use crate::http::query::{Contradiction, Parameters};
use crate::http::tools;
use crate::settings::{Organization, PatientDisplayName, Secret};
use crate::web::{Audience, Reason};

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
    let (state, browser) = take_state(app, request, brought.state.as_deref()).await?;
    *kind = state.kind.segment();
    let organization = app.settings.organizations.get(&state.organization);
    let organization = organization.ok_or_else(|| PersonError::new(request, Reason::UnknownOrganization))?;
    let (audience, language) = (state.kind.audience(), state.language());
    let door = "callback";
    let arrival = Arrival { app, here, request, organization, audience, language, browser: &browser, door };
    let back = Return { arrival, state: &state };
    let Some(_place) = place(app, &state.organization) else {
        back.come_again(brought.state.as_deref()).await;
        return Err(back.arrival.refuse(Reason::Overloaded));
    };
    let outcome = back.arrive(brought.code).await;
    app.metrics.launch_took(kind, began.elapsed());
    outcome
}

/// One answer for a state that is forged, used, expired or another browser's; which it was stands in the log.
async fn take_state(
    app: &App,
    request: &HttpRequest,
    name: Option<&str>,
) -> Result<(LaunchState, Browser), PersonError> {
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
    if let Some(browser) = Browser::of(request, &app.settings)
        && state.is_of(&browser)
    {
        return Ok((state, browser));
    }
    // Inside a frame whose cookies the browser holds back this is the usual refusal, so the page must show there.
    Err(refuse("it is another browser's", app.settings.organizations.get(&state.organization)))
}

/// A person who came back with a state of ours.
struct Return<'a> {
    arrival: Arrival<'a>,
    state: &'a LaunchState,
}

impl Return<'_> {
    /// Nothing has been done with the state, so that the same address may be loaded again.
    async fn come_again(&self, name: Option<&str>) {
        let app = self.arrival.app;
        let life = Span::from_duration(app.settings.limits.oauth_state_life);
        // Where it is lost the person launches anew.
        if let Some(name) = name
            && let Err(error) = self.state.keep(app.desk.ports(), name, life).await
        {
            tracing::debug!(%error, "a state could not be put back");
        }
    }

    async fn arrive(&self, code: Option<String>) -> Result<HttpResponse, PersonError> {
        // What Epic says of a refusal is nothing for the page; that it refused is.
        let code = code.ok_or_else(|| self.arrival.refuse(Reason::EpicNotAnswering))?;
        let (understood, born) = self.learn(&code).await?;
        match self.state.kind {
            LaunchKind::VisitTools => tools::open(&self.arrival, understood, born).await,
            LaunchKind::DeviceTest => device_test::depart(&self.arrival, understood).await,
            _ => {
                if let Some(born) = born {
                    self.arrival.tell_birth_date(&understood.visit, &understood.launch, born).await;
                }
                self.arrival.admit(understood.visit, understood.launch).await
            }
        }
    }

    /// Who the person is and what the launch is about, from Epic's token response.
    async fn learn(&self, code: &str) -> Result<(Understood, Option<BirthDate>), PersonError> {
        let (arrival, organization) = (&self.arrival, &self.state.organization);
        let verifier = Secret::new(self.state.verifier.clone());
        let redirect_uri = super::redirect_uri(arrival.app);
        let exchanged = arrival.here.epic.exchange(organization, code, &redirect_uri, &verifier).await;
        let mut answer = exchanged.map_err(|error| self.epic_failed(&error))?;
        let Some(id_token) = &answer.id_token else {
            return Err(arrival.refuse(Reason::IdentityNotConfirmed));
        };
        let verified = arrival.here.epic.verify_id_token(organization, id_token, &self.state.nonce).await;
        let user = verified.map_err(|error| match error {
            IdTokenError::KeysUnavailable(error) => self.epic_failed(&error),
            error => {
                tracing::warn!(%error, "an id_token is not believed");
                arrival.refuse(Reason::IdentityNotConfirmed)
            }
        })?;
        let names = arrival.organization.patient_display_name;
        let understood = |answer: &TokenAnswer| {
            let understood = understand(organization, self.state.kind, &user, answer, names);
            understood.map_err(|reason| arrival.refuse(reason))
        };
        // Nothing is read for a launch that is refused anyway.
        let Understood { launch, .. } = understood(&answer)?;
        let is_test = self.state.kind == LaunchKind::DeviceTest;
        let reads = Reads::of(arrival.app, &arrival.here.epic, organization, arrival.organization);
        // A test shows nobody's name and asks nothing of the appointment.
        let names = if is_test { PatientDisplayName::Role } else { names };
        let asked = arrival.organization.guest_birth_date;
        let (person, booking, born) = join3(
            reads.person(&launch, &answer.context, names),
            async { if is_test { None } else { reads.booking(&launch, &answer).await } },
            async { if is_test { None } else { reads.birth_date(&launch, &answer.context, asked).await } },
        )
        .await;
        let person = person.map_err(|reason| arrival.refuse(reason))?;
        person.complete(&mut answer.context);
        let mut understood = understood(&answer)?;
        understood.launch.npi = person.npi;
        let said = answer.context.appointment_time.as_deref();
        let starts = said.and_then(|text| appointment_starts(text, &arrival.organization.epic.time_zone));
        understood.launch.booking = with_time(booking, starts, arrival.app.desk.ports().clock.now());
        if understood.is_of_a_group_named_like_the_csn() {
            tracing::warn!(%organization, "the conference of a group launch is named like the CSN; look at conferenceid in the CONTEXT line");
        }
        Ok((understood, born))
    }

    fn epic_failed(&self, error: &SmartError) -> PersonError {
        tracing::warn!(%error, "a launch failed at Epic");
        self.arrival.refuse(Reason::EpicNotAnswering)
    }
}
