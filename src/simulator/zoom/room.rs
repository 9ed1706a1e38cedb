//! The person model: who is where in one meeting, and what happens when somebody comes, is let in, drops out or goes.
//!
//! Pure but for the chance it is handed: time is an argument, and what happens is returned. This is the truth that a checker
//! compares the service and Epic's lights with.

use std::time::Duration;

use super::super::chance::Chance;
use super::super::clock::Millis;
use super::happening::{Happening, InstanceRef, What};
use super::seat::{Device, Gone, HostRight, Place, Role, Seat};

/// Capacity of a room; of those who are gone, the oldest are forgotten first.
const MAX_SEATS: usize = 1_000;

/// An app tells Zoom that it waits for the host after this long.
pub const TELLS_WAITING_AFTER: Duration = Duration::from_secs(30);

/// The settings in force, after account locks.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomRules {
    pub waiting_room: bool,
    pub join_before_host: bool,
    /// Account option: when the host's connection drops, everybody else is moved to the waiting room.
    pub clear_room_when_host_drops: bool,
}

/// A running instance.
#[derive(Clone, Debug)]
pub struct Instance {
    pub uuid: String,
    pub started_at: Millis,
}

/// One row of the list of past participants.
#[derive(Clone, Debug)]
pub struct PastRow {
    pub seat: Seat,
}

#[derive(Clone, Debug)]
pub struct PastInstance {
    pub uuid: String,
    pub started_at: Millis,
    pub ended_at: Millis,
    pub rows: Vec<PastRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    #[error("nobody has this seat in this meeting")]
    NoSuchSeat,
    #[error("only a host or co-host who is in the meeting may do this")]
    NotHost,
    #[error("the person is not where this can be done")]
    WrongPlace,
    #[error("the meeting is not running")]
    NotRunning,
}

/// One meeting's room through all its instances.
#[derive(Clone, Debug, Default)]
pub struct Room {
    pub rules: RoomRules,
    pub instance: Option<Instance>,
    pub seats: Vec<Seat>,
    pub past: Vec<PastInstance>,
}

