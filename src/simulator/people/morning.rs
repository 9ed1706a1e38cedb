//! The state of the demo's busy morning: at most one is under way.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::lock;
use super::tally::MorningSummary;

#[derive(Default)]
enum Stage {
    #[default]
    None,
    UnderWay(usize),
    Over(Box<MorningSummary>),
}

/// Every copy is the same morning.
#[derive(Clone, Default)]
pub struct Morning(Arc<Mutex<Stage>>);

impl Morning {
    /// False where one is under way.
    pub fn begin(&self, visits: usize) -> bool {
        let mut stage = lock(&self.0);
        if matches!(*stage, Stage::UnderWay(_)) {
            return false;
        }
        *stage = Stage::UnderWay(visits);
        true
    }

    pub fn end(&self, summary: MorningSummary) {
        *lock(&self.0) = Stage::Over(Box::new(summary));
    }

    /// For the page: a sentence, and the summary where there is one.
    pub fn view(&self) -> Value {
        match &*lock(&self.0) {
            Stage::None => json!({"text": "", "summary": null}),
            Stage::UnderWay(visits) => {
                json!({"text": format!("{visits} visits are under way."), "summary": null})
            }
            Stage::Over(summary) => json!({"text": summary.sentence(), "summary": summary}),
        }
    }
}
