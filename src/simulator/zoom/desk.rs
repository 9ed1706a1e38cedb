//! The state of the fake Zoom and the desk at which one request is served: state, time and the events that it causes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::super::chance::Chance;
use super::super::clock::{Clock, Millis};
use super::account::{AccountSettings, ZoomAccount};
use super::events::{Event, Planned, planned_event, room_event};
use super::faults::Faults;
use super::happening::Happening;
use super::limits::Limits;
use super::meeting::Meeting;
use super::users::{User, UserStatus};

/// Bounds of what is remembered.
const MAX_TOKENS: usize = 10_000;
const MAX_ZAKS: usize = 50_000;
const MAX_SEATS: usize = 200_000;
const MAX_REGISTRATIONS: usize = 200_000;
pub(super) const MAX_MEETINGS: usize = 100_000;

/// A start link's life, and that of one for users without a login.
const ZAK_LIFE: Duration = Duration::from_secs(2 * 3600);
const ZAK_LIFE_WITHOUT_LOGIN: Duration = Duration::from_secs(90 * 86_400);

pub(crate) struct AccessToken {
    pub expires_at: Millis,
    pub revoked: bool,
    pub scopes: Vec<String>,
}

/// What the consent page sent the browser back with.
pub(crate) struct Code {
    pub redirect_uri: String,
    pub expires_at: Millis,
}

pub(crate) struct Zak {
    pub user_id: String,
    pub expires_at: Millis,
}

pub(crate) struct State {
    pub account: AccountSettings,
    pub users: BTreeMap<String, User>,
    pub meetings: BTreeMap<u64, Meeting>,
    pub tokens: HashMap<String, AccessToken>,
    /// Good for one redemption.
    pub codes: HashMap<String, Code>,
    /// Each good for one refresh, with the time until it lives.
    pub refresh_tokens: HashMap<String, Millis>,
    /// Every secret of an authorization so far, the newest of them: none may be found where nobody should look.
    pub given_out: VecDeque<String>,
    pub zaks: HashMap<String, Zak>,
    /// Which meeting a seat belongs to.
    pub seats: HashMap<String, u64>,
    /// Registrations per meeting and e-mail: day and count.
    pub registrations: HashMap<(u64, String), (i64, u32)>,
    pub chance: Chance,
    pub limits: Limits,
    pub faults: Faults,
    /// How often each call was made, by name.
    pub counts: BTreeMap<String, u64>,
    pub last_event_ts: Millis,
    /// How likely an event shares its time stamp with the one before, and facts that undo each other their second.
    pub ties: f64,
}

impl State {
    pub fn new(seed: u64) -> Self {
        Self {
            account: AccountSettings::default(),
            users: BTreeMap::new(),
            meetings: BTreeMap::new(),
            tokens: HashMap::new(),
            codes: HashMap::new(),
            refresh_tokens: HashMap::new(),
            given_out: VecDeque::new(),
            zaks: HashMap::new(),
            seats: HashMap::new(),
            registrations: HashMap::new(),
            chance: Chance::new(seed),
            limits: Limits::default(),
            faults: Faults::default(),
            counts: BTreeMap::new(),
            last_event_ts: 0,
            ties: 0.0,
        }
    }

    /// By id or by e-mail, case ignored.
    pub fn find_user(&self, key: &str) -> Option<&User> {
        self.users.get(key).or_else(|| self.users.values().find(|user| user.email.eq_ignore_ascii_case(key)))
    }

    /// Remembers whose meeting a seat belongs to; when there are too many, those that no room holds any more are forgotten.
    pub fn note_seat(&mut self, seat: &str, meeting: u64) {
        if self.seats.len() >= MAX_SEATS {
            let meetings = &self.meetings;
            self.seats
                .retain(|seat, id| meetings.get(id).is_some_and(|meeting| meeting.room.seat(seat).is_some()));
        }
        self.seats.insert(seat.to_owned(), meeting);
    }

