//! Coming by an access token: with the app's credentials, or from what is kept, which one node at a time renews.
//!
//! Zoom's refresh token is good for one refresh, and its successor is in the answer. So one node at a time has the turn; that it begins is
//! durable before Zoom is asked, and the successor is durable before anybody gets the token. An answer that is lost leaves the old token,
//! which is tried again: either Zoom never saw it, or refuses it, and then an administrator has to authenticate again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};
use vestibule_actors::port::clock::{SharedClock, SharedRandomness, instant};
use vestibule_actors::port::store::{SharedStore, Space, StoreError};
use vestibule_domain::time::{Moment, Span};

use super::at_rest::AtRest;
use super::keeping::{Place, There};
use super::kept::{Connection, Grant, State};
use super::state::{NotConnected, Refreshed};
use crate::outbound::{Bearer, Fresh, HttpClient, TokenFailure, oauth};
use crate::settings::Authorization;
use crate::zoom::account::ZoomAccount;

/// What stands in the store is looked at this often while calls are made: so long another node may go on after a removal.
const LOOK_EVERY: Span = Span::seconds(2);
/// While the store does not answer, what was seen there counts for this long.
const BELIEVED_FOR: Span = Span::seconds(60);
/// Somebody else renews the token; looked at this often.
const WAIT: Span = Span(100);
/// A turn lasts this much longer than Zoom may take.
const TURN_MARGIN: Span = Span::seconds(5);
/// Within this of its end a turn is left to run out.
const HANDING_BACK: Duration = Duration::from_secs(1);
/// The next try to keep what Zoom gave. There is no last one: without it an administrator has to come.
const SAVE_EVERY: Span = Span(250);
/// So many tries apart it is said.
const SAY_EVERY: u32 = 240;
/// Whoever is refused with a token so young that was fetched after a refusal is not helped by another one.
const YOUNG: Span = Span::minutes(1);
/// Zoom's code for a token that is used up, revoked or older than it may be.
pub const INVALID_GRANT: &str = "invalid_grant";

/// What a call may be made with.
pub enum Access {
    Token(Arc<Bearer>),
    None(NotConnected),
}

/// Fetches access for one account; it owns what it needs, since it outlives whoever asked.
pub struct Fetch {
    pub http: HttpClient,
    pub account: Arc<ZoomAccount>,
    pub store: SharedStore,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
}

/// What a token request gave.
pub(super) struct Given {
    pub access: AtRest,
    /// None: as they were.
    pub scopes: Option<Vec<String>>,
    pub life: Span,
    /// None: the old one stays good.
    pub refresh: Option<AtRest>,
}

type Fetched = Result<Fresh<Access>, TokenFailure>;

/// What a look at the store says.
enum Known {
    /// There is a token that is good for a while, or none.
    Answer(Fetched),
    /// It has to be renewed, and somebody is at it or was a moment ago.
    Pause,
    /// It has to be renewed.
    Due,
}

fn connected(bearer: Arc<Bearer>, renew_after: Span) -> Fresh<Access> {
    let renew_after = renew_after.clamp(Span(1), LOOK_EVERY);
    Fresh { value: Access::Token(bearer), renew_after, usable_for: BELIEVED_FOR }
}

fn not_connected(why: NotConnected) -> Fresh<Access> {
    Fresh { value: Access::None(why), renew_after: LOOK_EVERY, usable_for: LOOK_EVERY }
}

/// Why calls are not made as things stand; `None` where they are.
pub(super) fn hindrance(authorization: Authorization, state: Option<&State>) -> Option<NotConnected> {
    match (authorization, state) {
        (_, Some(State::Removed(_))) => Some(NotConnected::Removed),
        (Authorization::ServerToServer, _) | (Authorization::Oauth, Some(State::Granted(_))) => None,
        (Authorization::Oauth, Some(State::Spent(_))) => Some(NotConnected::AuthenticateAgain),
        (Authorization::Oauth, Some(State::Open) | None) => Some(NotConnected::NotYet),
    }
}

/// Whether calls can be made: an authorization without a token that is good has not shown so far that it is worth anything.
pub(super) fn is_working(authorization: Authorization, state: Option<&State>, now: Moment) -> bool {
    let over = match state {
        Some(State::Granted(grant)) if authorization == Authorization::Oauth => grant.usable_until <= now,
        _ => false,
    };
    hindrance(authorization, state).is_none() && !over
}

