//! The page that shows what would be sent again, and asks why.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use vestibule_domain::time::Moment;

use super::{Asked, Came, Plan, Shown, act_name, plan, send};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::now;
use crate::http::page::{page_again, staff_page};
use crate::http::problem::{ApiError, Problem, wants_page};
use crate::http::query;
use crate::http::reason;
use crate::http::search::{asked, unusable, zone_of};
use crate::http::visit::language_of;
use crate::settings::{Organization, StaffRole};
use crate::web::{RecordsQuery, RefusedForm, ResendCount, ResendNote, ResendPage, ResendState, WrongField};

/// The parameter of the page's address that says what came of it.
const NOTE: &str = "note";

/// The form: why, and what was shown with it.
#[derive(Deserialize)]
pub struct ResendForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    updates: String,
    #[serde(default)]
    at: String,
}

/// What would be sent again, with a form.
///
/// # Errors
/// [`ApiError`] for a search that makes no sense, without the role, and when the store does not answer.
#[utoipa::path(get, path = "/records/resend", tag = "operations", params(
    ("organization" = String, Query, description = "As in the settings; the other parameters are those of /records, `lang` too"),
), responses(
    (status = 200, description = "How many records, people and visits, and what is not sent; or that it is too much at once", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 400, description = "The search makes no sense", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn show(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (asked, query, organization) = wanted(&app, &who, &request)?;
    let note = query::first(&request, NOTE).and_then(|code| ResendNote::of(&code));
    let state = match note {
        Some(note) => ResendState::Told(note),
        None => count(&asked).await?,
    };
    staff_page(HttpResponse::Ok(), &page(&asked, &query, organization, state, false))
}

/// Sends what was counted.
///
/// # Errors
/// As for the page, and without a reason.
#[utoipa::path(post, path = "/records/resend", tag = "operations", params(
    ("organization" = String, Query, description = "As in the settings; the other parameters are those of /records. The form has `reason`, and `act`, `updates` and `at` as the page gave them"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The search or the form cannot be read, there is no reason, or it is too much at once; without a reason a browser gets the page with the form again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "It is much more or less by now, or was counted over an hour ago: the page with the new count. Nothing was sent", content_type = "text/html"),
    (status = 503, description = "The store does not answer; nothing was sent", body = Problem, content_type = "application/problem+json"),
))]
pub async fn act(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    form: web::Form<ResendForm>,
) -> Result<HttpResponse, ApiError> {
    let (asked, query, organization) = wanted(&app, &by, &request)?;
    let reason = match reason::checked(&form.reason) {
        Err(_) if wants_page(&request) => {
            let refused = Some(RefusedForm::new(&["resend"], &form.reason, WrongField::Reason));
            let state = count(&asked).await?;
            let has_changed = match &state {
                ResendState::Counted(count) => form.updates.parse::<usize>() != Ok(count.updates),
                ResendState::TooMuch(_) | ResendState::Told(_) => false,
            };
            let page = page(&asked, &query, organization, state, has_changed);
            return page_again(&request, &ResendPage { refused, ..page });
        }
        checked => checked?,
    };
    let bad = |what: &str| ApiError::BadRequest(format!("`{what}` is not as the page gave it"));
    let shown = Shown {
        updates: form.updates.parse().map_err(|_| bad("updates"))?,
        at: Moment(form.at.parse().map_err(|_| bad("at"))?),
    };
    let note = match send(&asked, act_name(&form.act)?, reason, Some(shown)).await? {
        Came::Sent { failed: 0, .. } => ResendNote::Sent,
        Came::Sent { .. } => ResendNote::Incomplete,
        Came::Already => ResendNote::Already,
        Came::Nothing(_) => ResendNote::Nothing,
        Came::TooMuch(too_much) => return Err(ApiError::BadRequest(too_much.to_string())),
        Came::Changed(plan) => {
            let state = ResendState::Counted(counted(&app, &plan));
            let page = page(&asked, &query, organization, state, true);
            return staff_page(HttpResponse::Conflict(), &page);
        }
    };
    let language = language_of(&request, Some(organization)).code();
    let to = format!("/records/resend?{}&lang={language}&{NOTE}={}", query.search(), note.code());
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}

/// Whose records and which, for whoever may have them sent again.
fn wanted<'a>(
    app: &'a App,
    by: &'a Who,
    request: &'a HttpRequest,
) -> Result<(Asked<'a>, RecordsQuery, &'a Organization), ApiError> {
    by.anywhere(StaffRole::Operator)?;
    let query = web::Query::<RecordsQuery>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| ApiError::BadRequest(format!("the query cannot be read ({error})")))?;
    query.key().map_err(|why| unusable(vec![why]))?;
    let (id, organization) = by.organization(app, &query.organization, StaffRole::Operator)?;
    let search = asked(&query, id, &zone_of(organization)).map_err(unusable)?;
    let words = query.search();
    Ok((Asked { app, by, request, organization: id, search, words }, query, organization))
}

/// What it comes to by now.
async fn count(asked: &Asked<'_>) -> Result<ResendState, ApiError> {
    Ok(match plan(asked.app, asked.organization, &asked.search).await? {
        Ok(plan) => ResendState::Counted(counted(asked.app, &plan)),
        Err(too_much) => ResendState::TooMuch(too_much),
    })
}

fn counted(app: &App, plan: &Plan) -> ResendCount {
    ResendCount {
        records: plan.records,
        updates: plan.lanes.len(),
        people: plan.people(),
        visits: plan.visits(),
        gone: plan.gone,
        unsearched: plan.unsearched,
        nobody: plan.nobody,
        act: app.desk.ports().randomness.secret(),
        at: now(app).0,
    }
}

fn page(
    asked: &Asked<'_>,
    query: &RecordsQuery,
    organization: &Organization,
    state: ResendState,
    has_changed: bool,
) -> ResendPage {
    ResendPage {
        language: language_of(asked.request, Some(organization)),
        organization: organization.display_name.clone(),
        search: query.search(),
        state,
        has_changed,
        refused: None,
        signed_in: asked.by.signed_in(asked.app),
    }
}
