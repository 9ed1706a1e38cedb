//! The in-memory store, for the simulation and for tests.
