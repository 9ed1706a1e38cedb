//! The doors for Epic, Zoom and people in a visit, described by hand: they answer with redirects and pages, which no type describes.

#![expect(dead_code, reason = "the functions only carry their descriptions")]

use utoipa::ToSchema;

use crate::http::problem::Problem;

/// What the waiting page is drawn from.
#[derive(ToSchema)]
struct VisitStatus {
    /// `scheduled`, `waiting_for_host`, `in_progress` or `ended`.
    #[schema(example = "waiting_for_host")]
    phase: String,
    /// `POST .../join` would lead into the meeting now.
    can_join: bool,
    /// What the page says, in the page's language.
    message: String,
    /// Who will see a patient who waits, and when, where the appointment was moved; in the page's language.
    #[schema(example = "Elena Rivera will see you.")]
    about: Option<String>,
    /// Only where Epic says that the appointment was called off.
    cancelled: Option<bool>,
    /// Only where the launch was refused after its person had been sent to the page.
    refused: Option<bool>,
}

/// Zoom's challenge, answered.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Validation {
    plain_token: String,
    encrypted_token: String,
}

#[utoipa::path(get, path = "/epic/{organization}/launch/{kind}", tag = "epic", security(()), params(
    ("organization" = String, Path, description = "As in the settings"),
    ("kind" = String, Path, description = "provider, patient, group-provider, group-patient, visit-tools, or, where the organization has a test, device-test"),
    ("iss" = Option<String>, Query, description = "Epic's FHIR base address, added by Epic"),
    ("launch" = Option<String>, Query, description = "Epic's launch token, added by Epic"),
    ("data" = Option<String>, Query, description = "In place of both: an encrypted launch, in base64"),
    ("extData" = Option<String>, Query, description = "Another name of `data`"),
), responses(
    (status = 200, description = "Where that address would be too long: a page with a form that posts the same", content_type = "text/html"),
    (status = 302, description = "To Epic's authorization server, and from there to /epic/callback"),
    (status = 303, description = "After an encrypted launch, as from /epic/callback; a device test goes to the test of the settings"),
    (status = 400, description = "The launch lacks what it needs, cannot be read, or its time is over; a page", content_type = "text/html"),
    (status = 403, description = "Another Epic or environment than this organization's, or, encrypted, a role or patient that does not fit; a page", content_type = "text/html"),
    (status = 404, description = "Unknown organization or kind; a page", content_type = "text/html"),
    (status = 502, description = "Epic does not answer; a page", content_type = "text/html"),
    (status = 503, description = "As many launches as may be are under way for this organization, or at Epic; a page", content_type = "text/html"),
))]
/// Opens a visit: the address of an FDI record.
fn launch() {}

#[utoipa::path(get, path = "/epic/launch/{kind}", tag = "epic", security(()), params(
    ("kind" = String, Path, description = "As for /epic/{organization}/launch/{kind}"),
    ("org_id" = Option<String>, Query, description = "The Zoom API key of older FDI records"),
    ("acc_id" = Option<String>, Query, description = "The Zoom account id"),
    ("iss" = Option<String>, Query, description = "Epic's FHIR base address, added by Epic"),
    ("launch" = Option<String>, Query, description = "Epic's launch token, added by Epic"),
    ("data" = Option<String>, Query, description = "In place of both: an encrypted launch, in base64"),
    ("extData" = Option<String>, Query, description = "Another name of `data`"),
), responses(
    (status = 302, description = "As for /epic/{organization}/launch/{kind}"),
    (status = 400, description = "`acc_id` is missing, or as there; a page", content_type = "text/html"),
    (status = 404, description = "Unknown account or kind; a page", content_type = "text/html"),
))]
/// Opens a visit by the account ids that older FDI records carry.
fn launch_by_query() {}

