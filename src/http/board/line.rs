//! One open board: writes what its feed tells, and ends when the reader is gone, too slow, not let in any more, or the node goes down.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use vestibule_actors::hub::{Change, Feed};
use vestibule_actors::port::clock::instant;

use super::message::{delta, snapshot};
use super::open_feed;
use crate::http::access::Who;
use crate::http::app::App;

/// Looks this often whether to go on.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A ping is sent this often.
const PING_EVERY: Duration = Duration::from_secs(15);
/// A reader that was silent for so long, pongs included, is gone.
const SILENT_FOR: Duration = Duration::from_secs(45);
/// A reader that takes nothing for so long is gone, too; meanwhile its feed keeps the newest of each visit.
const TAKES_WITHIN: Duration = Duration::from_secs(30);
/// Whether the sign-in still stands is asked this often.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// An open websocket and its feed.
pub(super) struct Line {
    pub(super) app: Arc<App>,
    pub(super) who: Who,
    pub(super) session: Session,
    pub(super) feed: Arc<Feed>,
}

/// Why a line ends.
enum End {
    /// The reader closed, is silent, or takes nothing.
    Lost,
    /// To be told to the reader.
    Close(CloseCode, &'static str),
}

/// When things were last done.
struct Times {
    heard: Instant,
    pinged: Instant,
    asked: Instant,
}

impl Line {
    pub(super) async fn run(mut self, mut messages: MessageStream) {
        let end = self.talk(&mut messages).await;
        if let End::Close(code, why) = end {
            let reason = CloseReason { code, description: Some(why.to_owned()) };
            // Whoever does not take the farewell is gone anyway.
            let _ = timeout(LOOK_EVERY, self.session.close(Some(reason))).await;
        }
    }

    async fn talk(&mut self, messages: &mut MessageStream) -> End {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = instant();
        let mut times = Times { heard: now, pinged: now, asked: now };
        let mut begun = false;
        loop {
            let feed = Arc::clone(&self.feed);
            let told = tokio::select! {
                changes = next(&feed, begun) => {
                    let far_behind = begun && changes.len() > self.app.settings.limits.ops_buffer;
                    let sent = match (begun, far_behind) {
                        (false, _) => self.snapshot(&changes).await,
                        (true, false) => self.deltas(&changes).await,
                        (true, true) => self.begin_again().await,
                    };
                    begun = !far_behind;
                    sent
                }
                message = messages.recv() => {
                    times.heard = instant();
                    self.answer(message).await
                }
                _ = look.tick() => self.look(&mut times).await,
            };
            if let Err(end) = told {
                return end;
            }
        }
    }

    async fn snapshot(&mut self, changes: &[Change]) -> Result<(), End> {
        let text = snapshot(&self.app, changes);
        self.send(text).await
    }

    async fn deltas(&mut self, changes: &[Change]) -> Result<(), End> {
        for change in changes {
            if let Some(text) = delta(&self.app, change) {
                self.send(text).await?;
            }
        }
        Ok(())
    }

    /// One message with everything is less than one for each of so many changes.
    async fn begin_again(&mut self) -> Result<(), End> {
        let feed = open_feed(&self.app).await;
        self.feed = feed.ok_or(End::Close(CloseCode::Again, "try again shortly"))?;
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        taken(self.session.text(text)).await
    }

