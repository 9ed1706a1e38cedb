//! The edges of Vestibule: everything that speaks to the outside world.
//!
//! Arrows go one way: this crate -> `vestibule_actors` -> `vestibule_domain`.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::unreachable,
        reason = "tests may look at the clock, and fail by panic"
    )
)]

pub mod audit;
pub mod backup;
pub mod check;
pub mod configuration;
pub mod demo;
pub mod downtime;
pub mod epic;
pub mod http;
pub mod identity;
pub mod jwt;
pub mod keys;
pub mod latest;
pub mod outbound;
pub mod panics;
pub mod pauses;
pub mod sealing;
pub mod service;
pub mod settings;
pub mod simulator;
pub mod sms;
pub mod store;
pub mod system;
pub mod web;
pub mod zoom;