#[utoipa::path(get, path = "/epic/callback", tag = "epic", security(()), params(
    ("code" = Option<String>, Query, description = "Epic's authorization code"),
    ("state" = Option<String>, Query, description = "Ours; used once, by the browser that it was given to"),
    ("error" = Option<String>, Query, description = "Why Epic refused"),
), responses(
    (status = 303, description = "To Zoom's start link for the host, to a personal link for another provider, to the device test, else to /visit/{ticket}"),
    (status = 400, description = "A forged, replayed, expired or other browser's `state`, or no visit in the launch; a page", content_type = "text/html"),
    (status = 403, description = "An identity, role or patient that does not fit; a page", content_type = "text/html"),
    (status = 410, description = "The visit is over, or its appointment was called off in Epic; a page", content_type = "text/html"),
    (status = 502, description = "Epic or Zoom does not answer; a page", content_type = "text/html"),
    (status = 503, description = "Overloaded; a page", content_type = "text/html"),
))]
/// Where Epic's authorization server leads back to.
fn callback() {}

#[utoipa::path(get, path = "/epic/{organization}/jwks.json", tag = "epic", security(()), params(
    ("organization" = String, Path, description = "As in the settings"),
), responses(
    (status = 200, description = "A JSON Web Key Set", content_type = "application/json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
))]
/// Our public keys for Epic.
fn jwks() {}

#[utoipa::path(post, path = "/zoom/{organization}/webhook", tag = "zoom", security(()), params(
    ("organization" = String, Path, description = "As in the settings"),
    ("x-zm-signature" = String, Header, description = "`v0=` and the HMAC-SHA-256 of `v0:{timestamp}:{body}`"),
    ("x-zm-request-timestamp" = String, Header, description = "Seconds since 1970; at most 300 s away"),
), request_body(content = String, content_type = "application/json", description = "One event, at most 1 MiB"), responses(
    (status = 200, description = "The event is durable; for `endpoint.url_validation` the challenge's answer", body = Validation),
    (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid signature or timestamp", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "It cannot be stored now; Zoom sends it again", body = Problem, content_type = "application/problem+json"),
))]
/// Takes Zoom's events.
fn webhook() {}

#[utoipa::path(get, path = "/zoom/connect/{ticket}", tag = "zoom", security(()), params(
    ("ticket" = String, Path, description = "Given by the page about the Zoom account; good for two minutes, once"),
), responses(
    (status = 302, description = "To Zoom's consent page, and from there to /zoom/callback"),
    (status = 400, description = "An unknown, used or expired ticket; a page", content_type = "text/html"),
    (status = 503, description = "The store does not answer; a page", content_type = "text/html"),
))]
/// Binds the way to Zoom to the browser that takes it.
fn zoom_connect() {}

#[utoipa::path(get, path = "/zoom/callback", tag = "zoom", security(()), params(
    ("code" = Option<String>, Query, description = "Zoom's authorization code"),
    ("state" = Option<String>, Query, description = "Ours; used once, by the browser that it was given to"),
    ("error" = Option<String>, Query, description = "Why Zoom refused"),
), responses(
    (status = 200, description = "The Zoom account is connected; a page", content_type = "text/html"),
    (status = 400, description = "A forged, replayed, expired or other browser's `state`; a page", content_type = "text/html"),
    (status = 403, description = "Declined, or another Zoom account than the organization's; a page", content_type = "text/html"),
    (status = 502, description = "Zoom does not take the code or the app's credentials, or does not answer; a page", content_type = "text/html"),
    (status = 503, description = "The store does not answer; a page", content_type = "text/html"),
))]
/// Where Zoom's consent page leads back to.
fn zoom_callback() {}

#[utoipa::path(get, path = "/visit/{ticket}", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch"),
), responses(
    (status = 200, description = "The waiting page", content_type = "text/html"),
    (status = 403, description = "The launch was refused meanwhile; a page", content_type = "text/html"),
    (status = 404, description = "No such ticket (any more); a page", content_type = "text/html"),
    (status = 410, description = "The same, since the visit is over or was called off; a page", content_type = "text/html"),
))]
/// The waiting page. In another browser than the launch's it only looks on.
fn waiting_page() {}

