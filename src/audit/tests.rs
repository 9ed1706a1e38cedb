//! Chains on the in-memory store, with nodes that write at once and stores that do not answer.

use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::store::SharedStore;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::*;
use crate::http::kit::{Kit, NOW};
use crate::http::metrics::TextFormat;

fn lakeside() -> OrganizationId {
    OrganizationId::new("lakeside").unwrap()
}

fn deed(action: &str) -> Deed {
    Deed {
        action: action.to_owned(),
        outcome: "done".to_owned(),
        organization: Some("lakeside".to_owned()),
        csn: Some("10001".to_owned()),
        by: Some("help-desk".to_owned()),
        from: Some("192.0.2.7".to_owned()),
        ..Deed::default()
    }
}

fn waiting(id: &str, at: Moment, action: &str) -> Waiting {
    Waiting { id: id.to_owned(), at, deed: deed(action) }
}

fn store(kit: &Kit) -> SharedStore {
    kit.app.desk.ports().store.clone()
}

fn chain(kit: &Kit) -> Chain {
    Chain::new(&store(kit), &ChainId::of(Some(&lakeside()))).unwrap()
}

/// All lines that are kept.
async fn lines(chain: &Chain) -> Vec<String> {
    let mut all = Vec::new();
    let mut page = chain.first_page().await.unwrap();
    while let Some(text) = chain.lines(page).await.unwrap() {
        all.extend(text.lines().map(str::to_owned));
        page += 1;
    }
    all
}

fn verified(lines: &[String]) -> Result<Option<Sound>, Broken> {
    verify(lines.iter().map(String::as_str), None)
}

async fn of_entries(count: usize) -> Vec<String> {
    let kit = Kit::new();
    let chain = chain(&kit);
    for number in 0..count {
        chain
            .append("node", &[waiting(&format!("id-{number}"), NOW, "visit_viewed")], &mut None)
            .await
            .unwrap();
    }
    lines(&chain).await
}

#[actix_web::test]
async fn a_whole_chain_is_sound_from_wherever_it_begins() {
    let all = of_entries(5).await;
    let sound = verified(&all).unwrap().unwrap();
    assert_eq!((sound.first, sound.last), (1, 5));
    let rest = verified(&all[2..]).unwrap().unwrap();
    assert_eq!((rest.first, rest.last, rest.hash), (3, 5, sound.hash));
    assert_eq!(verified(&[]).unwrap(), None);
    // Two halves hold together by the hash between them.
    let before = verified(&all[..3]).unwrap();
    assert!(verify(all[3..].iter().map(String::as_str), before).is_ok());
}

#[actix_web::test]
async fn whatever_is_done_to_an_entry_is_found() {
    let all = of_entries(6).await;
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = all.clone();
        change(&mut changed);
        verified(&changed)
    };
    assert_eq!(with(&|all| all[2] = all[2].replace("10001", "10002")), Err(Broken::Changed { seq: 3 }));
    assert_eq!(
        with(&|all| all[2] = all[2].replace("help-desk", "help-desK")),
        Err(Broken::Changed { seq: 3 })
    );
    assert_eq!(with(&|all| drop(all.remove(2))), Err(Broken::OutOfPlace { after: 2, found: 4 }));
    assert_eq!(with(&|all| all.swap(2, 3)), Err(Broken::OutOfPlace { after: 2, found: 4 }));
    assert_eq!(with(&|all| all.insert(2, all[1].clone())), Err(Broken::OutOfPlace { after: 2, found: 2 }));
    assert_eq!(with(&|all| all[2] = "no entry".to_owned()), Err(Broken::Unreadable { line: 3 }));
    assert_eq!(with(&|all| all[2].truncate(40)), Err(Broken::Unreadable { line: 3 }));
    // Somebody who knows how entries are made writes one anew, hash and all: the one after it does not follow.
    let forged = |all: &mut Vec<String>| {
        let (mut kept, ..) = entry::Kept::of_line(&all[2]).unwrap();
        kept.deed.csn = Some("10002".to_owned());
        all[2] = kept.line().unwrap().0;
    };
    assert_eq!(with(&forged), Err(Broken::NotFollowing { seq: 4 }));
    // Or makes another beginning.
    let begun = |all: &mut Vec<String>| {
        let (mut kept, ..) = entry::Kept::of_line(&all[0]).unwrap();
        kept.prev = "1".repeat(64);
        all[0] = kept.line().unwrap().0;
    };
    assert_eq!(with(&begun), Err(Broken::NotFollowing { seq: 1 }));
    // What an end that is cut off cannot show is shown by its hash.
    assert_ne!(with(&|all| drop(all.pop())).unwrap().unwrap().hash, verified(&all).unwrap().unwrap().hash);
}

