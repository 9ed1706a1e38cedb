//! Placeholder until the lane is written.
