//! The atomic steps as they run on the server: one script each, known to it by a hash and sent whole where it does not know it.
//!
//! Scripts are found by what they say, so that two releases can work on one server with scripts of their own.

use std::sync::LazyLock;

/// A script with the common words before it.
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) hash: String,
}

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new($file, include_str!(concat!("lua/", $file, ".lua"))));)*
    };
}

scripts! {
    ACKNOWLEDGE = "acknowledge";
    ACQUIRE = "acquire";
    ANNOUNCE = "announce";
    APPEND = "append";
    COMMIT = "commit";
    COUNT_TRY = "count_try";
    FIELD = "field";
    FORGET = "forget";
    GATE_READ = "gate_read";
    GATE_WRITE = "gate_write";
    INDEX = "index";
    META = "meta";
    RELEASE = "release";
    RENEW = "renew";
    RESTORE = "restore";
    ROUTE = "route";
    SWEEP_HISTORIES = "sweep_histories";
    SWEEP_VISITS = "sweep_visits";
    VALUE = "value";
}

impl Script {
    fn new(name: &'static str, own: &str) -> Self {
        let text = format!("{}\n{own}", include_str!("lua/prelude.lua"));
        let hash = redis::Script::new(&text).get_hash().to_owned();
        Self { name, text, hash }
    }
}
