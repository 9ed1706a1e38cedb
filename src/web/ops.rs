//! The live board of visits. Its rows come over the websocket; this is the frame around them.

use askama::Template;

/// `GET /ops`.
#[derive(Template)]
#[template(path = "ops.html")]
pub struct OpsPage {
    /// People signed in by a cookie, so the page offers to sign out.
    pub signed_in: bool,
}
