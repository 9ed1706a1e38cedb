//! The end of every launch: who the person is and which visit they came for is known. The launch command goes in, and they go on to
//! Zoom or to the waiting page.

use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Launch;
use vestibule_domain::id::{CommandId, VisitKey};
use vestibule_domain::time::Span;
use vestibule_domain::visit::LaunchOutcome;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::reason_of;
use crate::http::app::App;
use crate::http::audited;
use crate::http::browser::Browser;
use crate::http::here::{Here, NoLink};
use crate::http::person::{PersonError, note_store_trouble, redirect_to_zoom, see_other};
use crate::http::ticket::Ticket;
use crate::settings::Organization;
use crate::web::{Audience, Language, Reason};

/// A person at the end of a launch.
pub(in crate::http) struct Arrival<'a> {
    pub(in crate::http) app: &'a App,
    pub(super) here: &'a Here,
    pub(in crate::http) request: &'a HttpRequest,
    pub(in crate::http) organization: &'a Organization,
    pub(super) audience: Audience,
    pub(in crate::http) language: Language,
    /// Whose waiting page it will be.
    pub(in crate::http) browser: &'a Browser,
    /// How counts of the store's troubles name the door.
    pub(super) door: &'static str,
}

impl Arrival<'_> {
    pub(in crate::http) fn refuse(&self, reason: Reason) -> PersonError {
        PersonError {
            language: self.language,
            ..PersonError::of(self.request, reason, self.organization, self.audience)
        }
    }

    /// Hands the launch in and sends the person on, or says why not.
    pub(super) async fn admit(&self, visit: VisitKey, launch: Launch) -> Result<HttpResponse, PersonError> {
        let wait = self.app.settings.page.launch_wait;
        let deadline = instant() + wait;
        let participant = ParticipantKey::new(launch.role, launch.fhir_user.clone());
        let csn = launch.csn.clone();
        let launched = self.app.desk.launch(&visit, launch, wait).await;
        let launched = launched.map_err(|error| self.overloaded(&error))?;
        let refusal = match &launched.decided {
            Some((LaunchOutcome::Refused(refusal), _)) => Some(reason_of(*refusal).code()),
            _ => None,
        };
        audited::launched(self.app, self.request, &visit, &participant, refusal);
        if let Some((LaunchOutcome::Refused(refusal), seen)) = &launched.decided {
            let refused = self.refuse(reason_of(*refusal));
            return Err(refused.with_opening(self.app, self.organization, &seen.visit, csn.as_ref()));
        }
        if participant.role() == Role::Provider
            && let Some(response) = self.straight_to_zoom(&visit, &participant, deadline).await
        {
            return Ok(response);
        }
        // What is not decided yet may still be refused; then the page says so.
        let undecided = launched.decided.is_none().then_some(launched.id);
        self.to_waiting_page(visit, participant, undecided).await
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
                    return Some(redirect_to_zoom(self.request, self.organization, self.language, &link));
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
        let life = Span::from_duration(self.app.settings.limits.ticket_life);
        let ticket = Ticket::new(visit, participant, self.browser, undecided);
        let name = ticket.keep(self.app.desk.ports(), life).await.map_err(|error| self.overloaded(&error))?;
        Ok(see_other(&format!("/visit/{name}")))
    }

    fn overloaded(&self, error: &impl std::fmt::Display) -> PersonError {
        note_store_trouble(self.app, self.door, error);
        self.refuse(Reason::Overloaded)
    }
}