impl Room {
    pub fn seat(&self, id: &str) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.id == id)
    }

    pub(super) fn seat_mut(&mut self, id: &str) -> Result<&mut Seat, RoomError> {
        self.seats.iter_mut().find(|seat| seat.id == id).ok_or(RoomError::NoSuchSeat)
    }

    pub(super) fn here(&self) -> InstanceRef {
        self.instance
            .as_ref()
            .map(|live| InstanceRef { uuid: live.uuid.clone(), started_at: live.started_at })
            .unwrap_or_default()
    }

    pub(super) fn happening(&self, what: What, time: Millis, seat: Option<&Seat>) -> Happening {
        Happening { what, time, instance: self.here(), seat: seat.map(|seat| Box::new(seat.clone())) }
    }

    fn host_present(&self) -> bool {
        self.seats.iter().any(|seat| seat.is_in() && seat.role == Role::Host)
    }

    /// Somebody opens a link. Where they end up depends on the rules and on who is there.
    pub fn arrive(
        &mut self,
        mut seat: Seat,
        tell_waiting_at: Millis,
        now: Millis,
        chance: &mut Chance,
    ) -> Vec<Happening> {
        self.forget_the_oldest();
        let mut out = Vec::new();
        if self.instance.is_some() {
            self.enter(seat, now, chance, &mut out);
        } else if seat.right != HostRight::None {
            self.begin(seat, now, chance, &mut out);
        } else if self.rules.join_before_host && !self.rules.waiting_room {
            self.open_instance(now, chance, &mut out);
            let told = self.happening(What::JoinedBeforeHost, now, Some(&seat));
            out.push(told);
            self.enter(seat, now, chance, &mut out);
        } else {
            seat.tell_waiting_at = (seat.device == Device::App).then_some(tell_waiting_at);
            self.seats.push(seat);
        }
        out
    }

    fn open_instance(&mut self, now: Millis, chance: &mut Chance, out: &mut Vec<Happening>) {
        self.instance = Some(Instance { uuid: instance_uuid(chance), started_at: now });
        let started = self.happening(What::Started, now, None);
        out.push(started);
    }

    /// A host begins the meeting, and those who waited for this come in by themselves.
    fn begin(&mut self, host: Seat, now: Millis, chance: &mut Chance, out: &mut Vec<Happening>) {
        self.open_instance(now, chance, out);
        self.enter(host, now, chance, out);
        let mut waiting = Vec::new();
        let mut index = 0;
        while let Some(seat) = self.seats.get(index) {
            if seat.place == Place::WaitingForHost {
                waiting.push(self.seats.remove(index))
            } else {
                index += 1
            }
        }
        for seat in waiting {
            self.enter(seat, now, chance, out);
        }
    }

    /// Into the running instance: hosts and, without a waiting room, everybody go straight in.
    fn enter(&mut self, mut seat: Seat, now: Millis, chance: &mut Chance, out: &mut Vec<Happening>) {
        seat.user_id = format!("{}", chance.between(10_000_000, 99_999_999));
        seat.participant_uuid = chance.grouped_hex('-').to_uppercase();
        seat.tell_waiting_at = None;
        if self.rules.waiting_room && seat.right == HostRight::None {
            seat.place = Place::WaitingRoom;
            let time = seat.fact_time(0, now);
            let told = self.happening(What::EnteredWaitingRoom, time, Some(&seat));
            out.push(told);
            self.seats.push(seat);
            return;
        }
        self.join(seat, now, out);
    }

    fn join(&mut self, mut seat: Seat, now: Millis, out: &mut Vec<Happening>) {
        seat.place = Place::InMeeting;
        seat.joined_at.get_or_insert(now);
        let takes_over = seat.right == HostRight::Original
            || (seat.right == HostRight::Alternative && !self.host_present());
        if takes_over {
            self.step_down(now, out);
            seat.role = Role::Host;
        } else if seat.right == HostRight::Alternative {
            seat.role = Role::CoHost;
        }
        let time = seat.fact_time(2, now);
        let told = self.happening(What::Joined, time, Some(&seat));
        out.push(told);
        self.seats.push(seat);
    }

    /// Whoever is host becomes co-host, because the meeting's own host is back.
    fn step_down(&mut self, now: Millis, out: &mut Vec<Happening>) {
        let here = self.here();
        for seat in self.seats.iter_mut().filter(|seat| seat.is_in() && seat.role == Role::Host) {
            seat.role = Role::CoHost;
            let what = What::RoleChanged { old: Role::Host, new: Role::CoHost };
            out.push(Happening {
                what,
                time: now,
                instance: here.clone(),
                seat: Some(Box::new(seat.clone())),
            });
        }
    }

    /// The host lets somebody in from the waiting room.
    pub fn admit(&mut self, by: &str, who: &str, now: Millis) -> Result<Vec<Happening>, RoomError> {
        self.check_host(by)?;
        let index = self.position_in(who, &Place::WaitingRoom)?;
        let mut seat = self.seats.remove(index);
        let time = seat.fact_time(1, now);
        let mut out = vec![self.happening(What::Admitted, time, Some(&seat))];
        self.join(seat, now, &mut out);
        Ok(out)
    }

    /// The host does not let somebody in.
    pub fn refuse(&mut self, by: &str, who: &str, now: Millis) -> Result<Vec<Happening>, RoomError> {
        self.check_host(by)?;
        let index = self.position_in(who, &Place::WaitingRoom)?;
        let here = self.here();
        let seat = self.seats.get_mut(index).ok_or(RoomError::NoSuchSeat)?;
        let time = seat.fact_time(4, now);
        seat.place = Place::Gone { why: Gone::Refused };
        seat.left_at = Some(time);
        let copy = Some(Box::new(seat.clone()));
        Ok(vec![Happening { what: What::Refused, time, instance: here, seat: copy }])
    }

    /// The host sends somebody back to the waiting room.
    pub fn put_back(&mut self, by: &str, who: &str, now: Millis) -> Result<Vec<Happening>, RoomError> {
        self.check_host(by)?;
        let index = self.position_in(who, &Place::InMeeting)?;
        let mut out = Vec::new();
        self.move_to_waiting_room(index, now, &mut out)?;
        Ok(out)
    }

    pub(super) fn move_to_waiting_room(
        &mut self,
        index: usize,
        now: Millis,
        out: &mut Vec<Happening>,
    ) -> Result<(), RoomError> {
        let here = self.here();
        let seat = self.seats.get_mut(index).ok_or(RoomError::NoSuchSeat)?;
        let time = seat.fact_time(3, now);
        seat.place = Place::WaitingRoom;
        out.push(Happening { what: What::PutBack, time, instance: here, seat: Some(Box::new(seat.clone())) });
        Ok(())
    }

    fn check_host(&self, by: &str) -> Result<(), RoomError> {
        let seat = self.seat(by).ok_or(RoomError::NoSuchSeat)?;
        if seat.may_host() { Ok(()) } else { Err(RoomError::NotHost) }
    }

    fn position_in(&self, who: &str, place: &Place) -> Result<usize, RoomError> {
        let index = self.seats.iter().position(|seat| seat.id == who).ok_or(RoomError::NoSuchSeat)?;
        match self.seats.get(index) {
            Some(seat) if seat.place == *place => Ok(index),
            _ => Err(RoomError::WrongPlace),
        }
    }

    /// Into a breakout room, where the person has another user id; `None` brings them back.
    pub fn move_breakout(
        &mut self,
        who: &str,
        room: Option<String>,
        now: Millis,
        chance: &mut Chance,
    ) -> Result<Vec<Happening>, RoomError> {
        let here = self.here();
        let seat = self.seat_mut(who)?;
        let what = match (&seat.place, room) {
            (Place::InMeeting, Some(room)) => {
                let user_id = format!("{}", chance.between(10_000_000, 99_999_999));
                seat.place = Place::BreakoutRoom { room: room.clone(), user_id: user_id.clone() };
                What::EnteredBreakout { room, user_id }
            }
            (Place::BreakoutRoom { room, user_id }, None) => {
                let what = What::LeftBreakout { room: room.clone(), user_id: user_id.clone() };
                seat.place = Place::InMeeting;
                what
            }
            _ => return Err(RoomError::WrongPlace),
        };
        Ok(vec![Happening { what, time: now, instance: here, seat: Some(Box::new(seat.clone())) }])
    }

    /// A phone leg is bound to its owner's video seat.
    pub fn bind(&mut self, phone: &str, video: &str, now: Millis) -> Result<Vec<Happening>, RoomError> {
        let target = self.seat(video).filter(|seat| seat.is_in()).ok_or(RoomError::WrongPlace)?;
        let what = What::Bound {
            to_user_id: target.user_id.clone(),
            to_participant_uuid: target.participant_uuid.clone(),
        };
        let here = self.here();
        let leg = self.seat_mut(phone)?;
        if leg.device != Device::Phone || !leg.is_in() {
            return Err(RoomError::WrongPlace);
        }
        leg.bound_to = Some(video.to_owned());
        Ok(vec![Happening { what, time: now, instance: here, seat: Some(Box::new(leg.clone())) }])
    }

    /// Nobody more fits in.
    pub fn is_full(&self) -> bool {
        self.seats.iter().filter(|seat| !seat.is_gone()).count() >= MAX_SEATS
    }

    fn forget_the_oldest(&mut self) {
        if self.seats.len() >= MAX_SEATS
            && let Some(index) = self.seats.iter().position(Seat::is_gone)
        {
            self.seats.remove(index);
        }
    }
}

/// Real uuids are base64, so some begin with `/` or hold `//`, and those need another encoding in a path. Half of ours do.
fn instance_uuid(chance: &mut Chance) -> String {
    let plain = chance.base64_16();
    match chance.between(0, 4) {
        0 => format!("/{}", plain.get(1..).unwrap_or_default()),
        1 => {
            let (head, tail) = (plain.get(..6).unwrap_or_default(), plain.get(8..).unwrap_or_default());
            format!("{head}//{tail}")
        }
        _ => plain,
    }
}
