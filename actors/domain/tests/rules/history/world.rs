//! The world in which people take part in a visit: their devices, where these really are, and what Zoom says about it. It knows nothing of
//! our rules.

use super::people::{Action, History, PEOPLE, Person, Step, Truth};
use crate::common::at;
use crate::common::facts::{anonymous, bound_to, fact, phone, unnamed};
use proptest::prelude::*;
use vestibule_domain::fact::{Fact, FactKind, SessionKeys};
use vestibule_domain::visit::Phase;
use vestibule_domain::visit::participant::Presence;

/// Plays the actions.
pub fn tell(waiting_room: bool, actions: &[Action]) -> History {
    let mut world = World { waiting_room, second: 100, ..World::default() };
    let mut steps = Vec::new();
    for action in actions {
        world.second += 1;
        world.notice_the_dead();
        world.play(action);
        steps.push(world.step());
    }
    // In the end Zoom has noticed everything.
    world.second += 200;
    world.notice_the_dead();
    if let Some(end) = world.lost_end.take() {
        world.facts.push(end);
    }
    steps.push(world.step());
    History { waiting_room, steps, end: world.truth() }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Zoom's screen before the host; whether Zoom said so.
    BeforeHost {
        announced: bool,
    },
    WaitingRoom {
        was_inside: bool,
    },
    Meeting,
}

#[derive(Clone, Debug)]
struct Device {
    /// Nobody for a telephone that was not bound.
    whose: Option<Person>,
    keys: SessionKeys,
    place: Place,
    /// Dead since; Zoom has not noticed.
    died: Option<i64>,
}

#[derive(Default)]
struct World {
    waiting_room: bool,
    second: i64,
    devices: Vec<Device>,
    made: u32,
    starts: u32,
    /// The start of the instance that runs.
    running: Option<i64>,
    lost_end: Option<Fact>,
    facts: Vec<Fact>,
}

impl World {
    fn truth(&self) -> Truth {
        let place = |device: &Device| match device.place {
            Place::BeforeHost { announced: false } => Presence::Gone,
            Place::BeforeHost { announced: true } => Presence::Waiting,
            Place::WaitingRoom { .. } => Presence::InWaitingRoom,
            Place::Meeting => Presence::InMeeting,
        };
        let of = |person| self.devices.iter().filter(move |d| d.whose == Some(person)).map(place).max();
        Truth {
            phase: match (self.running, self.starts) {
                (Some(_), _) => Phase::InProgress,
                (None, 0) => Phase::WaitingForHost,
                (None, _) => Phase::Ended,
            },
            people: PEOPLE.map(|person| (person, of(person).unwrap_or_default())).into_iter().collect(),
            strangers: self.devices.iter().filter(|d| d.whose.is_none()).count(),
        }
    }

    fn step(&mut self) -> Step {
        let truth = self.lost_end.is_none().then(|| self.truth());
        Step { facts: std::mem::take(&mut self.facts), truth }
    }

    // === telling ===

    fn uuid(&self) -> String {
        format!("U{}/{}+==", self.starts, self.starts * 7)
    }

    /// What Zoom says about the running instance; most events repeat its start.
    fn say(&mut self, kind: FactKind, keys: Option<&SessionKeys>) {
        let said = fact(kind, &self.uuid(), self.second);
        let instance_started = self.running.filter(|_| self.second % 3 != 0).map(at);
        self.facts.push(Fact { session: keys.cloned(), instance_started, ..said });
    }

    fn say_before_host(&mut self, kind: FactKind, keys: &SessionKeys) {
        let said = fact(kind, "scheduled", self.second);
        self.facts.push(Fact { session: Some(unnamed(keys)), ..said });
    }

    // === doing ===

    fn play(&mut self, action: &Action) {
        match action {
            Action::Arrive { who, announced } => self.arrive(*who, *announced),
            Action::LookIn(who) => self.look_in(*who),
            Action::Admit { joined_a_second_later, left_waiting_room_too } => {
                self.admit(*joined_a_second_later, *left_waiting_room_too);
            }
            Action::Refuse => self.refuse(),
            Action::SendBack => self.send_back(),
            Action::Leave { device, told_by_user_only } => self.leave(device, *told_by_user_only),
            Action::Crash(device) => self.crash(device),
            Action::HostDrops => self.host_drops(),
            Action::DialIn => self.dial_in(),
            Action::Bind { to, told_of_the_other } => self.bind(to, *told_of_the_other),
            Action::Breakout(device) => self.breakout(device),
            Action::Promote(device) => {
                if let Some(keys) = self.inside(device).map(|index| self.devices[index].keys.clone()) {
                    self.say(FactKind::RoleChanged, Some(&keys));
                }
            }
            Action::End { everybody_is_said_to_leave, event_lost } => {
                self.end(*everybody_is_said_to_leave, *event_lost);
            }
            Action::Wait(seconds) => {
                self.second += seconds;
                self.notice_the_dead();
            }
        }
    }

