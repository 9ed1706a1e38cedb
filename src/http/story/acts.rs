//! What an operator does to a visit from its page. Each act has a reason, which stands in the audit before anything is done.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use vestibule_actors::desk::Snapshot;
use vestibule_domain::command::Command;
use vestibule_domain::id::{ConferenceId, Csn, GuestLinkId, MeetingId, VisitId, VisitKey};

use super::{NOTE, address, shown_again};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask;
use crate::http::audited::{self, Outcome};
use crate::http::page::on_to;
use crate::http::problem::{ApiError, Problem, wants_page};
use crate::http::reason;
use crate::http::shown::is_another_meeting;
use crate::http::whose::{Identified, IdentifyForm, WITHIN};
use crate::settings::{Organization, StaffRole};
use crate::web::{RefusedForm, StoryNote, WrongField};

/// What can be done to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Says who somebody in the meeting is of whom Zoom does not say it; their light follows then.
    Identify,
    /// Ends the meeting for everybody.
    End,
    /// Takes a guest's link back.
    Revoke,
    /// Has another meeting made in the place of this one.
    #[serde(rename = "remake")]
    MakeAgain,
    /// Has Epic told once more what it refused.
    #[serde(rename = "resend")]
    SendAgain,
    /// Gives an update up for good that Epic refused.
    Drop,
    /// Drops a command that was set aside.
    DropCommand,
}

impl Act {
    /// As it stands in the address.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for any other word.
    pub fn parse(word: &str) -> Result<Self, ApiError> {
        ask::word(word)
    }

    /// As the audit calls it, like what a provider does by the same button.
    pub fn action(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::End => "meeting_ended",
            Self::Revoke => "guest_revoked",
            Self::MakeAgain => "meeting_made_again",
            Self::SendAgain => "update_sent_again",
            Self::Drop => "update_dropped",
            Self::DropCommand => "command_dropped",
        }
    }
}

/// The form of an act: why, and what it needs beside.
#[derive(Deserialize)]
pub struct ActForm {
    #[serde(default)]
    reason: String,
    /// Of [`Act::Identify`].
    #[serde(default)]
    instance: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    pub(super) who: String,
    /// Of [`Act::Revoke`].
    #[serde(default)]
    link: String,
    /// Of [`Act::End`] and [`Act::MakeAgain`]: the meeting that the page showed. A program that leaves it out means the one that there is.
    #[serde(default)]
    meeting: String,
    /// Of [`Act::MakeAgain`]: anything, where people in the meeting are no reason to leave it.
    #[serde(default)]
    pub(super) although_inside: String,
    /// Of [`Act::SendAgain`] and [`Act::Drop`], beside `who`.
    #[serde(default)]
    pub(super) topic: String,
    /// Of these: the update's number in its lane. Of [`Act::DropCommand`]: the command's place in its journal.
    #[serde(default)]
    pub(super) seq: String,
}

impl ActForm {
    /// As its page shows it again, where its reason was not taken.
    fn refused(&self, act: Act) -> RefusedForm {
        let (which, beside): (&[&str], &str) = match act {
            Act::Identify => (&["identify", &self.instance, &self.session], &self.who),
            Act::End => (&["end"], ""),
            Act::Revoke => (&["revoke", &self.link], ""),
            Act::MakeAgain => (&["remake"], &self.although_inside),
            Act::SendAgain | Act::Drop => (&["parked", &self.who, &self.topic, &self.seq], ""),
            Act::DropCommand => (&["drop-command", &self.seq], ""),
        };
        RefusedForm::new(which, &self.reason, WrongField::Reason).beside(beside).meaning(&self.meeting)
    }

    /// Whether it was sent by a page that showed another meeting.
    pub(super) fn is_about_another(&self, meeting: MeetingId) -> bool {
        is_another_meeting(&self.meeting, meeting)
    }
}

/// Does something to a visit.
///
/// # Errors
/// [`ApiError`] for a form that cannot be read or has no reason, without the role, and where the store does not answer: then nothing was
/// done.
#[utoipa::path(post, path = "/visits/{organization}/{csn}/{act}", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("csn" = String, Path, description = "Epic's contact serial number"),
    ("act" = inline(Act), Path, description = "`identify` (fields `instance`, `session`, `who`), `end` (field `meeting`, of a page that may be old), `revoke` (field `link`), `remake` (fields `meeting`, as for `end`, and `although_inside`, where people in the meeting are no reason to leave it), `resend` and `drop` (fields `who`, `topic`, `seq`) of a parked update, or `drop-command` (field `seq`); each with `reason`"),
    ("lang" = Option<String>, Query, description = "en or es: the language of the page that it leads back to"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason; a browser gets the page with the form again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization, visit or act", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer; nothing was done", body = Problem, content_type = "application/problem+json"),
))]
pub async fn act(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    form: web::Form<ActForm>,
) -> Result<HttpResponse, ApiError> {
    let csn = Csn::new(&path.1).map(VisitId::Csn);
    done(&app, (&by, &request), &path, csn.map_err(|_| ApiError::NoSuchVisit), &form).await
}

