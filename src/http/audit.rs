//! The audit as a page: who did what, newest first, and whether what is shown is whole.

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::access::Who;
use super::api::{SETTLED_WITHIN, whose};
use super::app::App;
use super::ask::{self, given, stored};
use super::page::{on_to, staff_page};
use super::problem::{ApiError, Problem};
use super::search::{time, zone_of};
use super::times::dated;
use super::view::{Time, timestamp};
use super::visit::language_of;
use crate::audit::{Chain, ChainId, Deed, Kept, Leaf, Leafing, Line, Place};
use crate::configuration::ever_kept;
use crate::settings::{Organization, StaffRole};
use crate::web::{
    AuditFound, AuditOf, AuditPage, AuditResult, AuditRow, AuditSearch, AuditTrouble, OrganizationChoice,
    UnusableSearch, clean_csn, is_action,
};

/// Entries on one page: what a person looks through.
const ROWS: usize = 50;
/// Pages of the chain, each of some forty entries, that are looked through for one of ours.
const PAGES: u64 = 64;
/// A longer name is nobody's.
const LONGEST_NAME: usize = 200;

/// The page, with what was searched for.
///
/// # Errors
/// [`ApiError`] without the role, for an organization that is none of theirs, and when the query cannot be read at all; a search that makes
/// no sense is told on the page.
#[utoipa::path(get, path = "/audit", operation_id = "audit_page", tag = "operations", params(
    ("organization" = Option<String>, Query, description = "As in the settings; left out, the service's own"),
    ("who" = Option<String>, Query, description = "A part of the name of whoever did it"),
    ("action" = Option<String>, Query, description = "The code of an action"),
    ("csn" = Option<String>, Query, description = "A visit, by its CSN or a group's conference id"),
    ("from" = Option<String>, Query, description = "From this time on; without an offset in the organization's zone"),
    ("to" = Option<String>, Query, description = "Before this time; a day alone is in it to its end"),
    ("before" = Option<String>, Query, description = "Entries before this place, from the page's own link"),
    ("after" = Option<String>, Query, description = "Entries after this place, from the page's own link"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in. Without a role in all organizations and without one named: to one of theirs"),
    (status = 400, description = "The page, saying what is wrong with the search", content_type = "text/html"),
    (status = 403, description = "Not an administrator there", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such organization", body = Problem, content_type = "application/problem+json"),
    (status = 500, description = "The page, saying that the audit is damaged", content_type = "text/html"),
    (status = 503, description = "The page, saying that the audit cannot be read now", content_type = "text/html"),
))]
pub async fn page(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let query: AuditSearch = ask::query(&request)?;
    let organizations = choices(&app, &who);
    let of_service = who.everywhere(StaffRole::Administrator).is_ok();
    if given(Some(&query.organization)).is_none() && !of_service {
        who.anywhere(StaffRole::Administrator)?;
        let first = organizations.first().ok_or(ApiError::NotEverywhere(StaffRole::Administrator))?;
        return Ok(on_to(&request, &format!("/audit?organization={}", first.id)));
    }
    let id = whose(&app, &who, &request, Some(&query.organization)).await?;
    let organization = id.organization().and_then(|id| app.settings.organizations.get(id));
    let result = search(&app, &who, (&id, organization), &query).await;
    let answer = match &result {
        AuditResult::Found(_) => HttpResponse::Ok(),
        AuditResult::Unusable(_) => HttpResponse::BadRequest(),
        AuditResult::Unavailable => HttpResponse::ServiceUnavailable(),
        AuditResult::Damaged => HttpResponse::InternalServerError(),
    };
    let of = match (id.organization(), organization) {
        (None, _) => AuditOf::Service,
        (Some(_), Some(organization)) => AuditOf::Organization(organization.display_name.clone()),
        (Some(id), None) => AuditOf::NotInForce(id.as_str().to_owned()),
    };
    let removed = if of_service { not_in_force(&app, &id).await } else { Vec::new() };
    let page = AuditPage {
        language: language_of(&request, organization),
        of,
        organizations: &organizations,
        removed: &removed,
        of_service,
        query: &query,
        result,
        signed_in: who.signed_in(&app),
    };
    staff_page(answer, &page)
}

fn choices(app: &App, who: &Who) -> Vec<OrganizationChoice> {
    let known = app.settings.organizations.iter();
    let theirs = known.filter(|(id, _)| who.may(id, StaffRole::Administrator));
    theirs
        .map(|(id, organization)| OrganizationChoice {
            id: id.as_str().to_owned(),
            name: organization.display_name.clone(),
        })
        .collect()
}

/// Organizations that have an audit and are not in force, the one that is shown among them; where the store does not answer, that one alone.
async fn not_in_force(app: &App, shown: &ChainId) -> Vec<String> {
    let ever = match tokio::time::timeout(SETTLED_WITHIN, ever_kept(&app.desk.ports().store)).await {
        Ok(Ok(ever)) => ever,
        Ok(Err(_)) | Err(_) => shown.organization().cloned().into_iter().collect(),
    };
    let gone = ever.into_iter().filter(|id| !app.settings.organizations.contains_key(id));
    gone.map(|id| id.as_str().to_owned()).collect()
}