    fn arrive(&mut self, who: Person, announced: bool) {
        if self.devices.iter().filter(|d| d.whose == Some(who) && d.died.is_none()).count() >= 2 {
            return;
        }
        self.made += 1;
        let keys = who.keys(&format!("device-{}", self.made));
        if self.running.is_none() && !who.waits_for_others() {
            self.start();
        }
        if self.running.is_some() {
            self.enter(who, keys);
        } else if !self.devices.iter().any(|d| d.whose == Some(who)) {
            if announced {
                self.say_before_host(FactKind::WaitingForHost, &keys);
            }
            let place = Place::BeforeHost { announced };
            self.devices.push(Device { whose: Some(who), keys, place, died: None });
        }
    }

    fn enter(&mut self, who: Person, keys: SessionKeys) {
        let waits = self.waiting_room && who.waits_for_others();
        let kind = if waits { FactKind::JoinedWaitingRoom } else { FactKind::Joined };
        self.say(kind, Some(&keys));
        let place = if waits { Place::WaitingRoom { was_inside: false } } else { Place::Meeting };
        self.devices.push(Device { whose: Some(who), keys, place, died: None });
    }

    fn look_in(&mut self, who: Person) {
        if self.running.is_some() && (!self.waiting_room || !who.waits_for_others()) {
            self.made += 1;
            let keys = who.keys(&format!("device-{}", self.made));
            self.say(FactKind::Joined, Some(&keys));
            self.say(FactKind::Left, Some(&keys));
        }
    }

    /// A provider starts the meeting, and whoever waited on Zoom's screen goes on by himself. Every third start is never told.
    fn start(&mut self) {
        self.starts += 1;
        self.running = Some(self.second);
        self.lost_end = None;
        if !self.starts.is_multiple_of(3) {
            self.say(FactKind::Started, None);
        }
        let waiting: Vec<Device> = std::mem::take(&mut self.devices);
        for device in waiting {
            if let Some(who) = device.whose {
                self.made += 1;
                self.enter(who, who.keys(&format!("device-{}", self.made)));
            }
        }
    }

    fn admit(&mut self, joined_a_second_later: bool, left_waiting_room_too: bool) {
        let Some(index) = self.devices.iter().position(|d| matches!(d.place, Place::WaitingRoom { .. }))
        else {
            return;
        };
        let keys = self.devices[index].keys.clone();
        self.devices[index].place = Place::Meeting;
        self.say(FactKind::Admitted, Some(&keys));
        if left_waiting_room_too {
            self.say(FactKind::LeftWaitingRoom, Some(&keys));
        }
        self.second += i64::from(joined_a_second_later);
        self.say(FactKind::Joined, Some(&keys));
    }

    fn refuse(&mut self) {
        let refused = self.devices.iter().position(|d| d.place == Place::WaitingRoom { was_inside: false });
        if let Some(index) = refused {
            let device = self.devices.remove(index);
            self.say(FactKind::LeftWaitingRoom, Some(&device.keys));
        }
    }

    fn send_back(&mut self) {
        let inside = |d: &Device| d.place == Place::Meeting && d.whose.is_some_and(Person::waits_for_others);
        if let Some(index) = self.devices.iter().position(inside) {
            self.put_back(index);
            self.end_if_empty();
        }
    }

    fn put_back(&mut self, index: usize) {
        self.devices[index].place = Place::WaitingRoom { was_inside: true };
        let keys = self.devices[index].keys.clone();
        self.say(FactKind::PutInWaitingRoom, Some(&keys));
    }

    fn leave(&mut self, device: &prop::sample::Index, told_by_user_only: bool) {
        if self.devices.is_empty() {
            return;
        }
        let device = self.devices.remove(device.index(self.devices.len()));
        self.say_gone(&device, told_by_user_only);
        self.end_if_empty();
    }