/// The same to a group visit.
///
/// # Errors
/// As for a visit of one patient.
#[utoipa::path(post, path = "/group-visits/{organization}/{conference_id}/{act}", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("conference_id" = String, Path, description = "Epic's conference id"),
    ("act" = inline(Act), Path, description = "As for /visits/{organization}/{csn}/{act}"),
    ("lang" = Option<String>, Query, description = "en or es: the language of the page that it leads back to"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason; a browser gets the page with the form again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization, visit or act", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer; nothing was done", body = Problem, content_type = "application/problem+json"),
))]
pub async fn act_in_group(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    form: web::Form<ActForm>,
) -> Result<HttpResponse, ApiError> {
    let conference = ConferenceId::new(&path.1).map(VisitId::Conference);
    done(&app, (&by, &request), &path, conference.map_err(|_| ApiError::NoSuchVisit), &form).await
}

async fn done(
    app: &App,
    (by, request): (&Who, &HttpRequest),
    path: &(String, String, String),
    visit: Result<VisitId, ApiError>,
    form: &ActForm,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = by.organization(app, &path.0, StaffRole::Operator)?;
    let act = Act::parse(&path.2)?;
    let key = VisitKey { organization: id.clone(), visit: visit? };
    let reason = match reason::checked(&form.reason) {
        Err(_) if wants_page(request) => {
            return shown_again(app, by, request, &key, form.refused(act)).await;
        }
        checked => checked?,
    };
    let doing = Doing { app, key: &key, organization, form };
    audited::begin(app, request, by, act.action(), Some(reason)).await?;
    let note = match act {
        Act::Identify => doing.identify().await?,
        Act::End => doing.end().await?,
        Act::Revoke => doing.revoke().await?,
        Act::MakeAgain => doing.make_again().await?,
        Act::SendAgain => doing.send_again().await?,
        Act::Drop => doing.drop_update().await?,
        Act::DropCommand => doing.drop_command().await?,
    };
    let outcome = if note.is_done() { audited::DONE } else { note.code() };
    request.extensions_mut().insert(Outcome(outcome));
    tracing::info!(by = by.name(), organization = %id, action = act.action(), outcome, "an operator acts on a visit");
    Ok(on_to(request, &format!("{}?{NOTE}={}", address(&key), note.code())))
}

/// An act under way.
pub(super) struct Doing<'a> {
    pub(super) app: &'a App,
    pub(super) key: &'a VisitKey,
    pub(super) organization: &'a Organization,
    pub(super) form: &'a ActForm,
}

impl Doing<'_> {
    async fn identify(&self) -> Result<StoryNote, ApiError> {
        let ActForm { instance, session, who, .. } = self.form;
        let form = IdentifyForm::new(instance, session, who);
        let bad = |_| ApiError::BadRequest("`who` is no participant of a visit".to_owned());
        let who = form.who().map_err(bad)?;
        Ok(match form.say(self.app, self.key, who, &self.organization.policy(&self.app.settings)).await? {
            Identified::Done => StoryNote::Identified,
            Identified::NotYet => StoryNote::NotYet,
            Identified::NotHere => StoryNote::NotHere,
        })
    }

    async fn end(&self) -> Result<StoryNote, ApiError> {
        let seen = self.app.desk.visit(self.key).await?.ok_or(ApiError::NoSuchVisit)?;
        let Some(meeting) = seen.visit.meeting.map(|meeting| meeting.id) else {
            return Ok(StoryNote::NoMeeting);
        };
        if self.form.is_about_another(meeting) {
            return Ok(StoryNote::OtherMeeting);
        }
        self.app.desk.submit(self.key, Command::EndForAll { meeting }).await?;
        Ok(StoryNote::Ended)
    }

    async fn revoke(&self) -> Result<StoryNote, ApiError> {
        let link = GuestLinkId::new(&self.form.link)
            .map_err(|_| ApiError::BadRequest("`link` names no guest's link".to_owned()))?;
        let seen = self.app.desk.visit(self.key).await?.ok_or(ApiError::NoSuchVisit)?;
        if !seen.visit.guests.contains_key(&link) {
            return Ok(StoryNote::NoLink);
        }
        self.app.desk.submit(self.key, Command::GuestRevoked { link: link.clone() }).await?;
        let revoked = |seen: &Snapshot| {
            seen.visit.guests.get(&link).is_none_or(|link| link.revoked_at.is_some()).then_some(())
        };
        let shows = self.app.desk.wait_for(self.key, WITHIN, revoked).await;
        Ok(if shows.is_some() { StoryNote::Revoked } else { StoryNote::NotYet })
    }
}
