//! Whether whoever opens a link has to say first when the patient was born, and what comes of what they say.
//!
//! Answers are commands of the visit, so that wrong ones are counted over all nodes, whoever gives them at once. Only a posted answer counts:
//! programs that open links post nothing.

use serde::Deserialize;
use vestibule_actors::desk::Snapshot;
use vestibule_domain::birth_date::BirthDate;
use vestibule_domain::command::Command;
use vestibule_domain::id::{BrowserHash, CommandId};

use super::Guest;
use crate::http::app::App;
use crate::http::browser::Browser;
use crate::http::person::PersonError;
use crate::web::{Answered, Reason};

/// The fields of the question; all empty where nothing is asked.
#[derive(Deserialize)]
pub(super) struct AnswerForm {
    #[serde(default)]
    year: String,
    #[serde(default)]
    month: String,
    #[serde(default)]
    day: String,
}

/// What stands between somebody and a link.
pub(super) enum Gate {
    Open,
    Ask,
    Shut(Reason),
}

impl Guest<'_> {
    /// A browser in which somebody has answered rightly is not asked again.
    pub(super) fn gate(&self, app: &App, browser: Option<&Browser>) -> Gate {
        if !self.organization.guest_birth_date.check {
            return Gate::Open;
        }
        let is_known = browser.and_then(hash_of).is_some_and(|hash| self.known.knows(&hash));
        if is_known {
            Gate::Open
        } else if self.known.is_locked(self.organization.policy(&app.settings).guests) {
            Gate::Shut(Reason::GuestLinkLocked)
        } else if self.right.is_none() {
            Gate::Shut(Reason::GuestLinkUnchecked)
        } else {
            Gate::Ask
        }
    }

    /// Lets somebody pass, or says what to ask them once more.
    pub(super) async fn pass(
        &self,
        app: &App,
        browser: &Browser,
        form: &AnswerForm,
    ) -> Result<Option<Answered>, PersonError> {
        let count = |outcome| app.metrics.guest_answered(self.id, outcome);
        match self.gate(app, Some(browser)) {
            Gate::Open => return Ok(None),
            Gate::Ask => {}
            Gate::Shut(reason) => {
                count(if reason == Reason::GuestLinkLocked { "locked" } else { "unknown" });
                return Err(self.refuse(reason));
            }
        }
        let Ok(date) = BirthDate::of_texts(&form.year, &form.month, &form.day) else {
            count("incomplete");
            return Ok(Some(Answered::Incomplete));
        };
        let verdict = self.judged(app, browser, date).await?;
        count(verdict.code());
        let link = &self.link;
        match verdict {
            Verdict::Right => Ok(None),
            Verdict::Wrong => Ok(Some(Answered::Wrong)),
            Verdict::Locked => {
                tracing::warn!(organization = %self.id, %link, "a guest's link is locked: too many birth dates were wrong");
                Err(self.refuse(Reason::GuestLinkLocked))
            }
            Verdict::Undecided => Err(self.refuse(Reason::Overloaded)),
        }
    }

    /// Hands an answer in and waits for what the visit says of it.
    async fn judged(&self, app: &App, browser: &Browser, date: BirthDate) -> Result<Verdict, PersonError> {
        let Some(hash) = hash_of(browser) else { return Ok(Verdict::Undecided) };
        let answer = Command::GuestAnswered { link: self.link.clone(), browser: hash.clone(), date };
        let visit = &self.opens.visit;
        let answer = app.desk.submit(visit, answer).await.map_err(|error| self.store_trouble(app, &error))?;
        let said = |seen: &Snapshot| self.verdict(app, seen, &hash, &answer);
        let decided = app.desk.wait_for(visit, app.settings.page.launch_wait, said).await;
        Ok(decided.map_or(Verdict::Undecided, |(verdict, _)| verdict))
    }

    fn verdict(&self, app: &App, seen: &Snapshot, hash: &BrowserHash, answer: &CommandId) -> Option<Verdict> {
        let rules = self.organization.policy(&app.settings).guests;
        let link = seen.visit.guests.get(&self.link)?;
        if link.knows(hash) {
            Some(Verdict::Right)
        } else if link.is_locked(rules) {
            Some(Verdict::Locked)
        } else {
            link.wrong_answers.contains(answer).then_some(Verdict::Wrong)
        }
    }
}

/// What a visit says of an answer. The one that locks the link is told so at once.
#[derive(Clone, Copy)]
enum Verdict {
    Right,
    Wrong,
    Locked,
    Undecided,
}

impl Verdict {
    fn code(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Locked => "locked",
            Self::Undecided => "undecided",
        }
    }
}

fn hash_of(browser: &Browser) -> Option<BrowserHash> {
    BrowserHash::new(browser.hash()).ok()
}
