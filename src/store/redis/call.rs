//! A call of a script: its keys, its arguments, and how its answer is read.

use redis::{Cmd, FromRedisValue, Value};
use vestibule_actors::port::store::StoreError;

use super::scripts::Script;

/// A call under construction.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) script: &'static Script,
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
}

impl Call {
    /// `now` is empty, or the time that a test says it is.
    pub(super) fn new(script: &'static Script, now: String) -> Self {
        Self { script, keys: Vec::new(), arguments: vec![now.into_bytes()] }
    }

    pub(super) fn key(mut self, key: String) -> Self {
        self.keys.push(key);
        self
    }

    pub(super) fn keys(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.keys.extend(keys);
        self
    }

    pub(super) fn arg(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(super) fn number(self, number: impl ToString) -> Self {
        self.arg(number.to_string())
    }

    /// What decides which server it goes to.
    pub(super) fn route(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    pub(super) fn command(&self) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.script.hash).arg(self.keys.len()).arg(&self.keys).arg(&self.arguments);
        command
    }
}

/// Reads an answer, or says that it makes no sense.
pub(super) fn read<T: FromRedisValue>(what: &'static str, value: Value) -> Result<T, StoreError> {
    redis::from_redis_value(value).map_err(|_| unreadable(what))
}

/// What the server holds, or answers, is not what this release writes.
pub(super) fn unreadable(what: &'static str) -> StoreError {
    StoreError::Corrupt(format!("redis: {what} is not what it should be"))
}