#[actix_web::test]
async fn words_of_every_kind_keep_their_hash() {
    let kit = Kit::new();
    let chain = chain(&kit);
    for odd in ["\"}", ",\"hash\":\"00\"}", "line\nbreak", "\\u0000", "Ω🩺", ""] {
        let deed = Deed { by: Some(odd.to_owned()), ..deed("visit_viewed") };
        chain.append("node", &[Waiting { id: "x".to_owned(), at: NOW, deed }], &mut None).await.unwrap();
    }
    let all = lines(&chain).await;
    assert_eq!(verified(&all).unwrap().unwrap().last, 6);
    let by: Vec<_> = all.iter().map(|line| Kept::of_line(line).unwrap().0.deed.by.unwrap()).collect();
    assert_eq!(by[2], "line\nbreak");
}

#[actix_web::test]
async fn a_try_in_doubt_is_there_once_however_much_others_write_meanwhile() {
    let kit = Kit::new();
    let (chain, other) = (chain(&kit), chain(&kit));
    let batch = |name: &str, size: usize| -> Vec<Waiting> {
        (0..size).map(|number| waiting(&format!("{name}-{number}"), NOW, "visit_viewed")).collect()
    };
    let mut entries = 0;
    for (round, size) in [1, 2, 60, 1, 30, 90, 3, 40, 1].into_iter().enumerate() {
        let ours = batch(&format!("ours-{round}"), size);
        let mut tried = None;
        kit.store.faults().fail(Some(Call::OrganizationPut), When::After, 1);
        // Its first write may be of the number of a new page, and so not of the entries.
        while chain.append("node", &ours, &mut tried).await.is_err() {
            for more in 0..3 {
                let theirs = batch(&format!("theirs-{round}-{more}-{entries}"), 50);
                other.append("other", &theirs, &mut None).await.unwrap();
                entries += theirs.len();
            }
        }
        entries += ours.len();
    }
    let all = lines(&chain).await;
    assert_eq!((all.len(), verified(&all).unwrap().unwrap().last), (entries, entries as u64));
}

#[actix_web::test]
async fn a_page_that_is_taken_away_is_missed_and_what_comes_meanwhile_is_not() {
    let kit = Kit::new();
    let (chain, id) = (chain(&kit), ChainId::of(Some(&lakeside())));
    for number in 0..120 {
        chain
            .append("node", &[waiting(&format!("id-{number}"), NOW, "visit_viewed")], &mut None)
            .await
            .unwrap();
    }
    assert!(chain.lines(3).await.unwrap().is_some(), "there are some pages");
    let whole = command::walked(&store(&kit), &id, |_| Ok(())).await.unwrap().unwrap();
    assert_eq!((whole.first, whole.last), (1, 120));
    // A service appends while somebody walks.
    let written = std::cell::Cell::new(false);
    let mut lines = 0;
    let shared = store(&kit);
    let walked = command::walked(&shared, &id, |_| {
        lines += 1;
        if !written.replace(true) {
            let batch = [waiting("meanwhile", NOW, "visit_viewed")];
            futures_util::FutureExt::now_or_never(chain.append("node", &batch, &mut None)).unwrap().unwrap();
        }
        Ok(())
    });
    let last = walked.await.unwrap().unwrap().last;
    assert_eq!((last, lines), (121, 121));
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"lakeside"));
    let entity: String = "audit-".chars().chain(hash.chars().take(40)).collect();
    let entity = OrganizationId::new(entity).unwrap();
    assert_eq!(store(&kit).organization_forget(&entity, "page-000000000002", 1).await.unwrap(), 1);
    let missed = command::walked(&store(&kit), &id, |_| Ok(())).await.unwrap_err();
    assert!(missed.to_string().contains("lakeside: entries are missing after"), "{missed}");
}

// === the keeper ===

