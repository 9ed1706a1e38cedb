//! The live board of visits. Its rows come over the websocket; this is the frame around them.

use askama::Template;

use super::signed_in::SignedIn;

/// `GET /ops`.
#[derive(Template)]
#[template(path = "ops.html")]
pub struct OpsPage {
    /// People signed in by a cookie, so the page offers to sign out.
    pub signed_in: SignedIn,
}
