//! Visits as they stand, listed or one by one.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{Owner, StoredVisit};
use vestibule_domain::id::{ConferenceId, Csn, OrganizationId, VisitId, VisitKey};
use vestibule_domain::shard::Shard;

use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{given, now, query, rows, stored};
use crate::http::names::PhaseName;
use crate::http::problem::{ApiError, Problem};
use crate::http::view::VisitView;
use crate::settings::StaffRole;

/// So many visits are loaded at once.
const LOADED_AT_ONCE: usize = 256;
/// A page of a filtered list looks through so many visits at most; then it ends early, with a cursor to go on.
const LOOKED_THROUGH: usize = 4096;
/// So many group visits of an organization are looked through for one, whose key nobody has named.
pub const GROUPS_LOOKED_THROUGH: usize = 10_000;

/// Which visits are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VisitsQuery {
    /// Only of this organization.
    organization: Option<String>,
    /// Only in this phase.
    #[param(value_type = Option<PhaseName>)]
    phase: Option<String>,
    /// Goes on where the answer before ended: its `cursor`.
    cursor: Option<String>,
    /// Visits on a page, 1 to 500; 100 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// A page of visits, in the order of their keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitsPage {
    visits: Vec<VisitView>,
    /// Give it back as `cursor` for the following page; null at the end. A page with fewer visits than asked for is not the end.
    cursor: Option<String>,
}

/// What a list is narrowed to.
struct Wanted<'a> {
    /// In their order; none stands for all that there are. So no cursor names a visit of an organization that the reader does not see.
    organizations: Vec<Option<&'a OrganizationId>>,
    phase: Option<PhaseName>,
    after: Option<VisitKey>,
    rows: usize,
}

/// Lists visits.
///
/// # Errors
/// [`ApiError`] for a query that makes no sense and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/visits", tag = "api", params(VisitsQuery), responses(
    (status = 200, description = "A page of visits", body = VisitsPage),
    (status = 400, description = "The query makes no sense", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
))]
pub async fn list(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: VisitsQuery = query(&request)?;
    let wanted = Wanted {
        organizations: match given(asked.organization.as_deref()) {
            Some(id) => vec![Some(who.organization(&app, id, StaffRole::Viewer)?.0)],
            None => who.organizations().map_or(vec![None], |ids| ids.into_iter().map(Some).collect()),
        },
        phase: given(asked.phase.as_deref()).map(phase).transpose()?,
        after: given(asked.cursor.as_deref()).map(key_of_cursor).transpose()?,
        rows: rows(asked.limit.as_deref())?,
    };
    Ok(HttpResponse::Ok().json(page(&app, wanted).await?))
}

async fn page(app: &App, wanted: Wanted<'_>) -> Result<VisitsPage, ApiError> {
    let mut reading = Page { viewer: Viewer::new(app), visits: Vec::new(), looked_through: 0 };
    let last = wanted.organizations.len().saturating_sub(1);
    for (place, organization) in wanted.organizations.iter().enumerate() {
        let came_to = wanted.after.as_ref().map(|after| &after.organization);
        let (is_over, after) = match (organization, came_to) {
            (Some(this), Some(came_to)) => {
                (*this < came_to, (*this == came_to).then(|| wanted.after.clone()))
            }
            _ => (false, Some(wanted.after.clone())),
        };
        if is_over {
            continue;
        }
        let ended = reading.read(*organization, after.flatten(), &wanted).await?;
        if let Some((key, more)) = ended {
            let more = more || place < last;
            return Ok(VisitsPage { visits: reading.visits, cursor: more.then(|| cursor_of(&key)) });
        }
    }
    Ok(VisitsPage { visits: reading.visits, cursor: None })
}

/// A page as far as it is read.
struct Page<'a> {
    viewer: Viewer<'a>,
    visits: Vec<VisitView>,
    looked_through: usize,
}

