//! Whose a device in the meeting is, where Zoom does not say and somebody who sees or hears them does: a provider on the tools page, an
//! operator on the page of the visit.

use std::time::Duration;

use serde::Deserialize;
use vestibule_actors::desk::{DeskError, Snapshot};
use vestibule_domain::command::Command;
use vestibule_domain::id::VisitKey;
use vestibule_domain::policy::Policy;
use vestibule_domain::time::Moment;
use vestibule_domain::visit::Stranger;
use vestibule_domain::visit::participant::{ParticipantKey, Role};

use super::app::App;
use super::ask::now;
use crate::web::{DeviceLine, Language, PersonLine, Who};

/// How long a button waits for the visit to decide.
pub const WITHIN: Duration = Duration::from_secs(5);

/// The form that says who somebody is.
#[derive(Deserialize)]
pub struct IdentifyForm {
    instance: String,
    session: String,
    /// As [`ParticipantKey::to_text`]; empty: nobody of these.
    #[serde(default)]
    who: String,
}

/// What came of the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identified {
    /// The visit knows it.
    Done,
    /// It is durable, and the visit has not decided so far.
    NotYet,
    /// The device has left, or the person takes no part in the visit.
    NotHere,
}

impl Identified {
    /// For the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotYet => "not-yet",
            Self::NotHere => "not-here",
        }
    }
}

impl IdentifyForm {
    /// The same from another form.
    pub fn new(instance: &str, session: &str, who: &str) -> Self {
        Self { instance: instance.to_owned(), session: session.to_owned(), who: who.to_owned() }
    }

    /// Whom the form names; none: nobody of the visit.
    ///
    /// # Errors
    /// When it is no key of a participant, which no form of ours sends.
    pub fn who(&self) -> Result<Option<ParticipantKey>, String> {
        let named = Some(self.who.as_str()).filter(|who| !who.is_empty());
        named.map(|who| ParticipantKey::try_from(who.to_owned())).transpose()
    }

    /// Says it to the visit and waits until it shows.
    ///
    /// # Errors
    /// [`DeskError`] where the store does not answer.
    pub async fn say(
        &self,
        app: &App,
        visit: &VisitKey,
        who: Option<ParticipantKey>,
        policy: &Policy,
    ) -> Result<Identified, DeskError> {
        let here = |seen: &Snapshot| {
            let mut here = seen.visit.unlinked(policy, now(app)).into_iter();
            here.find(|it| {
                it.device.instance.as_str() == self.instance && it.device.session.as_str() == self.session
            })
        };
        let takes_part =
            |seen: &Snapshot| who.as_ref().is_none_or(|who| seen.visit.participants.contains_key(who));
        let Some(stranger) = app.desk.visit(visit).await?.filter(takes_part).and_then(|seen| here(&seen))
        else {
            return Ok(Identified::NotHere);
        };
        app.desk.submit(visit, Command::Named { device: stranger.device, who: who.clone() }).await?;
        let said = |seen: &Snapshot| here(seen).is_none_or(|it| it.named == who).then_some(());
        Ok(match app.desk.wait_for(visit, WITHIN, said).await {
            Some(_) => Identified::Done,
            None => Identified::NotYet,
        })
    }
}

/// The devices of which Zoom does not say whose they are, in the reader's words.
pub fn devices(language: Language, unlinked: &[Stranger], now: Moment) -> Vec<DeviceLine> {
    let line = |stranger: &Stranger| DeviceLine {
        line: unknown(language, stranger, now),
        instance: stranger.device.instance.as_str().to_owned(),
        session: stranger.device.session.as_str().to_owned(),
        whose: stranger.named.as_ref().map(ParticipantKey::to_text),
    };
    unlinked.iter().map(line).collect()
}

/// Somebody of whom nobody knows who they are.
pub fn unknown(language: Language, stranger: &Stranger, now: Moment) -> PersonLine {
    let who = called(Role::Unidentified, stranger.phone);
    PersonLine::new(language, who, None, stranger.presence.as_str(), minutes(now, stranger.since))
}

/// What somebody of a role is called; a telephone is nobody else.
pub fn called(role: Role, phone: bool) -> Who {
    match role {
        Role::Provider => Who::Provider,
        Role::Patient => Who::Patient,
        Role::Proxy => Who::Proxy,
        Role::Guest => Who::Guest,
        Role::Unidentified if phone => Who::Telephone,
        Role::Unidentified => Who::Unidentified,
    }
}

/// Whole minutes since then.
pub fn minutes(now: Moment, since: Moment) -> i64 {
    (now - since).0.max(0) / 60_000
}
