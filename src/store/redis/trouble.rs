//! What went wrong with a server, and what follows from it.

use redis::{ErrorKind, RedisError, ServerErrorKind};
use vestibule_actors::port::store::StoreError;

/// What follows from an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Follows {
    /// The server does not know the script; nothing of it ran.
    SendScript,
    /// The connection is not to be used any more: it is broken, its answers are not to be told apart, or the server is not the primary.
    Reconnect,
    /// The server cannot at the moment, and may soon.
    TryLater,
    /// It makes no sense of what we say, or we of what it holds.
    Unreadable,
}

pub(super) fn follows(error: &RedisError) -> Follows {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::NoScript) => Follows::SendScript,
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::NoPerm,
        ) => Follows::Reconnect,
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        ) => Follows::TryLater,
        ErrorKind::Server(_) | ErrorKind::Extension => follows_code(error),
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => Follows::Unreadable,
        // Time-outs, cut connections, refused ones, a login that is not taken any more.
        _ => Follows::Reconnect,
    }
}

/// Errors that the library does not know by name.
fn follows_code(error: &RedisError) -> Follows {
    match error.code() {
        // Out of memory, too few replicas, a disk that is full, a script that runs for too long: the server may recover.
        Some("OOM" | "NOREPLICAS" | "MISCONF" | "BUSY" | "LOADING") => Follows::TryLater,
        Some("NOAUTH" | "WRONGPASS") => Follows::Reconnect,
        _ => Follows::Unreadable,
    }
}

/// The error as the port tells it. What the server says is kept out where it may repeat what it was sent.
pub(super) fn told(what: &'static str, error: &RedisError) -> StoreError {
    match follows(error) {
        Follows::Unreadable => StoreError::Corrupt(format!("redis: {what}: {}", brief(error))),
        _ => StoreError::Unavailable(format!("redis: {what}: {}", brief(error))),
    }
}

/// An error in few words: its kind, and the code by which the server names it.
pub(super) fn brief(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if error.is_connection_refusal() {
        return "the connection was refused".to_owned();
    }
    match error.code() {
        Some(code) => code.to_owned(),
        None => format!("{:?}", error.kind()),
    }
}
