//! The steps of the port as calls of scripts, by what they are about.

mod commit;
mod forget;
mod gates;
mod journal;
mod leases;
mod records;
mod sweep;
mod values;
mod visits;

pub(super) use gates::Gates;

use super::RedisStore;
use super::call::Call;
use super::scripts::Script;

impl RedisStore {
    fn call(&self, script: &'static Script) -> Call {
        Call::new(script, self.now())
    }
}