fn count(kit: &Kit, outcome: &str) -> u64 {
    let text = kit.app.metrics.render(TextFormat::Prometheus).unwrap();
    let name = format!("vestibule_audit_entries_total{{outcome=\"{outcome}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

#[actix_web::test]
async fn who_acts_waits_until_it_is_kept_and_is_refused_where_it_cannot_be() {
    tokio::time::pause();
    let kit = Kit::new();
    let audit = kit.app.audit.clone();
    audit.note(Some(&lakeside()), deed("visit_viewed"));
    audit.keep(Some(&lakeside()), deed("identify")).await.unwrap();
    assert_eq!(lines(&chain(&kit)).await.len(), 2);
    kit.store.faults().fail_always(None, When::Before);
    assert_eq!(audit.keep(Some(&lakeside()), deed("identify")).await, Err(Lost::NotWritten));
    audit.note(None, deed("signed_in"));
    assert!(audit.settle(std::time::Duration::from_secs(2)).await.is_err());
    // What was handed in waits for the store, whoever gave up waiting for it.
    kit.store.faults().heal();
    audit.settle(std::time::Duration::from_secs(10)).await.unwrap();
    assert_eq!(verified(&lines(&chain(&kit)).await).unwrap().unwrap().last, 3);
    let service = Chain::new(&store(&kit), &ChainId::of(None)).unwrap();
    assert_eq!(lines(&service).await.len(), 1);
    assert_eq!((count(&kit, "kept"), count(&kit, "lost")), (4, 0));
}

#[actix_web::test]
async fn a_full_queue_refuses_whoever_acts_and_counts_whoever_looks() {
    tokio::time::pause();
    let kit = Kit::new();
    let audit = kit.app.audit.clone();
    kit.store.faults().fail_always(None, When::Before);
    for _ in 0..12_000 {
        audit.note(Some(&lakeside()), deed("visit_viewed"));
    }
    let lost = count(&kit, "lost");
    assert!(lost > 0);
    assert_eq!(audit.keep(Some(&lakeside()), deed("identify")).await, Err(Lost::Full));
    kit.store.faults().heal();
    audit.settle(std::time::Duration::from_secs(60)).await.unwrap();
    assert_eq!(count(&kit, "kept") + lost, 12_000);
    assert_eq!(count(&kit, "lost"), lost, "who acts is told and not counted");
}

#[test]
fn an_entry_is_told_as_fhir_has_it() {
    let kept = Kept {
        seq: 7,
        id: "00000000000000aa".to_owned(),
        at: "2026-11-23T17:00:00Z".parse().unwrap(),
        node: "node-a".to_owned(),
        deed: deed("visit_viewed"),
        prev: String::new(),
    };
    let event = audit_event(&kept);
    assert_eq!(
        (&event["resourceType"], &event["action"], &event["outcome"]),
        (&"AuditEvent".into(), &"R".into(), &"0".into())
    );
    assert_eq!(event["recorded"], "2026-11-23T17:00:00Z");
    assert_eq!(event["agent"][0]["network"]["address"], "192.0.2.7");
    assert_eq!(event["entity"][0]["what"]["identifier"]["value"], "10001");
    assert_eq!(event["source"]["site"], "lakeside");
    let refused = Deed {
        outcome: "not-allowed".to_owned(),
        organization: None,
        csn: None,
        by: None,
        from: None,
        ..deed("refused")
    };
    let event = audit_event(&Kept { deed: refused, ..kept });
    assert_eq!((&event["outcome"], &event["type"]["code"]), (&"4".into(), &"110114".into()));
    assert!(event.get("entity").is_none() && event["source"].get("site").is_none());
}

#[actix_web::test]
async fn entries_of_a_time_are_found_without_reading_all_of_the_chain() {
    let kit = Kit::new();
    let chain = chain(&kit);
    // Some dozens of pages, with two acts in the midst of looks.
    for minute in 0..400_i64 {
        let action = if minute == 200 || minute == 210 { "identify" } else { "visit_viewed" };
        let at = NOW + vestibule_domain::time::Span::minutes(minute);
        let padded = format!("{minute:0>1500}");
        let waiting = Waiting { id: padded, ..waiting("", at, action) };
        chain.append("node", &[waiting], &mut None).await.unwrap();
    }
    let minute = |minute| {
        let at = NOW + vestibule_domain::time::Span::minutes(minute);
        jiff::Timestamp::from_millisecond(at.0).unwrap()
    };
    let is_act = |deed: &Deed| deed.action == "identify";
    let reads = || kit.store.faults().calls(Call::OrganizationGet);
    for (from, to, found) in
        [(190, 220, 2), (200, 210, 2), (201, 220, 1), (0, 199, 0), (211, 999, 0), (-5, 999, 2)]
    {
        let before = reads();
        let told = chain.between(minute(from), minute(to), 64, is_act).await.unwrap();
        assert_eq!((told.entries.len(), told.complete), (found, true), "{from} to {to}");
        if to - from <= 30 {
            assert!(reads() - before < 16, "{} reads of some forty pages", reads() - before);
        }
    }
    // Everything is more than may be looked through.
    let told = chain.between(minute(0), minute(999), 3, is_act).await.unwrap();
    assert!(!told.complete && told.entries.is_empty());
    assert!(chain.last_page().await.unwrap() > 30);
}
