//! How this service calls others: one HTTP client per thread with bounds on time and size, and values that are fetched once
//! for everybody on the node.

pub mod certificate;
pub mod client;
pub mod encode;
pub mod lenient;
pub mod oauth;
pub mod other_clock;
pub mod pkce;
pub mod retry_after;
pub mod shared;
#[cfg(test)]
pub mod testing;

pub use client::{Body, HttpClient, NoAnswer, Request, Response};
pub use oauth::{Bearer, TokenFailure};
pub use other_clock::OtherClock;
pub use pkce::Pkce;
pub use shared::{Fresh, Shared};