#[utoipa::path(get, path = "/visit/{ticket}/events", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch"),
), responses(
    (status = 200, description = "Server-sent events: `event: visit` with a VisitStatus as data", content_type = "text/event-stream"),
    (status = 404, description = "No such ticket (any more)", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Too many are open", body = Problem, content_type = "application/problem+json"),
))]
/// Tells the waiting page what changes.
fn visit_events() {}

#[utoipa::path(get, path = "/visit/{ticket}/state", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch"),
), responses(
    (status = 200, description = "How it stands", body = VisitStatus),
    (status = 404, description = "No such ticket (any more)", body = Problem, content_type = "application/problem+json"),
))]
/// The same for a page whose events do not come through.
fn visit_state() {}

#[utoipa::path(post, path = "/visit/{ticket}/join", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch"),
), responses(
    (status = 303, description = "To this person's own Zoom link; where Zoom gives none just now, back to the page, which tries again"),
    (status = 403, description = "Another browser than the launch's, or a form of another site"),
    (status = 404, description = "No such ticket (any more)"),
    (status = 409, description = "Not yet, or not any more"),
))]
/// Goes into the meeting.
fn join() {}

#[utoipa::path(get, path = "/visit/{ticket}/device-test", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch"),
), responses(
    (status = 200, description = "In a frame: a page with a link that opens the test in a window", content_type = "text/html"),
    (status = 303, description = "To the device test of the settings"),
    (status = 403, description = "Another browser than the launch's; a page", content_type = "text/html"),
    (status = 404, description = "No such ticket (any more), or no device test; a page", content_type = "text/html"),
))]
/// From the waiting page to the device test.
fn device_test_of_page() {}

#[utoipa::path(get, path = "/device-test/{name}", tag = "visit", security(()), params(
    ("name" = String, Path, description = "Given to the test's vendor with the return address"),
    ("result" = Option<String>, Query, description = "What came out; the name and the values are in the settings (device_test_result)"),
), responses(
    (status = 200, description = "What came out, in plain words; it is durable", content_type = "text/html"),
    (status = 400, description = "No such name (any more); a page", content_type = "text/html"),
    (status = 403, description = "Another browser than the one that went to the test; a page", content_type = "text/html"),
    (status = 503, description = "The store does not answer; the same address may be loaded again; a page", content_type = "text/html"),
))]
/// Where people come back to from a device test. Loading it again changes nothing.
fn device_test_result() {}

#[utoipa::path(get, path = "/device-test/{name}/go", tag = "visit", security(()), params(
    ("name" = String, Path, description = "As for /device-test/{name}"),
), responses(
    (status = 303, description = "To the device test of the settings"),
    (status = 400, description = "No such name (any more); a page", content_type = "text/html"),
    (status = 403, description = "Another browser than the one that went to the test; a page", content_type = "text/html"),
))]
/// To the test once more, or for the first time out of a frame, which gives its place to the window that opens this first.
fn device_test_go() {}

#[utoipa::path(get, path = "/epic/{organization}/launch/guest", tag = "epic", security(()), params(
    ("organization" = String, Path, description = "As in the settings"),
    ("link" = String, Query, description = "Given by a provider's tools page"),
), responses(
    (status = 200, description = "A page with a button, or with the question when the patient was born; opening it changes nothing", content_type = "text/html"),
    (status = 400, description = "A link that we did not sign; a page", content_type = "text/html"),
    (status = 404, description = "Unknown organization; a page", content_type = "text/html"),
    (status = 410, description = "The link has run out or is locked, or what opens it is not known; a page", content_type = "text/html"),
))]
/// Behind a guest's link.
fn guest_page() {}