impl Page<'_> {
    /// Reads on in an organization, or in all. The visit at which the page is full, and whether there are more behind it.
    async fn read(
        &mut self,
        organization: Option<&OrganizationId>,
        mut after: Option<VisitKey>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<(VisitKey, bool)>, ApiError> {
        loop {
            let store = &self.viewer.app.desk.ports().store;
            let loaded = stored(store.visits(organization, after.take(), LOADED_AT_ONCE)).await?;
            let last = loaded.items.len().saturating_sub(1);
            for (place, found) in loaded.items.iter().enumerate() {
                self.looked_through += 1;
                if let Some(visit) = self.viewer.listed(found, wanted.phase).await? {
                    self.visits.push(visit);
                }
                if self.visits.len() >= wanted.rows || self.looked_through >= LOOKED_THROUGH {
                    return Ok(Some((found.visit.clone(), place < last || loaded.next.is_some())));
                }
            }
            after = loaded.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }
}

/// The visit of a CSN: its own, or the group visit that holds it.
///
/// # Errors
/// [`ApiError`] when there is none, and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/visits/{organization}/{csn}", tag = "api", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("csn" = String, Path, description = "Epic's contact serial number"),
), responses(
    (status = 200, description = "The visit, or the group visit that holds this CSN", body = VisitView),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization, or no such visit", body = Problem, content_type = "application/problem+json"),
))]
pub async fn one(
    app: web::Data<App>,
    who: Who,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    shown(&app, find_visit(&app, &who, &path.0, &path.1).await?).await
}

/// The visit of a CSN, or the group visit that holds it.
///
/// # Errors
/// [`ApiError`] for an unknown organization or what is no CSN, and when the store does not answer.
pub async fn find_visit(app: &App, who: &Who, id: &str, csn: &str) -> Result<Option<Snapshot>, ApiError> {
    let (organization, _) = who.organization(app, id, StaffRole::Viewer)?;
    let csn = Csn::new(csn).map_err(|_| ApiError::NoSuchVisit)?;
    let key = VisitKey { organization: organization.clone(), visit: VisitId::Csn(csn.clone()) };
    Ok(match app.desk.visit(&key).await? {
        Some(found) if !found.visit.participants.is_empty() => Some(found),
        // Of one that nobody has launched device tests at most are known, and they may have been for a group.
        found => group_with(app, organization, &csn).await?.or(found),
    })
}

/// A group visit.
///
/// # Errors
/// [`ApiError`] when there is none, and when the store does not answer.
#[utoipa::path(get, path = "/api/v1/group-visits/{organization}/{conference_id}", tag = "api", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("conference_id" = String, Path, description = "Epic's conference id"),
), responses(
    (status = 200, description = "The visit", body = VisitView),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization, or no such visit", body = Problem, content_type = "application/problem+json"),
))]
pub async fn group(
    app: web::Data<App>,
    who: Who,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    shown(&app, find_group_visit(&app, &who, &path.0, &path.1).await?).await
}

/// The group visit of a conference id.
///
/// # Errors
/// [`ApiError`] for an unknown organization or what is no conference id, and when the store does not answer.
pub async fn find_group_visit(
    app: &App,
    who: &Who,
    id: &str,
    conference: &str,
) -> Result<Option<Snapshot>, ApiError> {
    let (organization, _) = who.organization(app, id, StaffRole::Viewer)?;
    let conference = ConferenceId::new(conference).map_err(|_| ApiError::NoSuchVisit)?;
    let key = VisitKey { organization: organization.clone(), visit: VisitId::Conference(conference) };
    Ok(app.desk.visit(&key).await?)
}

async fn shown(app: &App, found: Option<Snapshot>) -> Result<HttpResponse, ApiError> {
    let snapshot = found.ok_or(ApiError::NoSuchVisit)?;
    let view = Viewer::new(app).view(&snapshot).await?;
    Ok(HttpResponse::Ok().json(view.ok_or(ApiError::UnknownOrganization)?))
}