impl Fetch {
    /// What calls may be made with now.
    pub async fn access(self) -> Fetched {
        let give_up = instant() + self.account.config.timeout;
        loop {
            let connection = self.place().load().await.map_err(|error| self.unreadable(&error))?;
            match self.known(connection.as_ref()).await {
                Known::Answer(answer) => return answer,
                Known::Due => {
                    if let Some(renewed) = self.in_turn().await? {
                        return renewed;
                    }
                }
                Known::Pause => {}
            }
            if instant() >= give_up {
                return Err(TokenFailure::Unavailable);
            }
            sleep(WAIT.to_duration()).await;
        }
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place { store: &self.store, account: &self.account }
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    /// What can be said without a turn.
    async fn known(&self, connection: Option<&Connection>) -> Known {
        let authorization = self.account.config.authorization;
        let (now, state) = (self.now(), connection.map(|connection| &connection.state));
        self.account.seen.standing(is_working(authorization, state, now));
        if let Some(why) = hindrance(authorization, state) {
            return Known::Answer(Ok(not_connected(why)));
        }
        let Some(State::Granted(grant)) = state else {
            return Known::Answer(self.own().await);
        };
        if authorization == Authorization::ServerToServer {
            return Known::Answer(self.own().await);
        }
        if let Some(scopes) = &grant.scopes {
            self.account.sees_scopes(scopes);
        }
        let usable = self.is_usable(grant);
        if usable && now < grant.renew_at {
            return Known::Answer(Ok(connected(bearer(grant), grant.renew_at - now)));
        }
        match grant.pause(now) {
            // Somebody tries, or did a moment ago; what is in hand serves as long as it does.
            Some(pause) if usable => Known::Answer(Ok(connected(bearer(grant), pause))),
            Some(_) => Known::Pause,
            // An answer that comes when this process is gone is lost.
            None if self.account.is_draining() && usable => {
                Known::Answer(Ok(connected(bearer(grant), LOOK_EVERY)))
            }
            None if self.account.is_draining() => Known::Pause,
            None => Known::Due,
        }
    }

    /// Whether calls may be made with the token in hand. One that Zoom refuses is followed by another, but not again and again while it
    /// refuses every one.
    fn is_usable(&self, grant: &Grant) -> bool {
        let now = self.now();
        let in_vain = grant.follows_refused && now < grant.issued_at + YOUNG;
        now < grant.usable_until && (in_vain || !self.is_refused(grant))
    }

    fn is_refused(&self, grant: &Grant) -> bool {
        self.account.seen.is_refused(&grant.access.fingerprint())
    }

    /// The token of an app whose credentials are enough, held for the node.
    async fn own(&self) -> Fetched {
        let account = &self.account;
        let fetched = account.own.get(&self.clock, || {
            let (http, now) = (self.http.clone(), self.now());
            let account = Arc::clone(account);
            async move {
                let body = ask(&http, &account, &account.config.own_form(), now).await?;
                oauth::bearer(&body)
            }
        });
        let token = fetched.await?;
        if let Some(scopes) = token.scopes() {
            account.sees_scopes(scopes);
        }
        Ok(connected(token, LOOK_EVERY))
    }

    /// Renews the token where nobody else does; `None` where it is somebody else's turn.
    async fn in_turn(&self) -> Result<Option<Fetched>, TokenFailure> {
        let name = format!("zoom-refresh/{}", self.account.organization);
        let me = self.randomness.secret().into_bytes();
        let turn = Span(Span::from_duration(self.account.config.timeout).0.saturating_add(TURN_MARGIN.0));
        let began = instant();
        // A node that drains waits for it.
        let _in_hand = self.account.renewing.lock().await;
        let holder = self.store.put_if_absent(Space::Turns, &name, me.clone(), turn).await;
        if holder.map_err(|error| self.unreadable(&error))? != me {
            return Ok(None);
        }
        let renewed = self.renewed().await;
        // After its time it may be somebody else's.
        if began.elapsed() + HANDING_BACK < turn.to_duration()
            && let Err(error) = self.store.take(Space::Turns, &name).await
        {
            tracing::debug!(%error, "the turn to renew Zoom's token is left to run out");
        }
        Ok(Some(renewed))
    }

    /// With the turn: what was seen before it may have changed.
    async fn renewed(&self) -> Fetched {
        let place = self.place();
        let there = place.look().await.map_err(|error| self.unreadable(&error))?;
        let connection = place.ours(there.any.clone());
        match self.known(connection.as_ref()).await {
            Known::Answer(answer) => return answer,
            Known::Pause => return Err(TokenFailure::Unavailable),
            Known::Due => {}
        }
        let Some((grant, begun)) = self.begun(&there, connection).await? else {
            return Err(TokenFailure::Unavailable);
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", begun.refresh.secret().expose())];
        let asked = ask(&self.http, &self.account, &form, self.now()).await;
        let given = asked.and_then(|body| Given::read(&body));
        self.told(&grant, &begun, given).await
    }

    /// Writes that a refresh begins: the grant before and after that. `None` where somebody authenticated again, or removed the app: the next
    /// look finds it.
    async fn begun(
        &self,
        there: &There,
        connection: Option<Connection>,
    ) -> Result<Option<(Grant, Grant)>, TokenFailure> {
        let Some(Connection { state: State::Granted(grant), .. }) = &connection else { return Ok(None) };
        let (grant, begun) = (grant.clone(), grant.attempted(self.now()));
        let state = State::Granted(begun.clone());
        let Some(written) = connection.map(|connection| Connection { state, ..connection }) else {
            return Ok(None);
        };
        let written = self.place().write(there, written).await.map_err(|error| self.unreadable(&error))?;
        Ok(written.then_some((grant, begun)))
    }

    async fn told(&self, before: &Grant, begun: &Grant, given: Result<Given, TokenFailure>) -> Fetched {
        let seen = &self.account.seen;
        match given {
            Ok(given) => self.save(begun, &given).await,
            Err(TokenFailure::Refused { error: Some(code), .. }) if code == INVALID_GRANT => {
                seen.refreshed(Refreshed::Spent);
                self.spend(before, begun).await
            }
            Err(failure @ (TokenFailure::Refused { .. } | TokenFailure::Busy { .. })) => {
                seen.refreshed(Refreshed::Refused);
                tracing::warn!(organization = %self.account.organization, error = %failure, "Zoom's token could not be renewed");
                self.settle(begun, &begun.undone(before.is_in_doubt())).await;
                self.with_what_is_left(begun, failure)
            }
            Err(failure) => {
                seen.refreshed(Refreshed::InDoubt);
                tracing::warn!(organization = %self.account.organization, "it is not known whether Zoom renewed the token: the old one is tried again");
                self.with_what_is_left(begun, failure)
            }
        }
    }

    /// The token in hand, where it is still good.
    fn with_what_is_left(&self, grant: &Grant, failure: TokenFailure) -> Fetched {
        if self.is_usable(grant) { Ok(connected(bearer(grant), LOOK_EVERY)) } else { Err(failure) }
    }

    /// Makes what Zoom gave durable before anybody gets it. Whoever authenticated again meanwhile, or removed the app, goes first.
    async fn save(&self, begun: &Grant, given: &Given) -> Fetched {
        let (used, now) = (begun.refresh.fingerprint(), self.now());
        let follows_refused = self.is_refused(begun);
        let next = |connection: Option<Connection>| -> Option<Connection> {
            let connection = connection?;
            let mine = match &connection.state {
                State::Granted(grant) => grant.refresh.fingerprint() == used,
                // Somebody who did not know of this answer was refused for it.
                State::Spent(spent) => spent.token == used,
                State::Open | State::Removed(_) => false,
            };
            let grant = given.to_grant(begun.user.clone(), Some(begun), now)?;
            let grant = Grant { follows_refused, ..grant };
            mine.then_some(Connection { state: State::Granted(grant), ..connection })
        };
        for tries in 0_u32.. {
            match self.place().change(next).await {
                Ok(true) => {
                    self.account.seen.refreshed(Refreshed::Renewed);
                    break;
                }
                Ok(false) => break,
                Err(error) => {
                    if tries % SAY_EVERY == 0 {
                        self.account.seen.refreshed(Refreshed::Unsaved);
                        tracing::error!(organization = %self.account.organization, %error, "Zoom's new refresh token could not be kept yet; if this process ends before it is, the account has to be authenticated again");
                    }
                    sleep(SAVE_EVERY.to_duration()).await;
                }
            }
        }
        self.as_it_stands().await
    }

    /// Zoom takes the token no more; unless another one stands there by now, somebody has to authenticate again.
    async fn spend(&self, before: &Grant, begun: &Grant) -> Fetched {
        let used = begun.refresh.fingerprint();
        let now = self.now();
        let spent = before.spent(now + Span::from_duration(self.account.config.forget_after));
        let lost = spent.lost;
        let place = self.place();
        let marked = place.change(|connection| {
            let connection = connection?;
            let State::Granted(grant) = &connection.state else { return None };
            let mine = grant.refresh.fingerprint() == used;
            mine.then(|| Connection { since: now, state: State::Spent(spent.clone()), ..connection })
        });
        if marked.await.map_err(|error| self.unreadable(&error))? {
            tracing::error!(
                organization = %self.account.organization, answer_lost_before = lost,
                "Zoom takes the refresh token no more, and nothing is asked of Zoom: authenticate again at /admin/{}/zoom",
                self.account.organization
            );
        }
        self.as_it_stands().await
    }

    /// Writes that an attempt did nothing, where nobody has written since; without it the next one only waits for nothing.
    async fn settle(&self, begun: &Grant, settled: &Grant) {
        let place = self.place();
        let settled = place.change(|connection| {
            let connection = connection?;
            let State::Granted(grant) = &connection.state else { return None };
            let mine =
                grant.refresh.fingerprint() == begun.refresh.fingerprint() && grant.attempt == begun.attempt;
            mine.then(|| Connection { state: State::Granted(settled.clone()), ..connection })
        });
        if let Err(error) = settled.await {
            tracing::debug!(%error, "that an attempt did nothing could not be written");
        }
    }

    async fn as_it_stands(&self) -> Fetched {
        let connection = self.place().load().await.map_err(|error| self.unreadable(&error))?;
        match self.known(connection.as_ref()).await {
            Known::Answer(answer) => answer,
            Known::Pause | Known::Due => Err(TokenFailure::Unavailable),
        }
    }

    fn unreadable(&self, error: &StoreError) -> TokenFailure {
        tracing::warn!(organization = %self.account.organization, %error, "the Zoom connection could not be read or written");
        TokenFailure::Unavailable
    }
}

/// Asks the token endpoint as the app.
pub async fn ask(
    http: &HttpClient,
    account: &ZoomAccount,
    form: &[(&str, &str)],
    now: Moment,
) -> Result<Value, TokenFailure> {
    let config = &account.config;
    let url = format!("{}/oauth/token", config.oauth_base_url);
    let authorization = oauth::basic(&config.client_id, config.client_secret.expose());
    let deadline: Instant = instant() + config.timeout;
    oauth::post_form(http, &url, Some(authorization), form, deadline, (now, account.clock.as_ref())).await
}

fn bearer(grant: &Grant) -> Arc<Bearer> {
    Arc::new(Bearer::kept(grant.access.secret().clone(), grant.scopes.clone()))
}

impl Given {
    /// Reads an answer of the token endpoint. One that cannot be read may have been a success all the same.
    pub fn read(body: &Value) -> Result<Self, TokenFailure> {
        let fresh = oauth::bearer(body)?;
        Ok(Self {
            access: AtRest::new(fresh.value.token().clone()),
            scopes: fresh.value.scopes().map(<[String]>::to_vec),
            life: fresh.usable_for,
            refresh: oauth::refresh_token(body).map(AtRest::new),
        })
    }

    /// What is kept of it. The token is renewed when a sixth of its life is left, so that a refresh without an answer can be tried again
    /// while it still serves.
    pub fn to_grant(&self, user: String, before: Option<&Grant>, now: Moment) -> Option<Grant> {
        let refresh = self.refresh.as_ref().or(before.map(|before| &before.refresh))?.clone();
        let scopes = self.scopes.clone().or_else(|| before?.scopes.clone());
        Some(Grant {
            user,
            scopes,
            access: self.access.clone(),
            issued_at: now,
            follows_refused: false,
            renew_at: now + Span(self.life.0 - self.life.0 / 6),
            usable_until: now + Span(self.life.0 - self.life.0 / 60),
            refresh,
            attempt: None,
        })
    }
}
