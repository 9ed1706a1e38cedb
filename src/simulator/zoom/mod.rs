//! The fake Zoom: OAuth, the REST API, join and start pages, people in meetings, and the events that tell of them.

pub mod account;
mod answer;
mod api_meetings;
mod api_past;
mod api_registrants;
mod api_settings;
mod api_users;
mod calls;
mod client;
mod consent;
mod departures;
mod desk;
mod events;
mod faults;
mod happening;
mod http;
mod join;
mod limits;
mod meeting;
mod oauth;
mod pages;
mod post;
mod room;
#[cfg(test)]
mod room_histories;
#[cfg(test)]
mod room_tests;
mod seat;
mod sender;
mod subscription;
mod truth;
mod users;

use std::sync::{Arc, Mutex};

pub use account::{AccountSettings, Group, Plan, ZakOnJoin, ZoomAccount, ZoomApp};
pub use faults::{ZoomFault, ZoomFaultKind};
pub use join::{JoinRefused, Link, SeatAct};
pub use post::{Attempt, DeliveryRecord, Fate, Weather};
pub use room::RoomError;
pub use seat::{Device, Gone, Place, Role, SeatId};
pub use sender::signature;
pub use subscription::{FAILURES_MOST, Subscription, Validation};
pub use truth::{LinkHolder, MeetingTruth, PersonTruth, Presence, SeatView, UserTruth};
pub use users::UserStatus;

pub(crate) use http::configure;
pub(crate) use pages::{asset, document};
pub(crate) use sender::run as run_sender;

use super::clock::Clock;
use super::lock;
use desk::{Desk, State};
use post::Post;

/// A handle on the fake Zoom; every copy is the same Zoom.
#[derive(Clone)]
pub struct FakeZoom(Arc<Shared>);

struct Shared {
    account: ZoomAccount,
    clock: Clock,
    state: Mutex<State>,
    post: Post,
    subscription: Mutex<Subscription>,
}

impl FakeZoom {
    pub(crate) fn new(account: ZoomAccount, clock: Clock, seed: u64) -> Self {
        let (state, post) = (Mutex::new(State::new(seed)), Post::new(seed));
        let subscription = Mutex::new(Subscription::new(clock));
        Self(Arc::new(Shared { account, clock, state, post, subscription }))
    }

    pub fn account(&self) -> &ZoomAccount {
        &self.0.account
    }

    pub(crate) fn clock(&self) -> Clock {
        self.0.clock
    }

    pub(crate) fn post(&self) -> &Post {
        &self.0.post
    }

    /// One step of the world: what it causes is handed to the post office in the same order as it happened.
    pub(crate) fn at_desk<T>(&self, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let mut state = lock(&self.0.state);
        let now = self.0.clock.now();
        let mut desk =
            Desk { fixed: &self.0.account, clock: self.0.clock, now, state: &mut state, events: Vec::new() };
        let out = work(&mut desk);
        self.0.post.hand_in(std::mem::take(&mut desk.events));
        out
    }

    /// Adds a user who is there before the service first looks. `kind` 1 is basic, 2 licensed.
    pub fn add_user(&self, email: &str, first: &str, last: &str, kind: i64, status: UserStatus) -> String {
        self.at_desk(|desk| desk.state.add_user(email, first, last, kind, status))
    }

    /// Changes a user, as an administrator does; false where there is none.
    pub fn set_user(&self, key: &str, status: UserStatus, kind: i64) -> bool {
        self.at_desk(|desk| {
            let id = desk.state.find_user(key).map(|user| user.id.clone());
            match id.and_then(|id| desk.state.users.get_mut(&id)) {
                Some(user) => {
                    (user.status, user.kind) = (status, kind);
                    true
                }
                None => false,
            }
        })
    }

    pub fn settings(&self) -> AccountSettings {
        self.at_desk(|desk| desk.state.account.clone())
    }

    pub fn set_settings(&self, settings: AccountSettings) {
        self.at_desk(|desk| desk.state.account = settings);
    }

    /// Changes some of the settings.
    pub fn change_settings(&self, change: impl FnOnce(&mut AccountSettings)) {
        self.at_desk(|desk| change(&mut desk.state.account));
    }

    pub fn weather(&self) -> Weather {
        self.0.post.weather()
    }

    pub fn set_weather(&self, weather: Weather) {
        self.at_desk(|desk| desk.state.ties = weather.ties);
        self.0.post.set_weather(weather);
    }

    /// False where too many faults wait already.
    pub fn add_fault(&self, fault: ZoomFault) -> bool {
        self.at_desk(|desk| desk.state.faults.add(fault))
    }

    pub fn faults(&self) -> Vec<ZoomFault> {
        self.at_desk(|desk| desk.state.faults.list().to_vec())
    }

    pub fn clear_faults(&self) {
        self.at_desk(|desk| desk.state.faults.clear());
    }

    /// All live access tokens stop working.
    pub fn revoke_tokens(&self) {
        self.at_desk(|desk| desk.state.tokens.values_mut().for_each(|token| token.revoked = true));
    }

    /// Opens a link that the API gave out, as a client does.
    pub fn open(&self, url: &str, name: &str, device: Device) -> Result<SeatId, JoinRefused> {
        let link = Link::parse(url).ok_or(JoinRefused::NotALink)?;
        self.open_link(&link, name, device)
    }

    pub fn open_link(&self, link: &Link, name: &str, device: Device) -> Result<SeatId, JoinRefused> {
        self.at_desk(|desk| desk.open(link, name, device, None))
    }

