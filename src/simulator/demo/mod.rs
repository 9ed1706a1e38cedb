//! The demo page and the switchboard behind it.

mod api;

use actix_web::web;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    api::configure(config);
}
