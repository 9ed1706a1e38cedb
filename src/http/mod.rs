//! Front doors.

pub mod app;
pub mod correlation;
pub mod metrics;
pub mod problem;
