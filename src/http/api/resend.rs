//! Notification records sent again, for programs.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::notifications::NotificationsQuery;
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{given, query};
use crate::http::audited::Outcome;
use crate::http::problem::{ApiError, Problem};
use crate::http::reason;
use crate::http::resend::{Asked, Came, Plan, act_name, plan, send};
use crate::settings::StaffRole;

/// What is wanted of the records that the query finds.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendBody {
    /// True: they are counted, and nothing is sent.
    #[serde(default)]
    dry_run: bool,
    /// Why, for the audit: 3 to 200 characters on one line, and no name of a patient. Not needed for a dry run.
    #[serde(default)]
    reason: String,
    /// Names the act by 8 to 64 letters, digits, - and _: sent twice within three hours it is done once. Without it each request is another act.
    act: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resent {
    /// Nothing was sent, only counted.
    dry_run: bool,
    /// The same act was done before, and nothing was done again; the counts are 0.
    already_done: bool,
    /// Records that the query finds.
    records: usize,
    /// Updates that are sent for them: the newest of each person whom they are about.
    updates: usize,
    people: usize,
    visits: usize,
    /// Records of visits that are not kept any more; nothing is sent for them.
    visit_gone: usize,
    /// Records that may be of group visits that were not looked through, since there are more than 10,000; nothing is sent for them.
    visit_unsearched: usize,
    /// Records of people of whom nothing can be sent.
    nobody: usize,
    /// Updates that the store did not take; ask for them again, as another act.
    failed: usize,
}

impl Resent {
    fn new(plan: &Plan, dry_run: bool, failed: usize) -> Self {
        Self {
            dry_run,
            already_done: false,
            records: plan.records,
            updates: plan.lanes.len(),
            people: plan.people(),
            visits: plan.visits(),
            visit_gone: plan.gone,
            visit_unsearched: plan.unsearched,
            nobody: plan.nobody,
            failed,
        }
    }
}

/// Sends records again.
///
/// # Errors
/// [`ApiError`] for a query or body that makes no sense, without a reason or the role, for too much at once, and when the store does not answer.
#[utoipa::path(post, path = "/api/v1/notifications/resend", tag = "api", params(NotificationsQuery),
    request_body(content = ResendBody, content_type = "application/json"), responses(
    (status = 200, description = "What is on its way to Epic, or would be", body = Resent),
    (status = 400, description = "The query or the body makes no sense, there is no reason, or it is too much at once: the text says how many", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer; nothing was sent", body = Problem, content_type = "application/problem+json"),
))]
pub async fn resend(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, ApiError> {
    by.anywhere(StaffRole::Operator)?;
    let wanted: NotificationsQuery = query(&request)?;
    let body: ResendBody = serde_json::from_slice(&body).map_err(|error| {
        ApiError::BadRequest(format!(
            "the body is no JSON with `dry_run`, or `reason` and `act` ({error}); see /api/v1/openapi.json"
        ))
    })?;
    let search = wanted.search(&app, &by, StaffRole::Operator)?;
    let Some(organization) = search.organization.clone() else { return Err(ApiError::UnknownOrganization) };
    let too_much = |why: crate::web::TooMuch| ApiError::BadRequest(why.to_string());
    if body.dry_run {
        let plan = plan(&app, &organization, &search).await?.map_err(too_much)?;
        request.extensions_mut().insert(Outcome("counted"));
        return Ok(HttpResponse::Ok().json(Resent::new(&plan, true, 0)));
    }
    let reason = reason::checked(&body.reason)?;
    let drawn = app.desk.ports().randomness.secret();
    let act = act_name(given(body.act.as_deref()).unwrap_or(&drawn))?;
    let words = wanted.words();
    let asked = Asked { app: &app, by: &by, request: &request, organization: &organization, search, words };
    let told = match send(&asked, act, reason, None).await? {
        Came::Sent { plan, failed } => Resent::new(&plan, false, failed),
        Came::Nothing(plan) | Came::Changed(plan) => Resent::new(&plan, false, 0),
        Came::Already => Resent { already_done: true, ..Resent::new(&Plan::default(), false, 0) },
        Came::TooMuch(why) => return Err(too_much(why)),
    };
    Ok(HttpResponse::Ok().json(told))
}