    fn say_gone(&mut self, device: &Device, told_by_user_only: bool) {
        match device.place {
            Place::BeforeHost { announced: false } => {}
            Place::BeforeHost { announced: true } => {
                self.say_before_host(FactKind::LeftWaitingForHost, &device.keys);
            }
            Place::WaitingRoom { was_inside: false } => {
                self.say(FactKind::LeftWaitingRoom, Some(&device.keys));
            }
            Place::WaitingRoom { was_inside: true } | Place::Meeting => {
                let by_user = SessionKeys { user: device.keys.user.clone(), ..SessionKeys::default() };
                let keys = if told_by_user_only { by_user } else { device.keys.clone() };
                self.say(FactKind::Left, Some(&keys));
            }
        }
    }

    fn crash(&mut self, device: &prop::sample::Index) {
        if let Some(index) = self.inside(device) {
            self.devices[index].died.get_or_insert(self.second);
        }
    }

    /// Zoom notices about 75 seconds later, and says that they left then.
    fn notice_the_dead(&mut self) {
        let noticed = |d: &Device| d.died.is_some_and(|died| self.second - died > 75);
        let gone: Vec<Device> = self.devices.iter().filter(|d| noticed(d)).cloned().collect();
        self.devices = self.devices.iter().filter(|d| !noticed(d)).cloned().collect();
        for device in &gone {
            self.say_gone(device, false);
        }
        if !gone.is_empty() {
            self.end_if_empty();
        }
    }

    fn host_drops(&mut self) {
        let host = |d: &Device| d.place == Place::Meeting && d.whose == Some(Person::Dr) && d.died.is_none();
        let Some(host) = self.devices.iter().position(host) else { return };
        self.devices[host].died = Some(self.second);
        for index in 0..self.devices.len() {
            let device = &self.devices[index];
            if device.place == Place::Meeting && device.whose.is_some_and(Person::waits_for_others) {
                self.put_back(index);
            }
        }
    }

    fn dial_in(&mut self) {
        if self.running.is_some() && self.devices.len() < 8 {
            self.made += 1;
            let keys = phone(&format!("phone-{}", self.made));
            self.say(FactKind::Joined, Some(&keys));
            self.devices.push(Device { whose: None, keys, place: Place::Meeting, died: None });
        }
    }

    fn bind(&mut self, to: &prop::sample::Index, told_of_the_other: bool) {
        let telephone = self.devices.iter().position(|d| d.whose.is_none());
        let computers: Vec<usize> =
            (0..self.devices.len()).filter(|i| self.devices[*i].whose.is_some()).collect();
        let (Some(telephone), false) = (telephone, computers.is_empty()) else { return };
        let computer = self.devices[*to.get(&computers)].clone();
        if computer.place != Place::Meeting {
            return;
        }
        self.devices[telephone].whose = computer.whose;
        let keys = self.devices[telephone].keys.clone();
        let (of, other) = if told_of_the_other { (&computer.keys, &keys) } else { (&keys, &computer.keys) };
        let (of, kind) = (of.clone(), bound_to(other));
        self.say(kind, Some(&of));
    }

    fn breakout(&mut self, device: &prop::sample::Index) {
        if let Some(index) = self.inside(device) {
            self.made += 1;
            let user = anonymous("", &format!("breakout-{}", self.made)).user;
            self.devices[index].keys.user = user;
            let keys = self.devices[index].keys.clone();
            self.say(FactKind::Breakout, Some(&keys));
        }
    }

    /// Some device that is in the meeting.
    fn inside(&self, which: &prop::sample::Index) -> Option<usize> {
        let inside: Vec<usize> =
            (0..self.devices.len()).filter(|i| self.devices[*i].place == Place::Meeting).collect();
        if inside.is_empty() { None } else { Some(*which.get(&inside)) }
    }

    /// The meeting ends when the last one leaves it.
    fn end_if_empty(&mut self) {
        if self.running.is_some() && !self.devices.iter().any(|d| d.place == Place::Meeting) {
            self.end(false, false);
        }
    }

    fn end(&mut self, everybody_is_said_to_leave: bool, event_lost: bool) {
        if self.running.is_none() {
            return;
        }
        let devices = std::mem::take(&mut self.devices);
        if everybody_is_said_to_leave {
            for device in &devices {
                self.say_gone(device, false);
            }
        }
        self.say(FactKind::Ended, None);
        self.running = None;
        if event_lost {
            self.lost_end = self.facts.pop();
        }
    }
}
