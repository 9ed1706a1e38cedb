//! The messages of the stream.

use serde::Serialize;
use vestibule_actors::hub::{Change, Seen};

use crate::http::app::App;
use crate::http::ask::now;
use crate::http::view::{GoneView, VisitView};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Snapshot {
        visits: Vec<VisitView>,
    },
    Visit {
        visit: VisitView,
    },
    Gone {
        #[serde(flatten)]
        which: GoneView,
    },
}

/// Everything that stands, as one message.
pub(super) fn snapshot(app: &App, changes: &[Change]) -> String {
    let visits = changes.iter().filter_map(|change| match change {
        Change::Visit(seen) => view(app, seen),
        Change::Gone(_) => None,
    });
    written(&Message::Snapshot { visits: visits.collect() })
}

/// One change. `None` for a visit of an organization that is not in the settings any more.
pub(super) fn delta(app: &App, change: &Change) -> Option<String> {
    let message = match change {
        Change::Visit(seen) => Message::Visit { visit: view(app, seen)? },
        Change::Gone(key) => Message::Gone { which: GoneView::from(key) },
    };
    Some(written(&message))
}

fn view(app: &App, seen: &Seen) -> Option<VisitView> {
    let policy = app.desk.ports().organizations.policy(&seen.snapshot.visit.key.organization)?;
    Some(VisitView::new(&seen.snapshot, seen.owner.as_ref(), &policy, now(app)))
}

fn written(message: &Message) -> String {
    // Views hold nothing that JSON cannot; a reader takes an empty message for none.
    serde_json::to_string(message).unwrap_or_default()
}
