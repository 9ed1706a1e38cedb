//! Time and randomness as ports. Sleeping goes through tokio, whose clock a simulation pauses; reading the wall clock goes through here.

use std::sync::Arc;
use vestibule_domain::id::CommandId;
use vestibule_domain::time::Moment;

/// Reads the time of day. The one implementation on the real clock lives in the binary's wiring.
pub trait Clock: Send + Sync + 'static {
    /// Now, as everybody else would say it.
    fn now(&self) -> Moment;
}

/// Draws random numbers and makes ids.
pub trait Randomness: Send + Sync + 'static {
    /// Sixty-four even bits.
    fn draw(&self) -> u64;

    /// An unguessable text of at least 128 bits, for tickets and OAuth states: base64url without padding.
    fn secret(&self) -> String;

    /// A command id, unique everywhere.
    fn command_id(&self) -> CommandId;
}

/// A clock that everybody may hold.
pub type SharedClock = Arc<dyn Clock>;
/// Randomness that everybody may hold.
pub type SharedRandomness = Arc<dyn Randomness>;

/// The monotonic clock, for measuring how long something takes and for deadlines of this process.
///
/// It is tokio's, which a simulation pauses and moves; so it needs no port of its own, and this is the one place that reads it.
#[must_use]
pub fn instant() -> tokio::time::Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place; tokio's clock is the one that a simulation moves"
    )]
    tokio::time::Instant::now()
}
