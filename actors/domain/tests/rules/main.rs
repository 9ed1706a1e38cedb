//! The rules of a visit, tried from outside: named anomalies, true histories in every order, launches, calls, lights and lanes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests stand outside of test functions, and may fail like them"
)]

mod account;
mod anomalies;
mod answers;
mod attendance;
mod binding;
mod bookings;
mod calls;
mod common;
mod default_hosts;
mod device_tests;
mod guests;
mod history;
mod identities;
mod lanes;
mod launches;
mod lights;
mod making_again;
mod meetings;
mod naming;
mod pages;
mod parked;
mod readings;
mod silence;
mod stand_ins;
mod timeline;
mod totality;
mod windows;
