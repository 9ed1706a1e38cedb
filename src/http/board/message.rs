//! The messages of the stream.

use std::sync::Arc;

use serde::Serialize;
use vestibule_actors::hub::{Change, Seen};
use vestibule_domain::id::{OrganizationId, VisitKey};

use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::now;
use crate::http::view::{GoneView, Time, VisitView, timestamp};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Snapshot {
        visits: Vec<VisitView>,
    },
    Visit {
        visit: Box<VisitView>,
    },
    Gone {
        #[serde(flatten)]
        which: GoneView,
    },
    /// Whose notifiers are paused, of those that the reader is told of.
    Paused {
        organizations: Vec<PausedView>,
    },
    /// Whether the store answers this node. While it does not, what was told may be out of date.
    Store {
        answers: bool,
    },
    /// The line stands, so what was told is still so.
    Alive,
}

/// An organization whose Epic is told nothing since an operator wants it so.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(super) struct PausedView {
    organization: String,
    by: String,
    reason: String,
    since: Time,
}

/// What a reader is told of.
pub(super) struct Sight {
    pub(super) who: Who,
    /// The one visit whose page it is; the board is told of all that the reader may see.
    pub(super) only: Option<VisitKey>,
}

impl Sight {
    fn sees(&self, key: &VisitKey) -> bool {
        self.who.sees(&key.organization) && self.only.as_ref().is_none_or(|only| only == key)
    }

    fn sees_organization(&self, id: &OrganizationId) -> bool {
        self.who.sees(id) && self.only.as_ref().is_none_or(|only| only.organization == *id)
    }
}

/// The organizations that are paused, of those that the reader is told of.
pub(super) fn paused_for(app: &App, sight: &Sight) -> Vec<PausedView> {
    let all = app.pauses.all().into_iter().filter(|(organization, _)| sight.sees_organization(organization));
    all.map(|(organization, halt)| PausedView {
        organization: organization.as_str().to_owned(),
        by: halt.by,
        reason: halt.reason,
        since: timestamp(halt.since),
    })
    .collect()
}

pub(super) fn paused(organizations: Vec<PausedView>) -> String {
    written(&Message::Paused { organizations })
}

/// Everything that stands and the reader is told of, as one message.
pub(super) fn snapshot(app: &App, sight: &Sight, all: &[Arc<Seen>]) -> String {
    let seen = all.iter().filter(|seen| sight.sees(&seen.snapshot.visit.key));
    written(&Message::Snapshot { visits: seen.filter_map(|seen| view(app, seen)).collect() })
}

/// One change, in the order of the messages; none for a visit of an organization that is not in the settings any more, or that the reader
/// is not told of.
pub(super) fn changed(app: &App, sight: &Sight, change: &Change) -> Vec<String> {
    let key = match change {
        Change::Visit(seen) | Change::Again(seen) => &seen.snapshot.visit.key,
        Change::Gone(key) => key,
    };
    if !sight.sees(key) {
        return Vec::new();
    }
    let gone = |key| Message::Gone { which: GoneView::from(key) };
    let messages = match change {
        Change::Visit(seen) => vec![visit(app, seen)],
        // Its version is lower than the one before it left, so whoever knows that one must forget it first.
        Change::Again(seen) => {
            vec![Some(gone(&seen.snapshot.visit.key)), visit(app, seen)]
        }
        Change::Gone(key) => vec![Some(gone(key))],
    };
    messages.iter().flatten().map(written).collect()
}

pub(super) fn store_answers(answers: bool) -> String {
    written(&Message::Store { answers })
}

pub(super) fn alive() -> String {
    written(&Message::Alive)
}

fn visit(app: &App, seen: &Seen) -> Option<Message> {
    view(app, seen).map(|visit| Message::Visit { visit: Box::new(visit) })
}

fn view(app: &App, seen: &Seen) -> Option<VisitView> {
    let policy = app.desk.ports().organizations.policy(&seen.snapshot.visit.key.organization)?;
    Some(VisitView::new(&seen.snapshot, seen.owner.as_ref(), &policy, now(app)))
}

fn written(message: &Message) -> String {
    // Views hold nothing that JSON cannot; a reader takes an empty message for none.
    serde_json::to_string(message).unwrap_or_default()
}
