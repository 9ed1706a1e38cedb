//! Links: who may go where with which link, and what people do once they are there.

use super::account::ZakOnJoin;
use super::desk::Desk;
use super::meeting::{Approval, Meeting};
use super::room::{RoomError, TELLS_WAITING_AFTER};
use super::seat::{Device, HostRight, Identity, Seat, SeatId};
use super::users::User;

/// What somebody opens a link with; the parts of the link's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// True for a start link (`/s/`), false for a join link (`/j/`).
    pub start: bool,
    pub meeting: String,
    pub pwd: String,
    pub tk: String,
    pub zak: String,
}

impl Link {
    /// Reads a link that the fake API gave out.
    pub fn parse(url: &str) -> Option<Self> {
        let url = url::Url::parse(url).ok()?;
        let segments: Vec<&str> = url.path_segments()?.collect();
        let (meeting, kind) = (segments.last()?, segments.iter().rev().nth(1)?);
        let start = match *kind {
            "s" => true,
            "j" => false,
            _ => return None,
        };
        let ask = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        Some(Self { start, meeting: (*meeting).to_owned(), pwd: ask("pwd"), tk: ask("tk"), zak: ask("zak") })
    }
}

/// Why Zoom does not let somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    #[error("this meeting does not exist (3001)")]
    NoSuchMeeting,
    #[error("this is not a link of Zoom's")]
    NotALink,
    #[error("the passcode is wrong")]
    WrongPasscode,
    #[error("the start link has expired or is not the host's")]
    StartLinkInvalid,
    #[error("this link holds a token that a join link cannot have")]
    TokenNotTaken,
    #[error("you are in this meeting on another device already")]
    OnAnotherDevice,
    #[error("this meeting asks for registration: use your personal link")]
    RegistrationNeeded,
    #[error("this personal link is not valid for this meeting, or not approved yet")]
    PersonalLinkInvalid,
    #[error("this meeting has reached its capacity")]
    Full,
    #[error("the host has another meeting in progress, which would have to be ended first")]
    HostsAnotherMeeting,
}

