//! How people go from a room: by leaving, by a crash that Zoom notices late, and with the meeting's end.

use super::super::clock::Millis;
use super::happening::{Happening, What};
use super::room::{PastInstance, PastRow, Room, RoomError};
use super::seat::{Gone, Place, Role, Seat, SeatId};

/// Bound of memory: the oldest instances are forgotten first.
const MAX_PAST: usize = 50;

impl Room {
    /// Somebody leaves by themselves, wherever they are.
    pub fn leave(&mut self, who: &str, now: Millis) -> Result<Vec<Happening>, RoomError> {
        let mut out = Vec::new();
        self.go(who, Gone::Left, "left the meeting. Reason : left the meeting", now, &mut out)?;
        Ok(out)
    }

    /// A device dies. Zoom notices at `noticed_at`; where `silent`, it never tells.
    pub fn crash(
        &mut self,
        who: &str,
        noticed_at: Millis,
        silent: bool,
        now: Millis,
    ) -> Result<Vec<Happening>, RoomError> {
        let clear = self.rules.clear_room_when_host_drops;
        let seat = self.seat_mut(who)?;
        if seat.is_gone() || seat.noticed_at.is_some() {
            return Err(RoomError::WrongPlace);
        }
        seat.noticed_at = Some(noticed_at);
        seat.silent = silent;
        let host_dropped = clear && seat.is_in() && seat.role == Role::Host;
        let mut out = Vec::new();
        if host_dropped {
            for index in 0..self.seats.len() {
                if self
                    .seats
                    .get(index)
                    .is_some_and(|seat| seat.place == Place::InMeeting && !seat.may_host())
                {
                    self.move_to_waiting_room(index, now, &mut out)?;
                }
            }
        }
        Ok(out)
    }

    fn go(
        &mut self,
        who: &str,
        why: Gone,
        reason: &'static str,
        now: Millis,
        out: &mut Vec<Happening>,
    ) -> Result<(), RoomError> {
        let here = self.here();
        let seat = self.seat_mut(who)?;
        let place = seat.place.clone();
        let (was_host, silent) = (seat.is_in() && seat.role == Role::Host, seat.silent);
        let mut tell = |what: What, time: Millis, seat: &Seat| {
            if !silent {
                out.push(Happening {
                    what,
                    time,
                    instance: here.clone(),
                    seat: Some(Box::new(seat.clone())),
                });
            }
        };
        match place {
            Place::Gone { .. } => return Err(RoomError::WrongPlace),
            Place::WaitingForHost if seat.told_waiting => tell(What::GaveUpWaiting, now, seat),
            Place::WaitingForHost => {}
            Place::WaitingRoom => {
                let time = seat.fact_time(4, now);
                tell(What::Refused, time, seat);
            }
            Place::InMeeting | Place::BreakoutRoom { .. } => {
                let time = seat.fact_time(4, now);
                if let Place::BreakoutRoom { room, user_id } = place {
                    tell(What::LeftBreakout { room, user_id }, time, seat);
                }
                tell(What::Left { reason }, time, seat);
            }
        }
        seat.left_at = Some(now);
        seat.place = Place::Gone { why };
        if was_host {
            self.pass_the_host_role(now, out);
        }
        self.end_if_empty(now, out);
        Ok(())
    }

    /// The longest-standing co-host becomes host; without one the meeting goes on without a host.
    fn pass_the_host_role(&mut self, now: Millis, out: &mut Vec<Happening>) {
        let here = self.here();
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.is_in() && seat.role == Role::CoHost) {
            seat.role = Role::Host;
            let what = What::RoleChanged { old: Role::CoHost, new: Role::Host };
            out.push(Happening { what, time: now, instance: here, seat: Some(Box::new(seat.clone())) });
        }
    }

    fn end_if_empty(&mut self, now: Millis, out: &mut Vec<Happening>) {
        if self.instance.is_some() && !self.seats.iter().any(Seat::is_in) {
            self.close(now, out);
        }
    }

    /// "End for all", by the host.
    pub fn end_for_all(&mut self, by: &str, now: Millis) -> Result<Vec<Happening>, RoomError> {
        let seat = self.seat(by).ok_or(RoomError::NoSuchSeat)?;
        if !(seat.is_in() && seat.role == Role::Host) {
            return Err(RoomError::NotHost);
        }
        self.end(now)
    }

    /// Ends the running instance, as the host or the API does.
    pub fn end(&mut self, now: Millis) -> Result<Vec<Happening>, RoomError> {
        if self.instance.is_none() {
            return Err(RoomError::NotRunning);
        }
        let mut out = Vec::new();
        self.close(now, &mut out);
        Ok(out)
    }

    fn close(&mut self, now: Millis, out: &mut Vec<Happening>) {
        let here = self.here();
        let mut rows = Vec::new();
        for seat in &mut self.seats {
            if seat.participant_uuid.is_empty() {
                continue;
            }
            if seat.is_in() {
                let time = seat.fact_time(4, now);
                let what = What::Left { reason: "left the meeting.<br>Reason: Host ended the meeting." };
                if seat.noticed_at.is_none() {
                    out.push(Happening {
                        what,
                        time,
                        instance: here.clone(),
                        seat: Some(Box::new(seat.clone())),
                    });
                }
            }
            if !seat.is_gone() {
                seat.left_at = Some(now);
                seat.place = Place::Gone { why: Gone::MeetingEnded };
            }
            rows.push(PastRow { seat: seat.clone() });
        }
        let ended = self.happening(What::Ended, now, None);
        out.push(ended);
        if let Some(live) = self.instance.take() {
            if self.past.len() >= MAX_PAST {
                self.past.remove(0);
            }
            self.past.push(PastInstance {
                uuid: live.uuid,
                started_at: live.started_at,
                ended_at: now,
                rows,
            });
        }
        // The rows keep those who took part; what stays are people who wait for another start.
        self.seats.retain(|seat| seat.place == Place::WaitingForHost);
    }

    /// What falls due by itself: apps that tell that they wait, and crashes that Zoom notices.
    pub fn tick(&mut self, now: Millis) -> Vec<Happening> {
        let mut out = Vec::new();
        let here = self.here();
        for seat in &mut self.seats {
            if seat.place == Place::WaitingForHost && seat.tell_waiting_at.is_some_and(|due| due <= now) {
                seat.tell_waiting_at = None;
                seat.told_waiting = true;
                let copy = Some(Box::new(seat.clone()));
                out.push(Happening {
                    what: What::WaitsForHost,
                    time: now,
                    instance: here.clone(),
                    seat: copy,
                });
            }
        }
        let dead: Vec<SeatId> = self
            .seats
            .iter()
            .filter(|seat| !seat.is_gone() && seat.noticed_at.is_some_and(|due| due <= now))
            .map(|seat| seat.id.clone())
            .collect();
        for id in dead {
            let reason = "left the meeting. Reason : left the meeting with Unknown Failover Reason";
            // A seat that went with the meeting meanwhile is not there any more, which is what was wanted.
            let _ = self.go(&id, Gone::Crashed, reason, now, &mut out);
        }
        out
    }
}
