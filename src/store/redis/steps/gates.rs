//! Gates: the pure machine decides here, and its state is exchanged on the server if nobody else was faster.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;
use vestibule_actors::port::store::{GateId, HALT, StoreError, is_halted};
use vestibule_domain::gate::{Answer, Gate, Limits, PermitId, Settled};
use vestibule_domain::time::Moment;

use super::super::RedisStore;
use super::super::call::{read, unreadable};
use super::super::keys::OfOrganization;
use super::super::scripts::{GATE_READ, GATE_WRITE};
use super::values::field;

/// Somebody else may be faster so often. Nodes compete and callers of one node do not, so that there are few.
const TRIES: usize = 16;
/// A gate that nobody asks at for so long is forgotten, in milliseconds: longer than any pause and any permit lasts.
const LIFE_MS: i64 = 3_600_000;

/// Whoever is at a gate on this node.
#[derive(Default)]
pub(in super::super) struct Gates(std::sync::Mutex<BTreeMap<GateId, Arc<Mutex<()>>>>);

impl Gates {
    fn at(&self, gate: &GateId) -> Arc<Mutex<()>> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(gate.clone()).or_default())
    }
}

impl RedisStore {
    pub(in super::super) async fn permit(&self, gate: &GateId, limits: Limits) -> Result<Answer, StoreError> {
        self.at_gate(gate, |gate, halted, now| gate.ask(&limits, halted, now)).await
    }

    pub(in super::super) async fn settle(
        &self,
        gate: &GateId,
        limits: Limits,
        permit: PermitId,
        how: Settled,
    ) -> Result<bool, StoreError> {
        self.at_gate(gate, |gate, _, now| {
            gate.settle(&limits, now, permit, how);
            gate.is_open()
        })
        .await
    }

    /// Does something with a gate that is read together with whether it is halted.
    async fn at_gate<T>(
        &self,
        id: &GateId,
        act: impl Fn(&mut Gate, bool, Moment) -> T,
    ) -> Result<T, StoreError> {
        let place = self.gates.at(id);
        let _alone = place.lock().await;
        let key = self.keys.gate(id);
        for _ in 0..TRIES {
            let mut look = self.call(&GATE_READ).key(key.clone());
            if let Some(organization) = id.halted_by() {
                look = look.key(self.keys.organization(organization, OfOrganization::Fields)).arg(HALT);
            }
            let there = self.door.ask(look).await?;
            let (now, version, bytes, halt): (i64, u64, Vec<u8>, Vec<u8>) = read("a gate", there)?;
            // What stands there and cannot be read halts as well.
            let halted = !halt.is_empty() && field(&halt).is_none_or(|there| is_halted(Some(&there)));
            let mut gate: Gate = match bytes.as_slice() {
                [] => Gate::default(),
                bytes => serde_json::from_slice(bytes).map_err(|_| unreadable("a gate"))?,
            };
            let answer = act(&mut gate, halted, Moment(now));
            let bytes = serde_json::to_vec(&gate).map_err(|_| unreadable("a gate"))?;
            let write = self.call(&GATE_WRITE).key(key.clone()).number(version).arg(bytes).number(LIFE_MS);
            if read::<i64>("a gate", self.door.ask(write).await?)? == 1 {
                return Ok(answer);
            }
        }
        Err(StoreError::Unavailable("redis: others were always faster at a gate".to_owned()))
    }
}