#[utoipa::path(post, path = "/epic/{organization}/launch/guest", tag = "epic", security(()), params(
    ("organization" = String, Path, description = "As in the settings"),
    ("link" = String, Query, description = "Given by a provider's tools page"),
), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`year`, `month` and `day` of the patient's birth, where the page asks for them"), responses(
    (status = 303, description = "To /visit/{ticket}; back to the page where the answer was wrong or incomplete"),
    (status = 400, description = "A link that we did not sign; a page", content_type = "text/html"),
    (status = 403, description = "A form of another site; a page", content_type = "text/html"),
    (status = 404, description = "Unknown organization; a page", content_type = "text/html"),
    (status = 410, description = "The link has run out, was taken back or is locked by wrong answers, or the visit is over; a page", content_type = "text/html"),
    (status = 503, description = "Overloaded; a page", content_type = "text/html"),
))]
/// The launch of a guest.
fn guest_launch() {}

#[utoipa::path(get, path = "/visit/{ticket}/tools", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), responses(
    (status = 200, description = "Who is here, guests' links, how to dial in, the end for all", content_type = "text/html"),
    (status = 403, description = "Another browser than the launch's; a page", content_type = "text/html"),
    (status = 404, description = "No such ticket (any more); a page", content_type = "text/html"),
))]
/// The provider's page beside the call.
fn tools() {}

#[utoipa::path(get, path = "/visit/{ticket}/tools/people", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), responses(
    (status = 200, description = "Who is here alone", content_type = "application/json"),
    (status = 403, description = "Another browser than the launch's"),
    (status = 404, description = "No such ticket (any more)"),
))]
/// Keeps the list of that page fresh.
fn tools_people() {}

#[utoipa::path(post, path = "/visit/{ticket}/tools/guest", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`name`: for whom"), responses(
    (status = 303, description = "Back to the page, which shows the link"),
    (status = 403, description = "Another browser than the launch's, or a form of another site"),
    (status = 404, description = "No such ticket (any more)"),
))]
/// Makes a link for one guest.
fn tools_guest() {}

#[utoipa::path(post, path = "/visit/{ticket}/tools/revoke", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`link`: the link's id"), responses(
    (status = 303, description = "Back to the page"),
    (status = 403, description = "Another browser than the launch's, or a form of another site"),
    (status = 404, description = "No such ticket (any more)"),
))]
/// Takes a guest's link back, at Zoom as well.
fn tools_revoke() {}

#[utoipa::path(post, path = "/visit/{ticket}/tools/identify", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`instance` and `session`: which device; `who`: whose it is, or nothing to take that back. As the page gives them"), responses(
    (status = 303, description = "Back to the page"),
    (status = 403, description = "Another browser than the launch's, or a form of another site"),
    (status = 404, description = "No such ticket (any more)"),
))]
/// Says who somebody is whom nothing of Zoom's identifies, such as a telephone; then it counts for the light.
fn tools_identify() {}

#[utoipa::path(post, path = "/visit/{ticket}/tools/text", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`link`: the link's id; `phone`: whom to send it to, which is not kept"), responses(
    (status = 303, description = "Back to the page, which says whether the message was sent, was not, or may have been"),
    (status = 403, description = "Another browser than the launch's, or a form of another site"),
    (status = 404, description = "No such ticket (any more), or the organization has no gateway"),
))]
/// Sends a guest's link by text message.
fn tools_text() {}

#[utoipa::path(post, path = "/visit/{ticket}/tools/end", tag = "visit", security(()), params(
    ("ticket" = String, Path, description = "Given by a launch of the kind visit-tools"),
), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`meeting`: the meeting that the page showed; of another than the visit's nothing is done"), responses(
    (status = 303, description = "Back to the page, which says whether the meeting is ended for everybody"),
    (status = 403, description = "Another browser than the launch's, or a form of another site"),
    (status = 404, description = "No such ticket (any more)"),
))]
/// Ends the meeting for everybody.
fn tools_end() {}
