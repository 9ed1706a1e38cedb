//! The page of one visit for whoever has to find out what is wrong with it, and what they can do about it. It shows no name of a person.

mod acts;
mod mending;

use actix_web::{HttpRequest, HttpResponse, web};
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::ParkedCommand;
use vestibule_domain::id::{GuestLinkId, OrganizationId, VisitId, VisitKey};
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::guest::GuestLink;
use vestibule_domain::visit::parked::ParkedUpdate;
use vestibule_domain::visit::participant::{Participant, ParticipantKey};

use super::access::Who;
use super::app::App;
use super::ask::now;
use super::organizations::notifier;
use super::page::{page_again, staff_page};
use super::problem::{ApiError, Problem};
use super::query;
use super::timeline::{self, Timeline};
use super::times::DisplayTimes;
use super::visit::language_of;
use super::whose::{called, devices, minutes, unknown};
use crate::outbound::encode::encode;
use crate::settings::{Environment, Organization, StaffRole};
use crate::web::{
    Choice, Language, PersonLine, RefusedForm, SignedIn, StoryCommand, StoryLink, StoryNote, StoryPage,
    StoryParked, StoryPerson, TimelineLine, TimelineSection, problem,
};

// What utoipa's attribute makes beside each handler.
pub use acts::{__path_act, __path_act_in_group, Act, act, act_in_group};

/// The parameter of the page's address that says what came of a button.
const NOTE: &str = "note";

/// The page of a visit by its CSN.
///
/// # Errors
/// [`ApiError`] when there is no such visit, and when the store does not answer.
#[utoipa::path(get, path = "/visits/{organization}/{csn}", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("csn" = String, Path, description = "Epic's contact serial number"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The visit, or the group visit that holds this CSN, with what happened to it; of one that has left, that alone", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "Unknown organization, or nothing is known of such a visit", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn of_csn(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let language = language_at(&app, &request, &path.0);
    let known = timeline::of_csn(&app, &who, (&path.0, &path.1), language).await?;
    shown(&request, page(&app, &who, language, &known).await?)
}

/// The page of a group visit.
///
/// # Errors
/// [`ApiError`] when there is no such visit, and when the store does not answer.
#[utoipa::path(get, path = "/group-visits/{organization}/{conference_id}", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("conference_id" = String, Path, description = "Epic's conference id"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The visit, with what happened to it; of one that has left, that alone", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "Unknown organization, or nothing is known of such a visit", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn of_conference(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let language = language_at(&app, &request, &path.0);
    let known = timeline::of_conference(&app, &who, (&path.0, &path.1), language).await?;
    shown(&request, page(&app, &who, language, &known).await?)
}

/// The language of a page of an organization's.
fn language_at(app: &App, request: &HttpRequest, id: &str) -> Language {
    language_of(request, app.settings.organization(id).map(|(_, organization)| organization))
}

fn shown(request: &HttpRequest, page: StoryPage) -> Result<HttpResponse, ApiError> {
    let note = query::first(request, NOTE).and_then(|code| StoryNote::of(&code));
    staff_page(HttpResponse::Ok(), &StoryPage { note, ..page })
}

/// The page of a visit with a form that was not taken.
///
/// # Errors
/// As for the page itself.
pub(super) async fn shown_again(
    app: &App,
    who: &Who,
    request: &HttpRequest,
    key: &VisitKey,
    refused: RefusedForm,
) -> Result<HttpResponse, ApiError> {
    let id = key.organization.as_str();
    let language = language_at(app, request, id);
    let known = match &key.visit {
        VisitId::Csn(csn) => timeline::of_csn(app, who, (id, csn.as_str()), language).await?,
        VisitId::Conference(conference) => {
            timeline::of_conference(app, who, (id, conference.as_str()), language).await?
        }
    };
    let page = page(app, who, language, &known).await?;
    page_again(request, &StoryPage { refused: Some(refused), ..page })
}

async fn page(app: &App, who: &Who, language: Language, known: &Timeline) -> Result<StoryPage, ApiError> {
    let (id, organization) = who.organization(app, known.key.organization.as_str(), StaffRole::Viewer)?;
    let frame = frame((id, organization), &known.key, language);
    let page = match &known.seen {
        Some(seen) => view(app, organization, seen, frame),
        None => frame,
    };
    let may_act = who.may(id, StaffRole::Operator);
    Ok(StoryPage {
        commands: match &known.seen {
            Some(seen) if may_act => commands(app, seen).await?,
            _ => None,
        },
        timeline: section(known, &organization.time_zone, language),
        notifier: match may_act {
            true => Some(notifier::section(app, (id, language), Some(&known.key)).await?),
            false => None,
        },
        may_act,
        signed_in: who.signed_in(app),
        ..page
    })
}

/// What there is to see of any visit, be it still there or not, for whoever may only look.
fn frame(
    (id, organization): (&OrganizationId, &Organization),
    key: &VisitKey,
    language: Language,
) -> StoryPage {
    let (csn, conference_id) = match &key.visit {
        VisitId::Csn(csn) => (Some(csn.as_str().to_owned()), None),
        VisitId::Conference(conference) => (None, Some(conference.as_str().to_owned())),
    };
    StoryPage {
        language,
        organization: id.as_str().to_owned(),
        name: organization.display_name.clone(),
        test_environment: organization.environment == Environment::Test,
        address: address(key),
        csn,
        conference_id,
        phase: None,
        meeting: None,
        problems: Vec::new(),
        people: Vec::new(),
        devices: Vec::new(),
        links: Vec::new(),
        choices: Vec::new(),
        replaceable: None,
        parked: Vec::new(),
        commands: None,
        notifier: None,
        timeline: TimelineSection::default(),
        note: None,
        refused: None,
        may_act: false,
        signed_in: SignedIn::NO,
    }
}

