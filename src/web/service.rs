//! The index of the service and the sign-in page, for the people who run it.

use askama::Template;

use super::link::local_path;

/// `GET /`: where everything is.
#[derive(Template)]
#[template(path = "index.html")]
pub struct IndexPage {
    /// The ops pages are on this listener too, so the index links to them.
    pub with_operations: bool,
    pub signed_in: bool,
}

/// `GET /sign-in`, and the answer to a `POST /sign-in` whose `token` was wrong (then with status 401).
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    /// Where to go afterwards; anything but a path of this service becomes `/`.
    pub next: Option<&'a str>,
    pub failed: bool,
    pub signed_in: bool,
}

impl SignInPage<'_> {
    fn next_path(&self) -> &str {
        local_path(self.next)
    }
}
