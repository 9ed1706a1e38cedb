//! What a scraper reads.

use std::sync::Arc;
use std::time::Duration;

use vestibule_actors::port::observer::{Observed, Observer};
use vestibule_actors::port::store::Outcome;
use vestibule_domain::id::OrganizationId;

use super::{CountingStore, Metrics, TextFormat};
use crate::store::{EmbeddedSettings, EmbeddedStore};
use crate::system::SystemClock;

fn lakeside() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

fn text(metrics: &Metrics) -> String {
    metrics.render(TextFormat::Prometheus).unwrap()
}

fn has(metrics: &Metrics, line: &str) {
    let text = text(metrics);
    assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
}

#[test]
fn e47_doors_are_counted_under_their_names() {
    let metrics = Metrics::new();
    metrics.launch("patient", "accepted");
    metrics.launch("patient", "accepted");
    metrics.webhook("meeting.started", 200, Duration::from_millis(3));
    metrics.webhook_held(&lakeside());
    metrics.refused("webhooks");
    let page = metrics.waiting_page();
    has(&metrics, "vestibule_launches_total{kind=\"patient\",outcome=\"accepted\"} 2");
    has(&metrics, "vestibule_webhooks_total{event=\"meeting.started\",status=\"200\"} 1");
    has(&metrics, "vestibule_webhook_events_total{organization=\"lakeside\",fate=\"held\"} 1");
    has(&metrics, "vestibule_webhook_seconds_bucket{le=\"0.005\"} 1");
    has(&metrics, "vestibule_refused_total{limit=\"webhooks\"} 1");
    has(&metrics, "vestibule_waiting_pages 1");
    has(&metrics, &format!("vestibule_panics_total {}", crate::panics::seen()));
    drop(page);
    has(&metrics, "vestibule_waiting_pages 0");
    has(&metrics, concat!("vestibule_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"));
}

#[test]
fn the_store_tells_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(EmbeddedSettings::new(folder.path()), Arc::new(SystemClock)).unwrap();
    let metrics = Metrics::new().with_store(CountingStore::Embedded(Arc::new(store)));
    for counter in
        ["commits", "failed_batches", "spoiled_steps", "refused_full", "refused_away", "unreadable_rows"]
    {
        has(&metrics, &format!("vestibule_store_{counter}_total 0"));
    }
    has(&metrics, "vestibule_store_in_trouble 0");
}

#[test]
fn whatever_comes_from_outside_cannot_make_new_labels() {
    let metrics = Metrics::new();
    for n in 0..100_u16 {
        metrics.webhook(&format!("made.up_{n}"), 600 + n, Duration::ZERO);
        metrics.request(&format!("M{n}"), None, 600 + n, Duration::ZERO);
    }
    let text = text(&metrics);
    assert_eq!(text.lines().filter(|line| line.starts_with("vestibule_webhooks_total")).count(), 1);
    assert_eq!(text.lines().filter(|line| line.starts_with("vestibule_http_requests_total")).count(), 1);
    assert!(!text.contains("made.up"), "{text}");
}

#[test]
fn the_age_of_the_queue_grows_while_nothing_is_heard() {
    let metrics = Metrics::new();
    let heard = |lanes, oldest_ms, breaker_open| {
        metrics.observe(Observed::Notifier { organization: lakeside(), lanes, oldest_ms, breaker_open });
    };
    heard(2, 4000, true);
    let age = |text: String| -> f64 {
        let line = text.lines().find(|line| line.starts_with("vestibule_epic_queue_age_seconds{")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let first = age(text(&metrics));
    assert!(first >= 4.0, "{first}");
    assert!(metrics.any_breaker_open());
    has(&metrics, "vestibule_epic_breaker_open{organization=\"lakeside\"} 1");
    let later = age(text(&metrics));
    assert!(later > first, "{later} after {first}");
    heard(0, 4000, false);
    assert!(age(text(&metrics)).abs() < f64::EPSILON);
    assert!(!metrics.any_breaker_open());
}

#[test]
fn what_actors_report_is_counted() {
    let metrics = Metrics::new();
    metrics.observe(Observed::EpicAttempt {
        organization: lakeside(),
        resp_code: 429,
        outcome: Outcome::Retrying,
        took: Duration::from_millis(20),
        age: Duration::from_secs(2),
    });
    metrics.observe(Observed::EpicAttempt {
        organization: lakeside(),
        resp_code: 200,
        outcome: Outcome::Delivered,
        took: Duration::from_millis(20),
        age: Duration::from_secs(3),
    });
    metrics.observe(Observed::Committed { visits: 3, commands: 7, took: Duration::from_millis(2) });
    for died in [Observed::VisitRestarted, Observed::NotifierRestarted, Observed::ZoomWorkerRestarted] {
        metrics.observe(died);
    }
    metrics.observe(Observed::Appended { took: Duration::from_millis(2) });
    metrics.observe(Observed::JournalFull);
    metrics.observe(Observed::Visits { shard: 1, in_memory: 4 });
    metrics.observe(Observed::Visits { shard: 2, in_memory: 5 });
    metrics.observe(Observed::Visits { shard: 1, in_memory: 1 });
    has(
        &metrics,
        "vestibule_epic_attempts_total{organization=\"lakeside\",resp_code=\"429\",outcome=\"retrying\"} 1",
    );
    has(&metrics, "vestibule_told_seconds_count{organization=\"lakeside\"} 1");
    has(&metrics, "vestibule_told_seconds_sum{organization=\"lakeside\"} 3.0");
    has(&metrics, "vestibule_committed_total{what=\"commands\"} 7");
    for kind in ["visit", "notifier", "zoom_worker"] {
        has(&metrics, &format!("vestibule_actor_restarts_total{{kind=\"{kind}\"}} 1"));
    }
    has(&metrics, "vestibule_append_seconds_bucket{le=\"0.0025\"} 1");
    has(&metrics, "vestibule_refused_total{limit=\"journal\"} 1");
    has(&metrics, "vestibule_visits_in_memory 6");
}

#[test]
fn each_format_describes_counters_by_its_own_rule() {
    let metrics = Metrics::new();
    metrics.launch("patient", "accepted");
    let old = text(&metrics);
    assert!(old.contains("# TYPE vestibule_launches_total counter\n"), "{old}");
    assert!(old.contains("# HELP vestibule_launches_total "), "{old}");
    assert!(!old.contains("# EOF"), "{old}");
    let new = metrics.render(TextFormat::OpenMetrics).unwrap();
    assert!(new.contains("# TYPE vestibule_launches counter\n"), "{new}");
    assert!(new.ends_with("# EOF\n"), "{new}");
    assert_eq!(
        TextFormat::accepted(Some("application/openmetrics-text;version=1.0.0")),
        TextFormat::OpenMetrics
    );
    assert_eq!(TextFormat::accepted(Some("text/plain")), TextFormat::Prometheus);
    assert_eq!(TextFormat::accepted(None), TextFormat::Prometheus);
}
