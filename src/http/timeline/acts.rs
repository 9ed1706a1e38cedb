//! What people did about a visit, from the audit of its organization.

use std::collections::BTreeMap;

use vestibule_domain::id::{VisitId, VisitKey};
use vestibule_domain::time::Moment;

use super::entry::{ActView, EntryView};
use crate::audit::{Chain, ChainId, Deed, Kept};
use crate::http::app::App;
use crate::http::ask::stored;
use crate::http::audited::LOOKS;
use crate::http::problem::ApiError;
use crate::http::view::{Time, timestamp};

/// Pages of the audit that are looked through for one timeline, each of some forty entries.
const PAGES: u64 = 64;
const BEGUN: &str = "begun";

/// The acts of a time, and whether there may be more than could be looked for.
pub async fn of(
    app: &App,
    visit: &VisitKey,
    from: Moment,
    to: Moment,
) -> Result<(Vec<EntryView>, bool), ApiError> {
    let chain = Chain::new(&app.desk.ports().store, &ChainId::of(Some(&visit.organization)))?;
    let (from, to) = (timestamp(from).0, timestamp(to).0);
    let found = stored(chain.between(from, to, PAGES, |deed| is_act_on(deed, visit))).await?;
    Ok((entries(&found.entries), !found.complete))
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
fn entries(kept: &[Kept]) -> Vec<EntryView> {
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
    acts.into_values().map(|(at, act)| entry(at, act)).collect()
}

fn entry(at: Time, act: ActView) -> EntryView {
    let did = match act.action.as_str() {
        "identify" => "said who somebody in the meeting is",
        "meeting_ended" => "ended the meeting for everybody",
        "meeting_made_again" => "had the meeting made again",
        "update_sent_again" => "had a parked update sent again",
        "update_dropped" => "dropped a parked update",
        "command_dropped" => "dropped what was set aside",
        "guest_invited" => "asked for a guest's link",
        "guest_revoked" => "took a guest's link back",
        "guest_texted" => "had a guest's link sent by text message",
        _ => "did something",
    };
    let other =
        if did == "did something" { format!(" ({})", act.action.replace('_', " ")) } else { String::new() };
    let by = act.by.as_deref().unwrap_or("Somebody");
    let why = act.reason.as_ref().map(|reason| format!(" Why: {reason}.")).unwrap_or_default();
    let outcome = act.outcome.replace(['-', '_'], " ");
    let text = format!("{by} {did}{other}: {outcome}.{why}");
    let tone = if act.outcome == "done" { "good" } else { "quiet" };
    EntryView { act: Some(Box::new(act)), ..EntryView::new(at, "act", text).tone(tone) }
}
