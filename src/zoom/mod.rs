//! The edge to Zoom: events that come in, calls that go out.

pub mod webhook;