impl Desk<'_> {
    fn who_signed_in(&self, zak: &str) -> Option<&User> {
        let zak = self.state.zaks.get(zak).filter(|zak| zak.expires_at > self.now)?;
        self.state.users.get(&zak.user_id).filter(|user| user.is_active())
    }

    /// Who comes with this link, as Zoom sees them, and what they may do.
    fn identify(
        &self,
        meeting: &Meeting,
        link: &Link,
        name: &str,
        signed_in: Option<&str>,
    ) -> Result<(Identity, HostRight), JoinRefused> {
        if !link.zak.is_empty() {
            let user = self.who_signed_in(&link.zak).ok_or(JoinRefused::StartLinkInvalid)?;
            let right = right_of(user, meeting);
            let right = match (link.start, self.state.account.zak_on_join) {
                (true, _) if right == HostRight::None => return Err(JoinRefused::StartLinkInvalid),
                (false, ZakOnJoin::Refused) => return Err(JoinRefused::TokenNotTaken),
                (false, ZakOnJoin::Participant) => HostRight::None,
                _ => right,
            };
            return Ok((identity_of(user), right));
        }
        if link.start {
            return Err(JoinRefused::StartLinkInvalid);
        }
        if let Some(signed_in) = self.signed_in(meeting, signed_in).filter(|_| link.tk.is_empty()) {
            return Ok(signed_in);
        }
        self.identify_guest(meeting, link, name)
    }

    /// A host or alternative host whose app is signed in needs no more than the meeting's own link, registration or not.
    fn signed_in(&self, meeting: &Meeting, key: Option<&str>) -> Option<(Identity, HostRight)> {
        let user = self.state.find_user(key?).filter(|user| user.is_active())?;
        let right = right_of(user, meeting);
        (right != HostRight::None).then(|| (identity_of(user), right))
    }

    fn identify_guest(
        &self,
        meeting: &Meeting,
        link: &Link,
        name: &str,
    ) -> Result<(Identity, HostRight), JoinRefused> {
        let host = self.state.users.get(&meeting.host_id);
        let registration = meeting.approval_type(host) != 2;
        if !link.tk.is_empty() {
            let named = meeting
                .named_links
                .iter()
                .find(|named| named.token == link.tk && named.expires_at > self.now);
            if let Some(named) = named {
                // The name stands in the field already; whoever likes types another.
                let name = if name.is_empty() { named.name.as_str() } else { name };
                return Ok((Identity { name: name.to_owned(), ..Identity::default() }, HostRight::None));
            }
            let registrant = meeting
                .registrants
                .iter()
                .find(|registrant| registrant.token == link.tk && registrant.approval == Approval::Approved);
            let registrant = registrant.ok_or(JoinRefused::PersonalLinkInvalid)?;
            let identity = Identity {
                name: format!("{} {}", registrant.first_name, registrant.last_name).trim().to_owned(),
                email: registrant.email.clone(),
                registrant: registrant.id.clone(),
                ..Identity::default()
            };
            return Ok((identity, HostRight::None));
        }
        if registration {
            return Err(JoinRefused::RegistrationNeeded);
        }
        let passcode = link.pwd.strip_suffix(".1").unwrap_or(&link.pwd);
        if passcode != meeting.password {
            return Err(JoinRefused::WrongPasscode);
        }
        let name = if name.is_empty() { "Guest" } else { name };
        Ok((Identity { name: name.to_owned(), ..Identity::default() }, HostRight::None))
    }

    /// `signed_in` is the user, by id or address, whom the app on the device is signed in as.
    pub(super) fn open(
        &mut self,
        link: &Link,
        name: &str,
        device: Device,
        signed_in: Option<&str>,
    ) -> Result<SeatId, JoinRefused> {
        let id: u64 = link.meeting.parse().map_err(|_| JoinRefused::NotALink)?;
        let meeting = self.meeting(id).ok_or(JoinRefused::NoSuchMeeting)?;
        let (identity, right) = self.identify(meeting, link, name, signed_in)?;
        if meeting.room.is_full() {
            return Err(JoinRefused::Full);
        }
        let begins = right != HostRight::None && meeting.room.instance.is_none();
        if begins && self.is_at_the_limit(&meeting.host_id) {
            return Err(JoinRefused::HostsAnotherMeeting);
        }
        let host = self.state.users.get(&meeting.host_id);
        let elsewhere = |seat: &Seat| !seat.is_gone() && seat.identity.registrant == identity.registrant;
        if !identity.registrant.is_empty()
            && !meeting.allows_several_devices(host)
            && meeting.room.seats.iter().any(elsewhere)
        {
            return Err(JoinRefused::OnAnotherDevice);
        }
        Ok(self.seat_down(id, identity, right, device))
    }

    /// Whether no further meeting of this host may begin.
    fn is_at_the_limit(&self, host_id: &str) -> bool {
        let Some(most) = self.state.account.meetings_at_once else { return false };
        let runs = |meeting: &&Meeting| meeting.host_id == host_id && meeting.room.instance.is_some();
        self.state.meetings.values().filter(runs).count() >= most as usize
    }

    /// By telephone: Zoom knows a number and nothing else.
    pub(super) fn dial_in(&mut self, id: u64, number: &str) -> Result<SeatId, JoinRefused> {
        if self.meeting(id).ok_or(JoinRefused::NoSuchMeeting)?.room.is_full() {
            return Err(JoinRefused::Full);
        }
        let identity =
            Identity { name: number.to_owned(), phone_number: number.to_owned(), ..Identity::default() };
        Ok(self.seat_down(id, identity, HostRight::None, Device::Phone))
    }

    fn seat_down(&mut self, id: u64, identity: Identity, right: HostRight, device: Device) -> SeatId {
        let seat_id = self.state.chance.token(12);
        let hasty = self.ties();
        let seat = Seat { hasty, ..Seat::new(seat_id.clone(), identity, device, right, self.now) };
        let tell_at = self.now + self.clock.scaled_millis(TELLS_WAITING_AFTER);
        let rules = self.meeting(id).map(|meeting| meeting.rules(&self.state.account)).unwrap_or_default();
        let (now, mut chance) = (self.now, self.state.chance.clone());
        let mut happenings = Vec::new();
        if let Some(meeting) = self.meeting_mut(id) {
            meeting.room.rules = rules;
            happenings = meeting.room.arrive(seat, tell_at, now, &mut chance);
        }
        self.state.chance = chance;
        self.state.note_seat(&seat_id, id);
        self.tell_room(id, happenings);
        seat_id
    }

    /// What somebody in a seat does; `whom` is another seat where one is meant.
    pub(super) fn act(&mut self, seat: &str, act: &SeatAct) -> Result<(), RoomError> {
        let id = *self.state.seats.get(seat).ok_or(RoomError::NoSuchSeat)?;
        let (now, clock) = (self.now, self.clock);
        let mut chance = self.state.chance.clone();
        let meeting = self.meeting_mut(id).ok_or(RoomError::NoSuchSeat)?;
        let happenings = match act {
            SeatAct::Leave => meeting.room.leave(seat, now),
            SeatAct::EndForAll => meeting.room.end_for_all(seat, now),
            SeatAct::Admit { whom } => meeting.room.admit(seat, whom, now),
            SeatAct::Refuse { whom } => meeting.room.refuse(seat, whom, now),
            SeatAct::PutBack { whom } => meeting.room.put_back(seat, whom, now),
            SeatAct::Crash { silent, noticed_after_millis } => {
                // Zoom notices a dead client after 60 to 90 s.
                let usual = chance.between(60_000, 90_000);
                let after = std::time::Duration::from_millis(noticed_after_millis.unwrap_or(usual));
                meeting.room.crash(seat, now + clock.scaled_millis(after), *silent, now)
            }
            SeatAct::Breakout { room } => meeting.room.move_breakout(seat, room.clone(), now, &mut chance),
            SeatAct::BindTo { whom } => meeting.room.bind(seat, whom, now),
        };
        self.state.chance = chance;
        self.tell_room(id, happenings?);
        Ok(())
    }

    /// What falls due by itself in every room.
    pub(super) fn tick(&mut self) {
        let now = self.now;
        let due: Vec<(u64, Vec<super::happening::Happening>)> = self
            .state
            .meetings
            .values_mut()
            .filter(|meeting| !meeting.room.seats.is_empty())
            .map(|meeting| (meeting.id, meeting.room.tick(now)))
            .filter(|(_, happenings)| !happenings.is_empty())
            .collect();
        for (id, happenings) in due {
            self.tell_room(id, happenings);
        }
    }
}

