//! A visit's state and rules.

pub mod participant;
