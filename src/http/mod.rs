//! Front doors.

pub mod access;
pub mod admin;
mod api;
pub mod app;
mod ask;
mod audited;
mod board;
mod browser;
pub mod correlation;
mod device_test;
mod downtime;
mod front;
mod guest;
mod health;
pub mod here;
mod kept;
#[cfg(test)]
pub(crate) mod kit;
mod launch;
mod letterhead;
pub mod metrics;
mod names;
pub mod newest;
mod openapi;
mod organizations;
pub mod page;
mod pending;
mod person;
pub mod problem;
mod query;
mod reason;
mod records;
pub mod routes;
mod search;
mod story;
mod ticket;
mod timeline;
mod times;
mod tools;
mod unread;
pub mod view;
mod visit;
mod webhook;
mod whose;
mod zoom_account;

pub use guest::LinkKeys;
