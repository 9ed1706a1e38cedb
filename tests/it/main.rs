//! Tests of the whole service and of its stores, in one binary.

mod store;
mod tidy;
