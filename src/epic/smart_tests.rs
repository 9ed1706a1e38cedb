//! Launches against a small Epic on loopback.
