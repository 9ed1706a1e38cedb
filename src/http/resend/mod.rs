//! Sending notification records again, one or all of a search: counted first, and then done once, for a reason.
//!
//! No old status is sent. Of each person whom the records are about the visit's owner decides the newest once more, under a new number, and
//! it goes the way of every update: through the outbox and the gate of the organization. Its records are marked.

mod page;
mod plan;

use actix_web::{HttpMessage, HttpRequest};
use futures_util::{StreamExt, stream};
use vestibule_actors::port::store::{RecordQuery, Space};
use vestibule_domain::command::Command;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::{Moment, Span};

use super::access::Who;
use super::app::App;
use super::ask::{now, stored};
use super::audited::{self, NOTIFICATIONS_RESENT, Outcome};
use super::problem::ApiError;
use crate::web::TooMuch;

// What utoipa's attribute makes beside each handler.
pub use page::{__path_act, __path_show, act, show};
pub use plan::{Plan, of as plan};

/// What was counted longer ago is counted again before it is acted on.
const COUNT_LIFE: Span = Span::hours(1);
/// An act is remembered for longer than any form that names it is good, so that nothing is done twice.
const ACT_LIFE: Span = Span::hours(3);
/// So many commands are handed in together.
const AT_ONCE: usize = 16;
/// A count that differs by no more than this, or by a fifth, is what was shown.
const FEW: usize = 5;
/// How long the name of an act may be.
const ACT_LENGTH: std::ops::RangeInclusive<usize> = 8..=64;

/// Whose records, which of them, and by whom.
pub struct Asked<'a> {
    pub app: &'a App,
    pub by: &'a Who,
    pub request: &'a HttpRequest,
    pub organization: &'a OrganizationId,
    pub search: RecordQuery,
    /// The search as an address has it, for the audit.
    pub words: String,
}

/// What somebody was shown before they said so.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub updates: usize,
    pub at: Moment,
}

/// What came of it.
#[derive(Debug)]
pub enum Came {
    /// What the plan says is on its way, save so many that the store did not take.
    Sent {
        plan: Plan,
        failed: usize,
    },
    /// This act was done before, and nothing again.
    Already,
    /// It is much more or less by now, or was counted long ago.
    Changed(Plan),
    /// There is nothing to send.
    Nothing(Plan),
    TooMuch(TooMuch),
}

impl Came {
    /// As the audit has it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sent { failed: 0, .. } => audited::DONE,
            Self::Sent { .. } => "incomplete",
            Self::Already => "already-done",
            Self::Changed(_) => "count-changed",
            Self::Nothing(_) => "nothing-to-send",
            Self::TooMuch(_) => "too-many",
        }
    }
}

impl Shown {
    fn is_stale(self, plan: &Plan, now: Moment) -> bool {
        let differs = plan.lanes.len().abs_diff(self.updates);
        // Another node's clock may be a little ahead.
        let long_ago = now.0.abs_diff(self.at.0) > COUNT_LIFE.0.unsigned_abs();
        differs > FEW.max(self.updates / 5) || long_ago
    }
}

/// The name of an act, by which it is done once.
///
/// # Errors
/// [`ApiError::BadRequest`] for what is none.
pub fn act_name(text: &str) -> Result<&str, ApiError> {
    let fits = ACT_LENGTH.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let what = "`act` names an act by 8 to 64 letters, digits, - and _, a new one for each";
    fits.then_some(text).ok_or_else(|| ApiError::BadRequest(what.to_owned()))
}

/// Sends what the records come to, once.
///
/// # Errors
/// [`ApiError`] when the store does not answer: then nothing was sent, and the act may be tried again.
pub async fn send(
    asked: &Asked<'_>,
    act: &str,
    reason: &str,
    shown: Option<Shown>,
) -> Result<Came, ApiError> {
    let came = sent(asked, act, reason, shown).await?;
    asked.request.extensions_mut().insert(Outcome(came.code()));
    let (by, organization, outcome) = (asked.by.name(), asked.organization, came.code());
    tracing::info!(by, %organization, outcome, "an operator sends notification records again");
    Ok(came)
}

async fn sent(asked: &Asked<'_>, act: &str, reason: &str, shown: Option<Shown>) -> Result<Came, ApiError> {
    let Asked { app, organization, search, .. } = asked;
    let store = &app.desk.ports().store;
    let key = format!("resend/{organization}/{act}");
    if stored(store.get(Space::Turns, &key)).await?.is_some() {
        return Ok(Came::Already);
    }
    let plan = match plan::of(app, organization, search).await? {
        Ok(plan) => plan,
        Err(too_much) => return Ok(Came::TooMuch(too_much)),
    };
    if shown.is_some_and(|shown| shown.is_stale(&plan, now(app))) {
        return Ok(Came::Changed(plan));
    }
    if plan.lanes.is_empty() {
        return Ok(Came::Nothing(plan));
    }
    let me = app.desk.ports().randomness.secret().into_bytes();
    if stored(store.put_if_absent(Space::Turns, &key, me.clone(), ACT_LIFE)).await? != me {
        return Ok(Came::Already);
    }
    let counts =
        format!("{} updates of {} visits for {} records", plan.lanes.len(), plan.visits(), plan.records);
    let why = format!("{reason} [{counts}: {}]", asked.words);
    if let Err(error) = audited::begin(app, asked.request, asked.by, NOTIFICATIONS_RESENT, Some(&why)).await {
        // Nothing was done: the same form may be sent again.
        let _ = stored(store.take(Space::Turns, &key)).await;
        return Err(error);
    }
    let failed = hand_in(app, &plan).await;
    Ok(Came::Sent { plan, failed })
}

/// How many commands the store did not take.
async fn hand_in(app: &App, plan: &Plan) -> usize {
    let handed_in = stream::iter(&plan.lanes).map(async |((visit, lane), seq)| {
        let command =
            Command::SentAgain { participant: lane.participant.clone(), topic: lane.topic, seq: *seq };
        app.desk.submit(visit, command).await
    });
    let failed = handed_in.buffer_unordered(AT_ONCE).filter(|done| std::future::ready(done.is_err()));
    failed.count().await
}

#[cfg(test)]
mod tests;
