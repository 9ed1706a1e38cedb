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
        let answered =
            matches!(timeout(ANSWER_WITHIN, app.desk.ports().store.incarnation()).await, Ok(Ok(_)));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use vestibule_actors::memory::{Call, When};
    use vestibule_actors::port::observer::{Observed, Observer};

    use crate::http::kit::{Kit, Told, anonymous, ask, organization, service};

    fn is(told: &Told, status: u16, word: &str, store: &str) {
        assert_eq!(told.status, status, "{}", told.text());
        assert_eq!((&told.json()["status"], &told.json()["checks"]["store"]), (&json!(word), &json!(store)));
    }

    #[actix_web::test]
    async fn a_node_is_ready_once_the_store_has_answered_and_until_it_drains() {
        let kit = Kit::new();
        let service = service!(kit);
        let faults = kit.store.faults();
        faults.fail_always(Some(Call::Incarnation), When::Before);
        let told = ask!(service, anonymous("/readyz"));
        is(&told, 503, "starting", "no_answer");
        assert_eq!(told.header("retry-after"), "1");
        assert_eq!(ask!(service, anonymous("/healthz")).json(), json!({"status": "ok"}));

        faults.heal();
        tokio::time::sleep(super::HOLDS_FOR).await;
        is(&ask!(service, anonymous("/readyz")), 200, "ready", "ok");

        faults.fail_always(Some(Call::Incarnation), When::Before);
        tokio::time::sleep(super::HOLDS_FOR).await;
        is(&ask!(service, anonymous("/readyz")), 200, "degraded", "no_answer");

        kit.app.readiness.drain();
        is(&ask!(service, anonymous("/readyz")), 503, "draining", "no_answer");
        assert_eq!(ask!(service, anonymous("/healthz")).status, 200);
    }

    #[actix_web::test]
    async fn a_store_that_hangs_is_waited_for_a_second_at_most_and_asked_once() {
        let kit = Kit::new();
        let service = service!(kit);
        kit.store.faults().delay(Some(Call::Incarnation), When::Before, Duration::from_secs(30));
        let began = std::time::Instant::now();
        is(&ask!(service, anonymous("/readyz")), 503, "starting", "no_answer");
        for _ in 0..5 {
            ask!(service, anonymous("/readyz"));
        }
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(kit.store.faults().calls(Call::Incarnation), 1);
    }

    #[actix_web::test]
    async fn an_epic_that_fails_degrades_and_no_more() {
        let kit = Kit::new();
        let service = service!(kit);
        kit.app.metrics.observe(Observed::Notifier {
            organization: organization("lakeside"),
            lanes: 1,
            oldest_ms: 5000,
            breaker_open: true,
        });
        let told = ask!(service, anonymous("/readyz"));
        is(&told, 200, "degraded", "ok");
        assert_eq!(told.json()["checks"]["epic"], "breaker_open");
    }
}
