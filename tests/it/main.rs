//! The whole service from outside: scenarios over real HTTP, anomalies of Zoom on one node and on two, the store's conformance, crashes of
//! real processes, what the deployments let through, and tidiness.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests say what they expect"
)]

mod anomalies;
mod behaviours;
mod cluster;
mod crash;
mod deployments;
mod hospital;
mod proxy;
mod redis;
mod scenarios;
mod store;
mod tidy;