    /// How often this address was registered for this meeting today, this time included.
    pub fn count_registration(&mut self, meeting: u64, email: &str, today: i64) -> u32 {
        if self.registrations.len() >= MAX_REGISTRATIONS {
            self.registrations.retain(|_, (day, _)| *day == today);
        }
        let seen = self.registrations.entry((meeting, email.to_owned())).or_insert((today, 0));
        if seen.0 != today {
            *seen = (today, 0);
        }
        seen.1 = seen.1.saturating_add(1);
        seen.1
    }

    pub fn add_user(
        &mut self,
        email: &str,
        first: &str,
        last: &str,
        kind: i64,
        status: UserStatus,
    ) -> String {
        let id = self.chance.token(16);
        let user = User {
            id: id.clone(),
            email: email.to_lowercase(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            display_name: format!("{first} {last}").trim().to_owned(),
            kind,
            status,
            without_login: false,
            locked: false,
            plans: (0, 0),
        };
        self.users.insert(id.clone(), user);
        id
    }
}

/// One request's view of the world.
pub(crate) struct Desk<'a> {
    pub fixed: &'a ZoomAccount,
    pub clock: Clock,
    pub now: Millis,
    pub state: &'a mut State,
    pub events: Vec<Event>,
}

impl Desk<'_> {
    /// No two events of ours share a time stamp, so that a reader can tell their order; unless the weather is so.
    fn event_ts(&mut self) -> Millis {
        let apart = i64::from(!self.ties());
        self.state.last_event_ts = self.now.max(self.state.last_event_ts + apart);
        self.state.last_event_ts
    }

    pub fn ties(&mut self) -> bool {
        self.state.ties > 0.0 && self.state.chance.hit(self.state.ties)
    }

    pub fn tell_room(&mut self, meeting_id: u64, happenings: Vec<Happening>) {
        for happening in happenings {
            let stamp = self.event_ts();
            if let Some(meeting) = self.state.meetings.get(&meeting_id) {
                self.events.push(room_event(&self.fixed.account_id, meeting, &happening, stamp));
            }
        }
    }

    pub fn tell_planned(&mut self, meeting_id: u64, which: Planned) {
        let stamp = self.event_ts();
        if let Some(meeting) = self.state.meetings.get(&meeting_id) {
            self.events.push(planned_event(
                &self.fixed.account_id,
                &self.fixed.public_base,
                meeting,
                which,
                stamp,
            ));
        }
    }

    /// A meeting that exists.
    pub fn meeting(&self, id: u64) -> Option<&Meeting> {
        self.state.meetings.get(&id).filter(|meeting| !meeting.deleted)
    }

    pub fn meeting_mut(&mut self, id: u64) -> Option<&mut Meeting> {
        self.state.meetings.get_mut(&id).filter(|meeting| !meeting.deleted)
    }

    /// A fresh token that makes its bearer this user.
    pub fn zak(&mut self, user_id: &str) -> String {
        let without_login = self.state.users.get(user_id).is_some_and(|user| user.without_login);
        let life = if without_login { ZAK_LIFE_WITHOUT_LOGIN } else { ZAK_LIFE };
        if self.state.zaks.len() >= MAX_ZAKS {
            let now = self.now;
            self.state.zaks.retain(|_, zak| zak.expires_at > now);
        }
        let token = format!("eyJ{}", self.state.chance.token(30));
        let expires_at = self.now + self.clock.scaled_millis(life);
        self.state.zaks.insert(token.clone(), Zak { user_id: user_id.to_owned(), expires_at });
        token
    }

    pub fn give_out(&mut self, secret: &str) {
        if self.state.given_out.len() >= MAX_TOKENS {
            self.state.given_out.pop_front();
        }
        self.state.given_out.push_back(secret.to_owned());
    }

    pub fn make_access_token(&mut self) -> (String, u64) {
        if self.state.tokens.len() >= MAX_TOKENS {
            let now = self.now;
            self.state.tokens.retain(|_, token| token.expires_at > now);
        }
        let token = self.state.chance.token(40);
        let life = self.fixed.token_life;
        let scopes = self.state.account.scopes.clone();
        let expires_at = self.now + super::super::clock::millis(life);
        self.give_out(&token);
        self.state.tokens.insert(token.clone(), AccessToken { expires_at, revoked: false, scopes });
        (token, life.as_secs())
    }
}