/// Looks through an organization's group visits for one that somebody of this CSN launched.
async fn group_with(
    app: &App,
    organization: &OrganizationId,
    csn: &Csn,
) -> Result<Option<Snapshot>, ApiError> {
    let mut after = last_single_visit(organization);
    let mut looked_through = 0;
    loop {
        let store = &app.desk.ports().store;
        let loaded = stored(store.visits(Some(organization), after.take(), LOADED_AT_ONCE)).await?;
        looked_through += loaded.items.len();
        for found in loaded.items.iter().filter(|found| matches!(found.visit.visit, VisitId::Conference(_))) {
            let Ok(snapshot) = Snapshot::read(found) else { continue };
            if snapshot.visit.participants.values().any(|person| person.csn.as_ref() == Some(csn)) {
                return Ok(Some(snapshot));
            }
        }
        after = loaded.next;
        if after.is_none() {
            return Ok(None);
        }
        if looked_through >= GROUPS_LOOKED_THROUGH {
            app.metrics.refused("groups_looked_through");
            tracing::warn!(%organization, looked_through, "a CSN was not found among this many group visits; the rest is not searched");
            return Ok(None);
        }
    }
}

/// A key behind all visits of one patient: in the order of keys the group visits of the organization follow.
pub fn last_single_visit(organization: &OrganizationId) -> Option<VisitKey> {
    let csn = Csn::new("~".repeat(Csn::MAX_BYTES)).ok()?;
    Some(VisitKey { organization: organization.clone(), visit: VisitId::Csn(csn) })
}

/// Makes views, and asks for the owner of each shard once.
struct Viewer<'a> {
    app: &'a App,
    owners: BTreeMap<Shard, Option<Owner>>,
}

impl<'a> Viewer<'a> {
    fn new(app: &'a App) -> Self {
        Self { app, owners: BTreeMap::new() }
    }

    /// The view of a visit for a list. One that cannot be read, or of an organization that is not in the settings any more, must not
    /// keep the others from being seen.
    async fn listed(
        &mut self,
        found: &StoredVisit,
        phase: Option<PhaseName>,
    ) -> Result<Option<VisitView>, ApiError> {
        let Ok(snapshot) = Snapshot::read(found) else {
            tracing::error!(shard = Shard::of_visit(&found.visit).number(), "a stored visit cannot be read");
            return Ok(None);
        };
        if phase.is_some_and(|wanted| wanted != PhaseName::from(snapshot.visit.phase)) {
            return Ok(None);
        }
        self.view(&snapshot).await
    }

    async fn view(&mut self, snapshot: &Snapshot) -> Result<Option<VisitView>, ApiError> {
        let ports = self.app.desk.ports();
        let key = &snapshot.visit.key;
        let Some(policy) = ports.organizations.policy(&key.organization) else { return Ok(None) };
        let shard = Shard::of_visit(key);
        let owner = match self.owners.get(&shard) {
            Some(known) => known.clone(),
            None => {
                let owner = stored(ports.store.locate(shard)).await?;
                self.owners.insert(shard, owner.clone());
                owner
            }
        };
        Ok(Some(VisitView::new(snapshot, owner.as_ref(), &policy, now(self.app))))
    }
}

fn phase(text: &str) -> Result<PhaseName, ApiError> {
    serde_json::from_value(serde_json::Value::from(text))
        .map_err(|_| ApiError::BadRequest(format!("`phase` is {}", PhaseName::LISTED)))
}

fn cursor_of(key: &VisitKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_text())
}

fn key_of_cursor(cursor: &str) -> Result<VisitKey, ApiError> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| VisitKey::from_text(&text)).ok_or_else(|| {
        ApiError::BadRequest(
            "`cursor` is not one that an answer gave; leave it out for the first page".to_owned(),
        )
    })
}
