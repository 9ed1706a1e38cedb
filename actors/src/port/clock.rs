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
