//! The pure rules of a video visit.
//!
//! This crate knows nothing about actors, stores, HTTP, clocks or randomness: time and ids are arguments. Its centre is
//! [`decide`]: a total function from a visit, a command and a time to the next visit and its effects.
//!
//! - [`id`], [`time`], [`name`], [`birth_date`]: the newtypes that everything is named by.
//! - [`fact`], [`command`]: what can happen to a visit.
//! - [`visit`]: the state and the rules; [`visit::admittance`] says who may go in, [`visit::instance`] folds Zoom's facts.
//! - [`effect`], [`intent`]: what a decision asks the outside world to do.
//! - [`lane`], [`gate`], [`backoff`]: how updates leave for Epic, as pure state machines.
//! - [`shard`]: which slice of the world a visit belongs to.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod backoff;
pub mod birth_date;
pub mod command;
pub mod effect;
pub mod fact;
pub mod gate;
pub mod id;
pub mod intent;
pub mod lane;
pub mod name;
pub mod policy;
pub mod shard;
pub mod time;
pub mod visit;

pub use visit::decide::{Decision, decide};
