//! What an operator does about something that is broken: a meeting that is made again, and updates and commands that are parked.

use vestibule_actors::desk::Snapshot;
use vestibule_actors::port::store::{ParkedCommand, Seq};
use vestibule_domain::command::Command;
use vestibule_domain::effect::Topic;
use vestibule_domain::id::VisitKey;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::visit::NotAgain;
use vestibule_domain::visit::participant::ParticipantKey;

use super::acts::Doing;
use crate::http::app::App;
use crate::http::ask::{MOST_ROWS, now, stored};
use crate::http::problem::ApiError;
use crate::http::whose::WITHIN;
use crate::web::StoryNote;

impl Doing<'_> {
    async fn seen(&self) -> Result<Snapshot, ApiError> {
        self.app.desk.visit(self.key).await?.ok_or(ApiError::NoSuchVisit)
    }

    pub(super) async fn make_again(&self) -> Result<StoryNote, ApiError> {
        let although_inside = !self.form.although_inside.is_empty();
        let policy = self.organization.policy(&self.app.settings);
        let may = |seen: &Snapshot| seen.visit.may_make_again(although_inside, &policy, now(self.app));
        let seen = self.seen().await?;
        if seen.visit.replaceable().is_some_and(|meeting| self.form.is_about_another(meeting)) {
            return Ok(StoryNote::OtherMeeting);
        }
        let meeting = match may(&seen) {
            Ok(meeting) => meeting,
            Err(refusal) => return Ok(note(refusal)),
        };
        self.app.desk.submit(self.key, Command::MakeAgain { meeting, although_inside }).await?;
        let given_up = |seen: &Snapshot| (seen.visit.replaceable() != Some(meeting)).then_some(());
        if self.app.desk.wait_for(self.key, WITHIN, given_up).await.is_some() {
            return Ok(StoryNote::MadeAgain);
        }
        // Somebody may have come in meanwhile.
        Ok(may(&self.seen().await?).map_or_else(note, |_| StoryNote::NotYet))
    }

    pub(super) async fn send_again(&self) -> Result<StoryNote, ApiError> {
        let resent = |participant, topic, seq| Command::ParkedResent { participant, topic, seq };
        self.decide_about_update(resent, StoryNote::SentAgain).await
    }

    pub(super) async fn drop_update(&self) -> Result<StoryNote, ApiError> {
        let dropped = |participant, topic, seq| Command::ParkedDropped { participant, topic, seq };
        self.decide_about_update(dropped, StoryNote::Dropped).await
    }

    async fn decide_about_update(
        &self,
        command: impl Fn(ParticipantKey, Topic, u64) -> Command,
        then: StoryNote,
    ) -> Result<StoryNote, ApiError> {
        let bad = |what: &str| ApiError::BadRequest(format!("`{what}` names no update"));
        let who = ParticipantKey::try_from(self.form.who.clone()).map_err(|_| bad("who"))?;
        let topic = Topic::ALL.into_iter().find(|topic| topic.as_str() == self.form.topic);
        let topic = topic.ok_or_else(|| bad("topic"))?;
        let seq: u64 = self.form.seq.parse().map_err(|_| bad("seq"))?;
        let is_parked = |seen: &Snapshot| seen.visit.parked_update(&who, topic, seq).is_some();
        if !is_parked(&self.seen().await?) {
            return Ok(StoryNote::NotParked);
        }
        self.app.desk.submit(self.key, command(who.clone(), topic, seq)).await?;
        let decided = |seen: &Snapshot| (!is_parked(seen)).then_some(());
        let decided = self.app.desk.wait_for(self.key, WITHIN, decided).await;
        Ok(if decided.is_some() { then } else { StoryNote::NotYet })
    }

    /// Without a place only the visit's problem goes, where the command itself is on no list any more.
    pub(super) async fn drop_command(&self) -> Result<StoryNote, ApiError> {
        let seen = self.seen().await?;
        let is_problem = |seen: &Snapshot| seen.visit.problems.contains_key(&ProblemCode::CommandParked);
        if self.form.seq.is_empty() {
            if !is_problem(&seen) {
                return Ok(StoryNote::NotParked);
            }
        } else {
            let bad = |_| ApiError::BadRequest("`seq` names no command".to_owned());
            let seq = Seq(self.form.seq.parse().map_err(bad)?);
            if !stored(self.app.desk.ports().store.drop_parked(self.key, seq)).await? {
                return Ok(StoryNote::NotParked);
            }
        }
        if !is_problem(&seen) || !commands(self.app, self.key).await?.is_empty() {
            return Ok(StoryNote::CommandDropped);
        }
        self.app.desk.submit(self.key, Command::ParkedCommandsDropped).await?;
        let gone = |seen: &Snapshot| (!is_problem(seen)).then_some(());
        let gone = self.app.desk.wait_for(self.key, WITHIN, gone).await;
        Ok(if gone.is_some() { StoryNote::CommandDropped } else { StoryNote::NotYet })
    }
}

/// The commands of a visit among the newest that were set aside.
pub(super) async fn commands(app: &App, visit: &VisitKey) -> Result<Vec<ParkedCommand>, ApiError> {
    let newest = stored(app.desk.ports().store.parked(MOST_ROWS)).await?;
    Ok(newest.into_iter().filter(|parked| parked.visit == *visit).collect())
}

fn note(refusal: NotAgain) -> StoryNote {
    match refusal {
        NotAgain::NoMeeting => StoryNote::NothingToMakeAgain,
        NotAgain::PeopleInside => StoryNote::PeopleInside,
        NotAgain::Over => StoryNote::Over,
        NotAgain::TooMany => StoryNote::TooManyMeetings,
    }
}
