//! Whether the process lives and whether it wants work. Neither needs a sign-in and neither says anything about visits.
//!
//! Liveness touches nothing, since a liveness check that asks the store turns one outage into two. Readiness asks the store, and only
//! until it has answered once does its silence keep work away: later every node would be as silent, and a page that says so is
//! better than none.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;
use vestibule_actors::port::clock::instant;

use super::app::App;

/// The store is given so long to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// An answer holds for so long: however often readiness is asked, the store is asked once in this time.
const HOLDS_FOR: Duration = Duration::from_millis(500);
/// What whoever asks is told to wait.
const RETRY_AFTER_SECONDS: &str = "1";

/// Asks the store whether it answers, one asking at a time.
#[derive(Debug, Default)]
pub struct StoreProbe {
    last: Mutex<Option<(Instant, bool)>>,
}

/// The process answers.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// Whether the node wants work, and what it found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// `ready`, `degraded` (it works, but something that it needs does not), `starting` or `draining`.
    #[schema(example = "ready")]
    status: &'static str,
    checks: Checks,
}

/// What readiness looks at.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checks {
    /// `ok` or `no_answer`.
    #[schema(example = "ok")]
    store: &'static str,
    /// `ok`, or `breaker_open` while any organization's Epic fails.
    #[schema(example = "ok")]
    epic: &'static str,
}

impl StoreProbe {
    async fn answers(&self, app: &App) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, answered)) = *last
            && at.elapsed() < HOLDS_FOR
        {
            return answered;
        }
        let began = instant();
        let answered = matches!(timeout(ANSWER_WITHIN, app.desk.ports().store.ping()).await, Ok(Ok(())));
        app.metrics.store_probed(answered, began.elapsed());
        if answered {
            app.readiness.store_answered();
        }
        *last = Some((instant(), answered));
        answered
    }
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()), responses(
    (status = 200, description = "The process answers", body = Health),
))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Whether the node wants work.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses(
    (status = 200, description = "It does; `degraded` when something that it needs fails", body = Ready),
    (status = 503, description = "It does not: the store has not answered yet, or the node is going down", body = Ready),
))]
pub async fn readyz(app: web::Data<App>) -> HttpResponse {
    let store = app.readiness.probe.answers(&app).await;
    let epic = !app.metrics.any_breaker_open();
    let ready = app.readiness.is_ready();
    let status = if app.readiness.is_draining() {
        "draining"
    } else if !ready {
        "starting"
    } else if store && epic {
        "ready"
    } else {
        "degraded"
    };
    let checks = Checks {
        store: if store { "ok" } else { "no_answer" },
        epic: if epic { "ok" } else { "breaker_open" },
    };
    let mut answer = if ready {
        HttpResponse::Ok()
    } else {
        let mut answer = HttpResponse::ServiceUnavailable();
        answer.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
        answer
    };
    answer.json(Ready { status, checks })
}
