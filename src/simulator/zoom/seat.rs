//! A seat: one device's attempt to be in a meeting, from opening the link until it is gone.
//!
//! A person who rejoins or uses a second device has another seat.

use serde::Serialize;

use super::super::clock::Millis;

pub type SeatId = String;

/// How a seat is connected. The web client never tells that it waits for the host, as the real one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    App,
    Web,
    Phone,
}

/// Where a seat is, as Zoom itself sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "place")]
pub enum Place {
    /// The meeting has not begun and only a host may begin it.
    WaitingForHost,
    WaitingRoom,
    InMeeting,
    BreakoutRoom {
        room: String,
        user_id: String,
    },
    Gone {
        why: Gone,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    Left,
    Refused,
    Crashed,
    MeetingEnded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Host,
    CoHost,
    Attendee,
}

impl Role {
    /// The word that Zoom's events use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::CoHost => "co-host",
            Self::Attendee => "attendee",
        }
    }
}

/// What may be done with a link: only who is host or alternative host can begin a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRight {
    Original,
    Alternative,
    None,
}

/// What Zoom knows of the one in the seat. Empty strings stand for what it does not know, as on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    pub email: String,
    /// The Users API id of a signed-in member of the account.
    pub user: String,
    pub registrant: String,
    pub phone_number: String,
}

/// One device in, or on its way into, a meeting.
#[derive(Clone, Debug)]
pub struct Seat {
    pub id: SeatId,
    pub identity: Identity,
    pub device: Device,
    pub place: Place,
    pub role: Role,
    pub right: HostRight,
    /// Given on entering the waiting room or the meeting; empty before. Another at every join.
    pub user_id: String,
    pub participant_uuid: String,
    pub opened_at: Millis,
    /// First entry into the meeting, and the exit.
    pub joined_at: Option<Millis>,
    pub left_at: Option<Millis>,
    /// When the app tells Zoom that it waits for the host.
    pub tell_waiting_at: Option<Millis>,
    pub told_waiting: bool,
    /// Set by a crash: when Zoom will notice it, and whether it tells anybody.
    pub noticed_at: Option<Millis>,
    pub silent: bool,
    /// The seat whose phone leg this is.
    pub bound_to: Option<SeatId>,
    /// Rank and second of the newest fact told of this seat; see [`Seat::fact_time`].
    pub newest: Option<(u8, i64)>,
    /// What undoes a fact of this seat may share its second.
    pub hasty: bool,
}

impl Seat {
    pub fn new(id: SeatId, identity: Identity, device: Device, right: HostRight, at: Millis) -> Self {
        Self {
            id,
            identity,
            device,
            place: Place::WaitingForHost,
            role: Role::Attendee,
            right,
            user_id: String::new(),
            participant_uuid: String::new(),
            opened_at: at,
            joined_at: None,
            left_at: None,
            tell_waiting_at: None,
            told_waiting: false,
            noticed_at: None,
            silent: false,
            bound_to: None,
            newest: None,
            hasty: false,
        }
    }

    /// In the meeting, its breakout rooms included.
    pub fn is_in(&self) -> bool {
        matches!(self.place, Place::InMeeting | Place::BreakoutRoom { .. })
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.place, Place::Gone { .. })
    }

    pub fn may_host(&self) -> bool {
        self.is_in() && matches!(self.role, Role::Host | Role::CoHost)
    }

    /// The time that a fact of this seat carries. Zoom writes whole seconds; two facts of one seat that undo each other do not
    /// share one, as hardly a host is that fast and no client either, unless this one is hasty. `rank` orders what may share a
    /// second: waiting, admitted, joined, put back, left.
    pub fn fact_time(&mut self, rank: u8, at: Millis) -> Millis {
        let second = at.div_euclid(1000);
        let second = match self.newest {
            Some((seen, newest)) if newest >= second => newest + i64::from(rank <= seen && !self.hasty),
            _ => second,
        };
        self.newest = Some((rank, second));
        second * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_that_undo_each_other_never_share_a_second() {
        let mut seat = Seat::new("s".into(), Identity::default(), Device::App, HostRight::None, 0);
        assert_eq!(seat.fact_time(0, 5_100), 5_000);
        assert_eq!(seat.fact_time(2, 5_200), 5_000, "admission and join may share one");
        assert_eq!(seat.fact_time(3, 5_300), 5_000);
        assert_eq!(seat.fact_time(1, 5_400), 6_000, "admitted again after being put back");
        assert_eq!(seat.fact_time(4, 5_500), 6_000);
    }

    #[test]
    fn where_people_are_hasty_they_do() {
        let mut seat = Seat::new("s".into(), Identity::default(), Device::App, HostRight::None, 0);
        seat.hasty = true;
        let times: Vec<Millis> = [2, 3, 1, 2].map(|rank| seat.fact_time(rank, 5_100)).to_vec();
        assert_eq!(times, [5_000; 4], "joined, put back, admitted and joined again");
    }
}
