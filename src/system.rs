//! The real clock and real randomness: the one module that reads them.

#![allow(
    clippy::disallowed_methods,
    reason = "this module is the port's implementation; everything else asks the port"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use vestibule_actors::port::clock::{Clock, Randomness};
use vestibule_domain::id::CommandId;
use vestibule_domain::time::Moment;

/// The machine's time of day.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment(jiff::Timestamp::now().as_millisecond())
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn draw(&self) -> u64 {
        // Where the system has no randomness to give, a version 7 uuid still differs from call to call; secrets do not go this way.
        getrandom::u64().unwrap_or_else(|_| Uuid::now_v7().as_u64_pair().1)
    }

    fn secret(&self) -> String {
        // A version 4 uuid holds 122 random bits; two hold more than the 128 that an OAuth state should have.
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let bytes: Vec<u8> = a.as_bytes().iter().chain(b.as_bytes()).copied().collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn command_id(&self) -> CommandId {
        // The text of a uuid is what every command id accepts, so the fallback is never taken.
        CommandId::new(Uuid::now_v7().simple().to_string()).unwrap_or_else(|_| CommandId::of_owner())
    }
}

/// A uuid that names this start of the process.
pub fn process_token() -> Uuid {
    Uuid::new_v4()
}
