//! Front doors.

pub mod app;
pub mod metrics;