    /// Opens a link in an app that is signed in as a user of the account, named by id or address.
    pub fn open_signed_in(&self, url: &str, user: &str, device: Device) -> Result<SeatId, JoinRefused> {
        let link = Link::parse(url).ok_or(JoinRefused::NotALink)?;
        self.at_desk(|desk| desk.open(&link, "", device, Some(user)))
    }

    pub fn dial_in(&self, meeting: u64, number: &str) -> Result<SeatId, JoinRefused> {
        self.at_desk(|desk| desk.dial_in(meeting, number))
    }

    pub fn act(&self, seat: &str, act: &SeatAct) -> Result<(), RoomError> {
        self.at_desk(|desk| desk.act(seat, act))
    }

    /// Ends a running meeting from Zoom's side.
    pub fn end_meeting(&self, meeting: u64) -> Result<(), RoomError> {
        self.at_desk(|desk| {
            let now = desk.now;
            let happenings = desk.meeting_mut(meeting).ok_or(RoomError::NotRunning)?.room.end(now)?;
            desk.tell_room(meeting, happenings);
            Ok(())
        })
    }

    pub(crate) fn tick(&self) {
        self.at_desk(|desk| desk.tick());
        let due = lock(&self.0.subscription).is_due(self.0.clock);
        if due {
            self.validate();
        }
    }

    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.0.post.records()
    }

    pub fn deliveries_pending(&self) -> usize {
        self.0.post.pending()
    }

    /// Whether nothing that this seat's person did since can be known for sure: an event about them was lost, and their meeting goes on.
    pub fn is_untold(&self, seat: &str) -> bool {
        let Some(seat) = self.seat(seat) else { return false };
        let Some(uuid) = self.meeting(seat.meeting).and_then(|meeting| meeting.uuid) else { return false };
        let known_by = [&seat.registrant, &seat.user, &seat.phone_number];
        let person = known_by.into_iter().find(|key| !key.is_empty());
        self.0.post.is_untold(&uuid, person.map_or("", String::as_str))
    }

    /// How many of the oldest delivery records have been dropped to bound memory.
    pub fn deliveries_forgotten(&self) -> u64 {
        self.0.post.forgotten()
    }

    /// Sends the challenge that proves the endpoint; the outcome is in [`Self::validation`].
    pub fn validate(&self) {
        let plain = self.at_desk(|desk| desk.state.chance.token(16));
        lock(&self.0.subscription).asked();
        self.0.post.hand_in(vec![events::validation(&plain, self.0.clock.now())]);
    }

    /// None until the endpoint has answered the last challenge, or failed to.
    pub fn validation(&self) -> Option<Validation> {
        lock(&self.0.subscription).last.clone()
    }

    pub fn subscription(&self) -> Subscription {
        lock(&self.0.subscription).clone()
    }

    /// The URL was changed and has proven nothing yet: it gets no events until it has.
    pub fn forget_validation(&self) {
        let mut subscription = lock(&self.0.subscription);
        subscription.validated = false;
        self.0.post.set_subscribed(subscription.sends());
    }

    /// `challenge` is the body that was sent; status 0 stands for no answer.
    pub(crate) fn note_validation(&self, challenge: &str, status: u16, body: &[u8]) {
        let secret = &self.0.account.webhook_secret;
        let accepted = status == 200 && oauth::answers_challenge(secret, challenge, body);
        let mut subscription = lock(&self.0.subscription);
        subscription.answered(status, accepted);
        self.0.post.set_subscribed(subscription.sends());
    }

    /// All refresh tokens stop working, as after ninety days without use.
    pub fn revoke_refresh_tokens(&self) {
        self.at_desk(|desk| desk.state.refresh_tokens.clear());
    }

    /// The refresh tokens that are good now.
    pub fn refresh_tokens(&self) -> Vec<String> {
        self.at_desk(|desk| desk.state.refresh_tokens.keys().cloned().collect())
    }

    /// Access tokens, refresh tokens and codes that were given out.
    pub fn given_out(&self) -> Vec<String> {
        self.at_desk(|desk| desk.state.given_out.iter().cloned().collect())
    }

    /// The account's administrator removes the app. One that belongs to the account is switched off; another can be added again.
    pub fn deauthorize(&self) {
        let now = self.0.clock.now();
        let event = events::deauthorized(&self.0.account.account_id, &self.0.account.client_id, "admin", now);
        if self.0.account.app == ZoomApp::ServerToServer {
            self.change_settings(|settings| settings.app_disabled = true);
        }
        self.revoke_tokens();
        self.revoke_refresh_tokens();
        self.0.post.hand_in(vec![event]);
    }

    /// An event of another account, signed with our secret.
    pub fn send_foreign_event(&self) {
        let now = self.0.clock.now();
        self.0.post.hand_in(vec![events::foreign("SomebodyElsesAccount", 99_900_011_122, now)]);
    }

    /// Access tokens that were given out, of all that were asked for.
    pub fn tokens_issued(&self) -> u64 {
        self.calls("oauth.token.issued")
    }

    /// How often each API call was made, by name (`oauth.token`, `meetings.create`, …), whatever was answered.
    pub fn calls(&self, name: &str) -> u64 {
        self.at_desk(|desk| desk.state.counts.get(name).copied().unwrap_or(0))
    }

    pub fn all_calls(&self) -> std::collections::BTreeMap<String, u64> {
        self.at_desk(|desk| desk.state.counts.clone())
    }

    /// How often a limit per second was hit.
    pub fn limits_hit(&self) -> u64 {
        self.at_desk(|desk| desk.state.limits.refused)
    }
}
