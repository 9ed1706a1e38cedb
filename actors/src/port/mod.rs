//! What the actors need from the outside world, as traits: a store, a clock, randomness, ids, a place to run, Epic and Zoom.

pub mod clock;
pub mod epic;
pub mod store;
pub mod zoom;