/// What there is to see of one that is there.
fn view(app: &App, organization: &Organization, seen: &Snapshot, frame: StoryPage) -> StoryPage {
    let language = frame.language;
    let (visit, now, policy) = (&seen.visit, now(app), organization.policy(&app.settings));
    let unlinked = visit.unlinked(&policy, now);
    let person = |(key, person): (&ParticipantKey, &Participant)| StoryPerson {
        line: PersonLine::new(
            language,
            called(key.role(), false),
            person.external_id.as_ref().map(|id| id.as_str().to_owned()),
            person.presence.as_str(),
            minutes(now, person.since),
        ),
        csn: person.csn.as_ref().filter(|csn| visit.csn() != Some(csn)).map(|csn| csn.as_str().to_owned()),
        light: Some((person.light.wanted, person.light.connected)),
    };
    let stranger = |line: PersonLine| StoryPerson { line, csn: None, light: None };
    let nobodys = unlinked.iter().filter(|stranger| stranger.named.is_none());
    let choice = |(key, person): (&ParticipantKey, &Participant)| Choice {
        who: key.to_text(),
        role: called(key.role(), false).text(language),
        name: person.external_id.as_ref().map(|id| id.as_str().to_owned()),
    };
    StoryPage {
        phase: Some(visit.phase.as_str()),
        meeting: visit.meeting.as_ref().map(|meeting| meeting.id.to_string()),
        problems: visit.problems.keys().map(|code| problem(language, *code)).collect(),
        people: (visit.participants.iter().map(person))
            .chain(nobodys.map(|it| stranger(unknown(language, it, now))))
            .collect(),
        devices: devices(language, &unlinked, now),
        links: links(visit, now),
        choices: visit.participants.iter().map(choice).collect(),
        replaceable: visit.replaceable().map(|meeting| meeting.to_string()),
        parked: visit.parked_updates().map(|update| parked(&update, language)).collect(),
        ..frame
    }
}

/// What happened to it, as the page shows it.
fn section(known: &Timeline, zone: &str, language: Language) -> TimelineSection {
    let times = DisplayTimes::of_zone(zone);
    let Timeline { dropped, more_records, more_acts, .. } = *known;
    let json = format!("/api/v1{}/timeline", address(&known.key));
    let (zone, days) = (zone.to_owned(), Vec::new());
    let mut section = TimelineSection { zone, days, dropped, more_records, more_acts, json };
    for entry in &known.entries {
        let line = TimelineLine {
            at: entry.at.0,
            local: times.clock(entry.at),
            tone: entry.tone,
            text: entry.text.clone(),
            marks: entry.marks_in_words(language),
            happened: entry.event.as_ref().map(|event| times.clock(event.event_at)),
            hint: entry.record.as_ref().and_then(|record| record.hint.clone()),
        };
        section.push(times.day(entry.at, language), line);
    }
    section
}

/// An update that is parked, in words.
fn parked(update: &ParkedUpdate<'_>, language: Language) -> StoryParked {
    let who = timeline::named(language, update.participant.role(), update.external_id);
    StoryParked {
        key: update.participant.to_text(),
        topic: update.says.topic().as_str(),
        seq: update.seq,
        text: timeline::status(language, &who, update.says),
    }
}

/// What was set aside of the visit, where it says that something was.
async fn commands(app: &App, seen: &Snapshot) -> Result<Option<Vec<StoryCommand>>, ApiError> {
    if !seen.visit.problems.contains_key(&ProblemCode::CommandParked) {
        return Ok(None);
    }
    let line = |parked: ParkedCommand| StoryCommand {
        seq: parked.seq.0,
        minutes_ago: minutes(now(app), parked.at),
        reason: parked.reason,
    };
    Ok(Some(mending::commands(app, &seen.visit.key).await?.into_iter().map(line).collect()))
}

/// Guests' links that are still good, the newest first; never the links themselves.
fn links(visit: &Visit, now: Moment) -> Vec<StoryLink> {
    let mut good: Vec<_> = visit.guests.iter().filter(|(_, link)| link.is_good(now)).collect();
    good.sort_by_key(|(_, link)| std::cmp::Reverse(link.made_at));
    let line = |(id, link): (&GuestLinkId, &GuestLink)| StoryLink {
        id: id.to_string(),
        made_minutes_ago: minutes(now, link.made_at),
        minutes_left: minutes(link.expires_at, now),
    };
    good.into_iter().map(line).collect()
}

/// Where the page of a visit is.
pub(super) fn address(key: &VisitKey) -> String {
    let organization = encode(key.organization.as_str());
    match &key.visit {
        VisitId::Csn(csn) => format!("/visits/{organization}/{}", encode(csn.as_str())),
        VisitId::Conference(id) => format!("/group-visits/{organization}/{}", encode(id.as_str())),
    }
}

#[cfg(test)]
mod refused_tests;
#[cfg(test)]
mod tests;
