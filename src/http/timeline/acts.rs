//! What people did about a visit, from the audit of its organization.

use std::collections::BTreeMap;

use vestibule_domain::id::{VisitId, VisitKey};
use vestibule_domain::time::Moment;

use super::entry::{ActView, EntryView};
use super::words::{self, BEGUN};
use crate::audit::{Chain, ChainId, Deed, Kept};
use crate::http::app::App;
use crate::http::ask::stored;
use crate::http::audited::LOOKS;
use crate::http::problem::ApiError;
use crate::http::view::{Time, timestamp};
use crate::web::Language;

/// Pages of the audit that are looked through for one timeline, each of some forty entries.
const PAGES: u64 = 64;

/// The acts of a time, and whether there may be more than could be looked for.
pub async fn of(
    app: &App,
    visit: &VisitKey,
    (from, to): (Moment, Moment),
    language: Language,
) -> Result<(Vec<EntryView>, bool), ApiError> {
    let chain = Chain::new(&app.desk.ports().store, &ChainId::of(Some(&visit.organization)))?;
    let (from, to) = (timestamp(from).0, timestamp(to).0);
    let found = stored(chain.between(from, to, PAGES, |deed| is_act_on(deed, visit))).await?;
    Ok((entries(language, &found.entries), !found.complete))
}

/// Whoever only looked has changed nothing, and launches are in the history.
fn is_act_on(deed: &Deed, visit: &VisitKey) -> bool {
    let about = match &visit.visit {
        VisitId::Csn(csn) => deed.csn.as_deref() == Some(csn.as_str()),
        VisitId::Conference(id) => deed.conference_id.as_deref() == Some(id.as_str()),
    };
    let looked = LOOKS.iter().any(|(_, action)| *action == Some(deed.action.as_str()));
    about && !looked && !matches!(deed.action.as_str(), "launch" | "refused")
}

/// An act is in the audit when it begins, with its reason, and when it is over, with what came of it; it is told once.
fn entries(language: Language, kept: &[Kept]) -> Vec<EntryView> {
    let mut acts: BTreeMap<u64, (Time, ActView)> = BTreeMap::new();
    let mut under_way: BTreeMap<(&str, Option<&str>), u64> = BTreeMap::new();
    for one in kept {
        let Deed { action, outcome, by, reason, correlation_id, .. } = &one.deed;
        let request = (action.as_str(), correlation_id.as_deref());
        let begun = under_way.get(&request).and_then(|seq| acts.get_mut(seq));
        if let Some((_, act)) = begun.filter(|_| outcome != BEGUN) {
            act.outcome.clone_from(outcome);
            continue;
        }
        under_way.insert(request, one.seq);
        let act = ActView {
            action: action.clone(),
            by: by.clone(),
            reason: reason.clone(),
            outcome: outcome.clone(),
        };
        acts.insert(one.seq, (Time(one.at), act));
    }
    acts.into_values().map(|(at, act)| entry(language, at, act)).collect()
}

fn entry(language: Language, at: Time, act: ActView) -> EntryView {
    let tone = if act.outcome == "done" { "good" } else { "quiet" };
    let told = EntryView::new(at, "act", words::act(language, &act)).tone(tone);
    EntryView { act: Some(Box::new(act)), ..told }
}
