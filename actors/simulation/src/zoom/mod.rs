//! Zoom: meetings and the people in them as they really are, its interface as a node reaches it, and the events that it sends.

pub mod events;
pub mod line;
pub mod rooms;
pub mod truth;
pub mod users;
