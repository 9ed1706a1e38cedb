//! Text messages with guests' links: to whom, and one attempt to have the organization's gateway send one.

mod gateway;
mod limits;
mod phone;

pub use gateway::{Message, Outcome, send};
pub use limits::{Full, SmsLimits};
pub use phone::{NoPhone, PhoneNumber};
