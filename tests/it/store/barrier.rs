//! A clock that stops whoever reads it, here the writing thread at the start of a batch, until the test lets it go on. Everything asked
//! meanwhile waits together.

use super::world::HandClock;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use vestibule_actors::port::clock::Clock;
use vestibule_domain::time::Moment;

#[derive(Clone)]
pub struct Barrier {
    pub clock: HandClock,
    state: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Default)]
struct Gate {
    closed: bool,
    waiting: bool,
}

impl Barrier {
    pub fn new(clock: HandClock) -> Self {
        Self { clock, state: Arc::default() }
    }

    pub fn close(&self) {
        self.state.0.lock().unwrap().closed = true;
    }

    pub fn open(&self) {
        self.state.0.lock().unwrap().closed = false;
        self.state.1.notify_all();
    }

    /// Stops this thread until another one has come to the barrier.
    pub fn until_somebody_waits(&self) {
        let (gate, changed) = &*self.state;
        let most = Duration::from_secs(20);
        let (gate, time) =
            changed.wait_timeout_while(gate.lock().unwrap(), most, |gate| !gate.waiting).unwrap();
        drop(gate);
        assert!(!time.timed_out(), "nobody came to the barrier");
    }
}

impl Clock for Barrier {
    fn now(&self) -> Moment {
        let (gate, changed) = &*self.state;
        let mut gate = gate.lock().unwrap();
        if gate.closed {
            gate.waiting = true;
            changed.notify_all();
        }
        while gate.closed {
            gate = changed.wait(gate).unwrap();
        }
        gate.waiting = false;
        drop(gate);
        self.clock.now()
    }
}
