//! Front doors.

pub mod access;
mod api;
pub mod app;
mod ask;
mod board;
pub mod correlation;
mod front;
mod health;
#[cfg(test)]
mod kit;
pub mod metrics;
mod names;
mod openapi;
pub mod page;
pub mod problem;
mod records;
pub mod routes;
pub mod view;
