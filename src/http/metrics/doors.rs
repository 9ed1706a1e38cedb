//! What the front doors count. One method for each thing that happens at a door.

use std::borrow::Cow;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use vestibule_domain::id::OrganizationId;

use super::Metrics;
use super::labels::{
    Labels, known_event, known_method, known_status, of, registered, seconds_alone, seconds_by,
    waiting_seconds,
};

// Helps that are longer than a line.
const NO_LINKS: &str = "Clicks of providers for which Zoom gave no link: meeting_gone, unavailable, refused, host_busy, too_slow";
const FHIR_READS: &str = "Resources that launches wanted of Epic's FHIR server, by what came of it: read (or still known), turned_off, no_token, denied, missing, unreadable, unavailable, resting, late, contradictory";
const DEVICE_TESTS: &str = "Results that people came back with from device tests: passed, failed, unclear";

#[derive(Debug)]
pub(super) struct DoorMetrics {
    requests: Family<Labels<3>, Counter>,
    request_seconds: Family<Labels<1>, Histogram>,
    panics: Counter,
    refused: Family<Labels<1>, Counter>,
    launches: Family<Labels<2>, Counter>,
    launches_under_way: Family<Labels<1>, Gauge>,
    launch_seconds: Family<Labels<1>, Histogram>,
    device_tests: Family<Labels<2>, Counter>,
    webhooks: Family<Labels<2>, Counter>,
    webhook_bodies: Gauge,
    webhook_seconds: Histogram,
    event_to_answer_seconds: Histogram,
    events: Family<Labels<2>, Counter>,
    bad_signatures: Family<Labels<1>, Counter>,
    no_links: Family<Labels<1>, Counter>,
    store_failures: Family<Labels<1>, Counter>,
    fhir_reads: Family<Labels<3>, Counter>,
    waiting_pages: Gauge,
    waited_seconds: Family<Labels<1>, Histogram>,
    boards: Gauge,
    sign_ins: Family<Labels<1>, Counter>,
    denied: Family<Labels<1>, Counter>,
    glass_broken: Counter,
}

/// Something that is open until this is dropped, counted in a gauge.
#[derive(Debug)]
#[must_use = "it counts as closed when dropped"]
pub struct Open(Gauge);

