//! Answers of the fake API: a status, a JSON body and the headers that Zoom adds.

use serde_json::{Value, json};

/// An answer before it is put on the wire.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// None for 204.
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), headers: Vec::new() }
    }

    pub fn created(body: Value) -> Self {
        Self { status: 201, body: Some(body), headers: Vec::new() }
    }

    pub fn no_content() -> Self {
        Self { status: 204, body: None, headers: Vec::new() }
    }

    /// Zoom's own error body.
    pub fn error(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self { status, body: Some(json!({"code": code, "message": message.into()})), headers: Vec::new() }
    }

    /// A field that does not pass.
    pub fn invalid(field: &str, message: &str) -> Self {
        let errors = json!([{"field": field, "message": message}]);
        let body = json!({"code": 300, "message": "Validation Failed.", "errors": errors});
        Self { status: 400, body: Some(body), headers: Vec::new() }
    }

    pub fn no_such_user(user: &str) -> Self {
        Self::error(404, 1001, format!("User does not exist: {user}."))
    }

    pub fn no_such_meeting(meeting: impl std::fmt::Display) -> Self {
        Self::error(404, 3001, format!("Meeting does not exist: {meeting}."))
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