    async fn answer(&mut self, message: Option<Result<Message, actix_ws::ProtocolError>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Ping(bytes))) => taken(self.session.pong(&bytes)).await,
            Some(Ok(Message::Close(_))) => Err(End::Close(CloseCode::Normal, "closed by the reader")),
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) => Err(End::Close(CloseCode::Protocol, "a frame cannot be read")),
            None => Err(End::Lost),
        }
    }

    /// Ends the line where it must end, and pings.
    async fn look(&mut self, times: &mut Times) -> Result<(), End> {
        if self.app.readiness.is_draining() {
            return Err(End::Close(CloseCode::Restart, "this node is going down"));
        }
        if times.heard.elapsed() >= SILENT_FOR {
            return Err(End::Lost);
        }
        if times.asked.elapsed() >= ASK_EVERY {
            times.asked = instant();
            if !self.who.may_stay(&self.app).await {
                return Err(End::Close(CloseCode::Policy, "the sign-in has ended"));
            }
        }
        if times.pinged.elapsed() >= PING_EVERY {
            times.pinged = instant();
            taken(self.session.ping(b"")).await?;
        }
        Ok(())
    }
}

/// What the feed tells next: at first everything that stands, possibly nothing.
async fn next(feed: &Feed, begun: bool) -> Vec<Change> {
    if begun { feed.next().await } else { feed.first().await }
}

async fn taken(sent: impl Future<Output = Result<(), actix_ws::Closed>>) -> Result<(), End> {
    match timeout(TAKES_WITHIN, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Lost),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use actix_web::{FromRequest, web};

    use super::*;
    use crate::http::kit::{Kit, TOKEN, anonymous, ask, get, service};

    /// A line that nobody reads, with an open feed.
    async fn line(kit: &Kit, who: Who) -> Line {
        let (request, mut payload) = TestRequest::get()
            .insert_header(("connection", "upgrade"))
            .insert_header(("upgrade", "websocket"))
            .insert_header(("sec-websocket-version", "13"))
            .insert_header(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="))
            .to_http_parts();
        let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
        let (response, session, _) = actix_ws::handle(&request, body).unwrap();
        // The body takes what is sent; without it the session would be closed.
        std::mem::drop(actix_web::rt::spawn(async move {
            let _ = actix_web::body::to_bytes(response.into_body()).await;
        }));
        let feed = kit.app.hub.send(vestibule_actors::hub::Watch).await.unwrap();
        Line { app: Arc::new(kit.app.clone()), who, session, feed }
    }

    fn times(ago: Duration) -> Times {
        let then = instant() - ago;
        Times { heard: instant(), pinged: instant(), asked: then }
    }

    #[actix_web::test]
    async fn a_line_ends_with_the_sign_in() {
        let kit = Kit::new();
        let service = service!(kit);
        let told = ask!(
            service,
            anonymous("/sign-in").method(actix_web::http::Method::POST).set_form([("token", TOKEN)])
        );
        let cookie = ("cookie", told.header("set-cookie").split(';').next().unwrap().to_owned());
        let request = TestRequest::get().insert_header(cookie.clone()).to_http_request();
        let session = crate::http::access::SessionKey::of_request(&request).unwrap();
        let mut line = line(&kit, Who::Person(session)).await;
        assert!(line.look(&mut times(ASK_EVERY)).await.is_ok());
        let out = anonymous("/sign-out").method(actix_web::http::Method::POST).insert_header(cookie);
        assert_eq!(ask!(service, out).status, 303);
        assert!(line.look(&mut times(Duration::ZERO)).await.is_ok(), "it is not asked all the time");
        let end = line.look(&mut times(ASK_EVERY)).await;
        assert!(matches!(end, Err(End::Close(CloseCode::Policy, _))));
        assert_eq!(ask!(service, get("/ops")).status, 200);
    }

    #[actix_web::test]
    async fn a_reader_that_is_silent_for_long_is_gone() {
        let kit = Kit::new();
        let mut line = line(&kit, Who::Program).await;
        let mut silent = Times { heard: instant() - SILENT_FOR, ..times(Duration::ZERO) };
        assert!(matches!(line.look(&mut silent).await, Err(End::Lost)));
        let mut quiet = Times { pinged: instant() - PING_EVERY, ..times(Duration::ZERO) };
        assert!(line.look(&mut quiet).await.is_ok());
        assert!(quiet.pinged.elapsed() < PING_EVERY, "it was pinged");
    }
}