impl Open {
    fn counted(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl DoorMetrics {
    pub(super) fn registered(r: &mut Registry) -> Self {
        let waited_seconds = Family::new_with_constructor(waiting_seconds as fn() -> Histogram);
        r.register(
            "waited_seconds",
            "From a person's launch until they first went in from the waiting page",
            waited_seconds.clone(),
        );
        Self {
            requests: registered(r, "http_requests", "Requests answered, by route pattern and status"),
            request_seconds: seconds_by(r, "http_request_seconds", "Time until the head of the answer"),
            panics: registered(r, "handler_panics", "Requests whose handler panicked"),
            refused: registered(r, "refused", "Times that a limit was reached, by limit"),
            launches: registered(r, "launches", "Launches, by kind and outcome"),
            launches_under_way: registered(
                r,
                "launches_under_way",
                "Launches and clicks of providers that are worked on, as limits.concurrent_launches bounds them",
            ),
            launch_seconds: seconds_by(
                r,
                "launch_seconds",
                "Time from a person's return from Epic to the outcome of the launch",
            ),
            device_tests: registered(r, "device_tests", DEVICE_TESTS),
            webhooks: registered(r, "webhooks", "Zoom's webhooks answered, by event and status"),
            webhook_bodies: registered(r, "webhook_bodies_being_read", "Bodies of webhooks being read"),
            webhook_seconds: seconds_alone(
                r,
                "webhook_seconds",
                "Time from the arrival of a webhook until its answer",
            ),
            event_to_answer_seconds: seconds_alone(
                r,
                "webhook_event_to_answer_seconds",
                "Time from an event at Zoom, by Zoom's clock, until it was durable, in a journal or held, and answered 200",
            ),
            events: registered(
                r,
                "webhook_events",
                "Where durable events went: appended, held, held_dropping_oldest, foreign, ignored",
            ),
            bad_signatures: registered(
                r,
                "webhook_bad_signatures",
                "Webhooks without a valid signature or timestamp",
            ),
            store_failures: registered(
                r,
                "store_failures",
                "Pages that a person did not get since the store did not answer, by door: launch, callback, visit",
            ),
            no_links: registered(r, "no_links", NO_LINKS),
            fhir_reads: registered(r, "fhir_reads", FHIR_READS),
            waiting_pages: registered(r, "waiting_pages", "Waiting pages with an open stream"),
            waited_seconds,
            boards: registered(r, "board_connections", "Boards with an open websocket"),
            sign_ins: registered(r, "sign_ins", "Sign-ins at the operators' pages"),
            glass_broken: registered(
                r,
                "break_glass_sign_ins",
                "Sign-ins by the emergency access (access.break_glass)",
            ),
            denied: registered(
                r,
                "access_denied",
                "Requests to operators' routes that were refused, by reason",
            ),
        }
    }
}

impl Metrics {
    /// A request was answered; `route` is the matched pattern, never the path.
    pub fn request(&self, method: &str, route: Option<&str>, status: u16, took: Duration) {
        let route: Cow<'static, str> = route.map_or("none".into(), |route| route.to_owned().into());
        let labels = [
            ("method", known_method(method).into()),
            ("route", route.clone()),
            ("status", known_status(status).into()),
        ];
        self.doors.requests.get_or_create(&labels).inc();
        self.doors.request_seconds.get_or_create(&[("route", route)]).observe(took.as_secs_f64());
    }

    /// A handler panicked.
    pub fn handler_panicked(&self) {
        self.doors.panics.inc();
    }

    /// Something was refused since a limit was reached: `webhooks`, `webhook_bodies`, `launches`, `page_streams` and so on.
    pub fn refused(&self, limit: &'static str) {
        self.doors.refused.get_or_create(&[("limit", limit.into())]).inc();
    }

    /// The same, so many times.
    pub fn refused_times(&self, limit: &'static str, times: u64) {
        if times > 0 {
            self.doors.refused.get_or_create(&[("limit", limit.into())]).inc_by(times);
        }
    }

    /// A launch ended: kind as in the URL, outcome `accepted`, `waiting`, or the code of the refusal.
    pub fn launch(&self, kind: &'static str, outcome: &'static str) {
        self.doors.launches.get_or_create(&[("kind", kind.into()), ("outcome", outcome.into())]).inc();
    }

    /// A launch is worked on; it counts until the value is dropped.
    pub fn launch_under_way(&self, organization: &OrganizationId) -> Open {
        Open::counted(&self.doors.launches_under_way.get_or_create(&[of(organization)]))
    }

    /// How long it took from a person's return from Epic until the outcome of the launch; signing in there is not our time.
    pub fn launch_took(&self, kind: &'static str, took: Duration) {
        self.doors.launch_seconds.get_or_create(&[("kind", kind.into())]).observe(took.as_secs_f64());
    }

    /// Somebody came back from a device test with a result that was not known yet.
    pub fn device_tested(&self, organization: &OrganizationId, outcome: &'static str) {
        let labels = [of(organization), ("outcome", outcome.into())];
        self.doors.device_tests.get_or_create(&labels).inc();
    }

    /// A webhook was answered. An event that the service does not know is counted as `other`.
    pub fn webhook(&self, event: &str, status: u16, took: Duration) {
        let labels = [("event", known_event(event).into()), ("status", known_status(status).into())];
        self.doors.webhooks.get_or_create(&labels).inc();
        self.doors.webhook_seconds.observe(took.as_secs_f64());
    }

    /// A webhook's body is being read; it counts until the value is dropped.
    pub fn webhook_body(&self) -> Open {
        Open::counted(&self.doors.webhook_bodies)
    }

    /// How old an event was, by Zoom's clock, when it was durable and answered.
    pub fn webhook_event_age(&self, age: Duration) {
        self.doors.event_to_answer_seconds.observe(age.as_secs_f64());
    }

    /// An event went to its visit's journal.
    pub fn webhook_appended(&self, organization: &OrganizationId) {
        self.event_went(organization, "appended");
    }

    /// An event is held until its meeting is known.
    pub fn webhook_held(&self, organization: &OrganizationId) {
        self.event_went(organization, "held");
    }

    /// An event is held, and others of the organization were let go of: the oldest for want of room, and those whose time was over.
    pub fn webhook_held_dropping(&self, organization: &OrganizationId, oldest: u64, expired: u64) {
        let fate = if oldest > 0 { "held_dropping_oldest" } else { "held" };
        self.event_went(organization, fate);
        self.held_expired(expired);
    }

    /// An event of another account, or of a meeting that cannot be ours.
    pub fn webhook_foreign(&self, organization: &OrganizationId) {
        self.event_went(organization, "foreign");
    }

    /// An event of a kind that the service has no use for.
    pub fn webhook_ignored(&self, organization: &OrganizationId) {
        self.event_went(organization, "ignored");
    }

    fn event_went(&self, organization: &OrganizationId, fate: &'static str) {
        self.doors.events.get_or_create(&[of(organization), ("fate", fate.into())]).inc();
    }

    /// A webhook had no valid signature, or a timestamp outside the window.
    pub fn webhook_bad_signature(&self, organization: &OrganizationId) {
        self.doors.bad_signatures.get_or_create(&[of(organization)]).inc();
    }

    /// The store did not answer a door that serves people.
    pub fn store_failed(&self, door: &'static str) {
        self.doors.store_failures.get_or_create(&[("door", door.into())]).inc();
    }

    /// A provider clicked, and Zoom gave no link.
    pub fn no_link(&self, why: &'static str) {
        self.doors.no_links.get_or_create(&[("why", why.into())]).inc();
    }

    /// A launch wanted a resource of an organization's FHIR server: its kind, and what came of it.
    pub fn fhir_read(&self, organization: &OrganizationId, resource: &'static str, outcome: &'static str) {
        let labels = [of(organization), ("resource", resource.into()), ("outcome", outcome.into())];
        self.doors.fhir_reads.get_or_create(&labels).inc();
    }

    /// A waiting page opened its stream; it counts until the value is dropped.
    pub fn waiting_page(&self) -> Open {
        Open::counted(&self.doors.waiting_pages)
    }

    /// Somebody of a role went in for the first time since their launch, which was so long ago.
    pub fn waited(&self, role: &'static str, how_long: Duration) {
        self.doors.waited_seconds.get_or_create(&[("role", role.into())]).observe(how_long.as_secs_f64());
    }

    /// A board opened its websocket; it counts until the value is dropped.
    pub fn board(&self) -> Open {
        Open::counted(&self.doors.boards)
    }

    /// Somebody signed in, or tried to.
    pub fn sign_in(&self, outcome: &'static str) {
        self.doors.sign_ins.get_or_create(&[("outcome", outcome.into())]).inc();
    }

    /// A request to an operators' route was refused.
    pub fn glass_broken(&self) {
        self.doors.glass_broken.inc();
    }

    /// A request to an operators' route was refused.
    pub fn access_denied(&self, reason: &'static str) {
        self.doors.denied.get_or_create(&[("reason", reason.into())]).inc();
    }
}