async fn search(
    app: &App,
    who: &Who,
    (id, organization): (&ChainId, Option<&Organization>),
    query: &AuditSearch,
) -> AuditResult {
    let zone = organization.map_or(TimeZone::UTC, zone_of);
    let wanted = match Wanted::of(query, &zone) {
        Ok(wanted) => wanted,
        Err(troubles) => return AuditResult::Unusable(troubles),
    };
    // What this node has been told so far is in it; where that takes longer, what there is now is shown.
    let _ = app.audit.settle(SETTLED_WITHIN).await;
    let leaf = match Chain::new(&app.desk.ports().store, id) {
        Ok(chain) => stored(chain.leaf(&wanted.leafing, |deed| wanted.is_met_by(deed))).await,
        Err(error) => Err(error.into()),
    };
    match leaf {
        Ok(leaf) => {
            tell_harm(id, &leaf);
            AuditResult::Found(found(leaf, |line| row(app, who, (id, &zone), line)))
        }
        Err(error @ ApiError::Unreadable(_)) => {
            error.log();
            tracing::error!(chain = %id, "the audit is damaged");
            AuditResult::Damaged
        }
        Err(error) => {
            tracing::warn!(code = error.code(), "the audit could not be read");
            AuditResult::Unavailable
        }
    }
}

/// What is wrong is for the log, too: whoever looks may not be who mends it.
fn tell_harm(id: &ChainId, leaf: &Leaf) {
    if let Err(broken) = &leaf.whole {
        tracing::error!(chain = %id, %broken, "the audit is not whole");
    } else if leaf.missing {
        tracing::error!(chain = %id, "a page of the audit is missing");
    }
}

/// Which entries are looked for.
struct Wanted {
    leafing: Leafing,
    /// In small letters.
    who: Option<String>,
    action: Option<String>,
    /// A CSN or a conference id.
    visit: Option<String>,
}

impl Wanted {
    fn of(query: &AuditSearch, zone: &TimeZone) -> Result<Self, Vec<AuditTrouble>> {
        let mut troubles = Vec::new();
        let mut note = |trouble| troubles.push(trouble);
        let who = given(Some(&query.who)).map(str::to_lowercase);
        if who.as_ref().is_some_and(|who| who.chars().count() > LONGEST_NAME) {
            note(AuditTrouble::NameTooLong);
        }
        let action = given(Some(&query.action)).map(str::to_owned);
        if action.as_ref().is_some_and(|action| !is_action(action)) {
            note(AuditTrouble::NotAnAction);
        }
        let visit = given(Some(&query.csn)).and_then(|csn| match clean_csn(csn) {
            Ok(csn) => Some(csn.as_str().to_owned()),
            Err(why) => {
                note(AuditTrouble::Search(why));
                None
            }
        });
        let mut moment = |text, is_end, why| match time(text, zone, is_end) {
            Some(moment) => moment.map(|moment: Moment| timestamp(moment).0),
            None => {
                note(AuditTrouble::Search(why));
                None
            }
        };
        let since: Option<Timestamp> = moment(&query.from, false, UnusableSearch::NotAStart);
        let until = moment(&query.to, true, UnusableSearch::NotAnEnd);
        if since.zip(until).is_some_and(|(since, until)| until <= since) {
            note(AuditTrouble::Search(UnusableSearch::EndsBeforeItBegins));
        }
        let place = place(&query.before, &query.after);
        if place.is_none() {
            note(AuditTrouble::NotAPlace);
        }
        match place.filter(|_| troubles.is_empty()) {
            Some(place) => {
                let leafing = Leafing { place, since, until, rows: ROWS, most: PAGES };
                Ok(Self { leafing, who, action, visit })
            }
            None => Err(troubles),
        }
    }

    fn is_met_by(&self, deed: &Deed) -> bool {
        let is = |wanted: &Option<String>, there: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| there == Some(wanted))
        };
        let by = || deed.by.as_deref().unwrap_or_default().to_lowercase();
        is(&self.action, Some(&deed.action))
            && (is(&self.visit, deed.csn.as_ref()) || is(&self.visit, deed.conference_id.as_ref()))
            && self.who.as_ref().is_none_or(|who| by().contains(who.as_str()))
    }
}

/// From where entries are read; none for what names no place.
fn place(before: &str, after: &str) -> Option<Place> {
    match (given(Some(before)), given(Some(after))) {
        (None, None) => Some(Place::Newest),
        (Some(place), None) => place.parse().ok().map(Place::Before),
        (None, Some(place)) => place.parse().ok().map(Place::After),
        (Some(_), Some(_)) => None,
    }
}

fn found(leaf: Leaf, row: impl Fn(Line) -> AuditRow) -> AuditFound {
    AuditFound {
        rows: leaf.entries.into_iter().map(row).collect(),
        looked: leaf.looked,
        broken: leaf.whole.err(),
        missing: leaf.missing,
        cut: leaf.cut,
        older: leaf.older,
        newer: leaf.newer,
        head: leaf.head,
    }
}

fn row(app: &App, who: &Who, (chain, zone): (&ChainId, &TimeZone), line: Line) -> AuditRow {
    let Kept { seq, at, node, deed, .. } = line.kept;
    let organization = deed.organization.as_deref().and_then(|id| OrganizationId::new(id).ok());
    let in_force = |id: &&OrganizationId| app.settings.organizations.contains_key(*id) && who.sees(id);
    let visits_of = organization.as_ref().filter(in_force).map(|id| id.as_str().to_owned());
    AuditRow {
        seq,
        at,
        at_site: dated(Time(at), zone),
        by: deed.by,
        action: deed.action,
        visits_of,
        csn: deed.csn,
        conference_id: deed.conference_id,
        meeting_id: deed.meeting_id,
        organization: deed.organization.filter(|_| chain.organization().is_none()),
        from: deed.from,
        outcome: deed.outcome,
        reason: deed.reason,
        node,
        correlation_id: deed.correlation_id,
        intact: line.intact,
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