fn right_of(user: &User, meeting: &Meeting) -> HostRight {
    if user.id == meeting.host_id {
        HostRight::Original
    } else if meeting.alternative_hosts.contains(&user.email) {
        HostRight::Alternative
    } else {
        HostRight::None
    }
}

fn identity_of(user: &User) -> Identity {
    let (name, email) = (user.display_name.clone(), user.email.clone());
    Identity { name, email, user: user.id.clone(), ..Identity::default() }
}

/// An act of somebody in a seat.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum SeatAct {
    Leave,
    EndForAll,
    Admit {
        whom: SeatId,
    },
    Refuse {
        whom: SeatId,
    },
    PutBack {
        whom: SeatId,
    },
    Crash {
        /// Zoom notices, and never tells.
        #[serde(default)]
        silent: bool,
        /// For people who live faster than the fakes' clock; none: 60 to 90 s.
        #[serde(default)]
        noticed_after_millis: Option<u64>,
    },
    Breakout {
        /// None: back into the main room.
        #[serde(default)]
        room: Option<String>,
    },
    BindTo {
        whom: SeatId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_they_were_given() {
        let link = Link::parse("http://127.0.0.1:9/zoom/j/850?tk=abc.DQ&pwd=xyz.1").expect("a link");
        assert_eq!((link.meeting.as_str(), link.tk.as_str(), link.start), ("850", "abc.DQ", false));
        assert!(Link::parse("http://127.0.0.1:9/zoom/s/850?zak=z").expect("a link").start);
        assert_eq!(Link::parse("http://127.0.0.1:9/zoom/x/850"), None);
    }
}
