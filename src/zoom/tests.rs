//! Calls against the fake Zoom.
