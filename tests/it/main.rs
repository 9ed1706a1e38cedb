//! Tests of the whole service and of its stores, in one binary.

// The attribute changes nothing here, but tells clippy that helpers beside the tests are tests too and may unwrap.
#[cfg(test)]
mod store;
#[cfg(test)]
mod tidy;
