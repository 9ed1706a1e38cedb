//! One open board: writes what its feed tells, and ends when the reader is gone, too slow, not let in any more, or the node goes down.
//!
//! Changes are taken from the feed one by one, each when there is room for it: what a slow reader has not taken stays in the feed, where
//! newer states replace older ones.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Message, MessageStream, ProtocolError, Session};
use futures_util::FutureExt;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use vestibule_actors::hub::{Change, Feed, News};
use vestibule_actors::port::clock::instant;

use super::message::{PausedView, Sight, alive, changed, paused, paused_for, snapshot, store_answers};
use super::open_feed;
use crate::http::app::App;

/// Messages of the reader that are read at once before it is judged.
const READ_AT_ONCE: usize = 16;
/// A reader may be as slow as this, in bytes a second: a ping stands in line behind whatever was sent before it.
const SLOWEST: u64 = 64 * 1024;

/// How often and how long a line does what it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// It looks this often whether to go on.
    look_every: Duration,
    /// A ping is sent this often, and with it word that the line stands.
    ping_every: Duration,
    /// A reader that has left a ping unanswered for so long, and for the time that a slow one needs to get to it, is gone.
    silent_for: Duration,
    /// A reader that takes nothing for so long is gone, too; meanwhile its feed keeps the newest of each visit.
    takes_within: Duration,
    /// Whether the sign-in still stands is asked this often.
    ask_every: Duration,
}

pub(super) const PACE: Pace = Pace {
    look_every: Duration::from_secs(1),
    ping_every: Duration::from_secs(15),
    silent_for: Duration::from_secs(30),
    takes_within: Duration::from_secs(30),
    ask_every: Duration::from_secs(30),
};

/// An open websocket and its feed.
pub(super) struct Line {
    pub(super) app: Arc<App>,
    pub(super) sight: Sight,
    pub(super) session: Session,
    pub(super) feed: Arc<Feed>,
    pub(super) pace: Pace,
    /// The organizations of which the reader was told that they are paused; none before the first snapshot, which comes before all else.
    pub(super) paused: Option<Vec<PausedView>>,
}

/// Why a line ends.
#[derive(Debug)]
enum End {
    /// The reader closed, is silent, or takes nothing.
    Lost,
    /// To be told to the reader.
    Close(CloseCode, &'static str),
}

/// When things were last done.
struct Times {
    pinged: Instant,
    /// The reader owes an answer since then.
    owes: Option<Instant>,
    /// Bytes sent since it was last heard of.
    unheard: u64,
    asked: Instant,
}

impl Times {
    fn new() -> Self {
        let now = instant();
        Self { pinged: now, owes: None, unheard: 0, asked: now }
    }
}

impl Line {
    pub(super) async fn run(mut self, mut messages: MessageStream) {
        let end = self.talk(&mut messages).await;
        if let End::Close(code, why) = end {
            let reason = CloseReason { code, description: Some(why.to_owned()) };
            // Whoever does not take the farewell is gone anyway.
            let _ = timeout(self.pace.look_every, self.session.close(Some(reason))).await;
        }
    }

    async fn talk(&mut self, messages: &mut MessageStream) -> End {
        let mut look = interval(self.pace.look_every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut times = Times::new();
        loop {
            let feed = Arc::clone(&self.feed);
            let told = tokio::select! {
                news = feed.next() => self.tell(news, &mut times).await,
                message = messages.recv() => self.answer(message, &mut times).await,
                _ = look.tick() => match self.read_on(messages, &mut times).await {
                    Ok(()) => self.look(&mut times).await,
                    Err(end) => Err(end),
                },
            };
            if let Err(end) = told {
                return end;
            }
        }
    }

    async fn tell(&mut self, news: News, times: &mut Times) -> Result<(), End> {
        match news {
            News::All(all) => {
                self.paused.get_or_insert_default();
                self.send(snapshot(&self.app, &self.sight, &all), times).await
            }
            // One message with everything is less than one for each of so many changes.
            News::Change(_) if self.feed.behind() >= self.app.settings.limits.ops_buffer => {
                self.app.metrics.refused("ops_buffer");
                self.begin_again().await
            }
            News::Change(change) => self.change(&change, times).await,
            News::Store { answers } => self.send(store_answers(answers), times).await,
            News::Over => self.begin_again().await,
        }
    }

    async fn change(&mut self, change: &Change, times: &mut Times) -> Result<(), End> {
        for text in changed(&self.app, &self.sight, change) {
            self.send(text, times).await?;
        }
        Ok(())
    }

    async fn tell_of_pauses(&mut self, times: &mut Times) -> Result<(), End> {
        let now_paused = paused_for(&self.app, &self.sight);
        match &mut self.paused {
            Some(told) if *told != now_paused => told.clone_from(&now_paused),
            _ => return Ok(()),
        }
        self.send(paused(now_paused), times).await
    }

    async fn begin_again(&mut self) -> Result<(), End> {
        let feed = open_feed(&self.app).await;
        self.feed = feed.ok_or(End::Close(CloseCode::Again, "try again shortly"))?;
        Ok(())
    }

    async fn send(&mut self, text: String, times: &mut Times) -> Result<(), End> {
        times.unheard = times.unheard.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        taken(self.pace, self.session.text(text)).await
    }

    async fn answer(
        &mut self,
        message: Option<Result<Message, ProtocolError>>,
        times: &mut Times,
    ) -> Result<(), End> {
        (times.owes, times.unheard) = (None, 0);
        match message {
            Some(Ok(Message::Ping(bytes))) => taken(self.pace, self.session.pong(&bytes)).await,
            Some(Ok(Message::Close(_))) => Err(End::Close(CloseCode::Normal, "closed by the reader")),
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) => Err(End::Close(CloseCode::Protocol, "a frame cannot be read")),
            None => Err(End::Lost),
        }
    }

    /// Reads what has come, so that nobody is taken for silent whose answer waits to be read.
    async fn read_on(&mut self, messages: &mut MessageStream, times: &mut Times) -> Result<(), End> {
        for _ in 0..READ_AT_ONCE {
            let Some(message) = messages.recv().now_or_never() else { break };
            self.answer(message, times).await?;
        }
        Ok(())
    }

    /// Ends the line where it must end, and pings.
    async fn look(&mut self, times: &mut Times) -> Result<(), End> {
        if self.app.readiness.is_draining() {
            return Err(End::Close(CloseCode::Restart, "this node is going down"));
        }
        let patience = self.pace.silent_for.saturating_add(Duration::from_secs(times.unheard / SLOWEST));
        if times.owes.is_some_and(|since| since.elapsed() >= patience) {
            return Err(End::Lost);
        }
        self.tell_of_pauses(times).await?;
        if times.asked.elapsed() >= self.pace.ask_every {
            times.asked = instant();
            if !self.sight.who.may_stay(&self.app).await {
                return Err(End::Close(CloseCode::Policy, "the sign-in has ended"));
            }
        }
        if times.pinged.elapsed() >= self.pace.ping_every {
            // Browsers do not show pings to their pages, which have to know as well that somebody is there.
            self.send(alive(), times).await?;
            taken(self.pace, self.session.ping(b"")).await?;
            let now = instant();
            times.pinged = now;
            times.owes = times.owes.or(Some(now));
        }
        Ok(())
    }
}

async fn taken(pace: Pace, sent: impl Future<Output = Result<(), actix_ws::Closed>>) -> Result<(), End> {
    match timeout(pace.takes_within, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Lost),
    }
}

#[cfg(test)]
mod tests;
