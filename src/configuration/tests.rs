//! What is kept of settings, over the store in memory.

use std::collections::BTreeMap;

use vestibule_actors::memory::{Call, When};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::*;
use crate::http::kit::{Kit, Log, organization};
use crate::sealing::Sealer;
use crate::settings::{Secret, Values};

fn id() -> OrganizationId {
    OrganizationId::new("riverside").unwrap()
}

fn keeping(kit: &Kit) -> Keeping {
    with_keys(kit, &["k"])
}

/// With these keys, newest first.
fn with_keys(kit: &Kit, letters: &[&str]) -> Keeping {
    let ports = kit.app.desk.ports();
    let keys: Vec<Secret> = letters.iter().map(|letter| Secret::new(letter.repeat(40))).collect();
    let sealer = Sealer::new(&keys);
    Keeping::new(ports.store.clone(), ports.clock.clone(), ports.randomness.clone(), sealer)
}

fn wanted(keeping: &Keeping, base: u64, name: &str) -> Wanted {
    wanted_of(&id(), keeping, base, name)
}

fn wanted_of(id: &OrganizationId, keeping: &Keeping, base: u64, name: &str) -> Wanted {
    let secret = keeping.seal(id, "zoom.client_secret", "hunter2").unwrap();
    Wanted {
        base,
        values: Values::from([("name".to_owned(), name.to_owned())]),
        secrets: BTreeMap::from([("zoom.client_secret".to_owned(), secret)]),
        by: "somebody".to_owned(),
        reason: None,
        forced: Vec::new(),
        removed: false,
    }
}

fn draft() -> Draft {
    let (values, secrets) = (Values::new(), BTreeMap::new());
    Draft { base: 0, at: vestibule_domain::time::Moment(0), values, secrets, checked: None }
}

#[actix_web::test]
async fn of_two_saves_on_one_version_one_is_done() {
    let kit = Kit::new();
    let keeping = keeping(&kit);
    assert!(matches!(keeping.save(&id(), wanted(&keeping, 0, "one")).await.unwrap(), Saved::Done(1)));
    assert!(matches!(keeping.save(&id(), wanted(&keeping, 0, "two")).await.unwrap(), Saved::Behind));
    assert!(matches!(keeping.save(&id(), wanted(&keeping, 1, "three")).await.unwrap(), Saved::Done(2)));
    let newest = keeping.newest(&id()).await.unwrap().unwrap();
    assert_eq!(newest.values["name"], "three");
    assert_eq!(newest.history.iter().map(|head| head.version).collect::<Vec<_>>(), [1]);
    assert_eq!(keeping.versions().await.unwrap()[&id()].version, 2);
    let opened = keeping.open(&id(), &newest.values, &newest.secrets).unwrap();
    assert_eq!(opened["zoom.client_secret"], "hunter2");
}

#[actix_web::test]
async fn a_hundred_versions_are_kept_and_the_rest_leaves() {
    let kit = Kit::new();
    let keeping = keeping(&kit);
    for base in 0..110 {
        let saved = keeping.save(&id(), wanted(&keeping, base, &base.to_string())).await.unwrap();
        assert!(matches!(saved, Saved::Done(_)));
    }
    let newest = keeping.newest(&id()).await.unwrap().unwrap();
    assert_eq!(newest.history.len(), 100);
    let oldest = newest.history.last().unwrap();
    assert_eq!(oldest.version, 10);
    assert!(keeping.version(&id(), oldest).await.unwrap().is_some());
    let gone = Head { name: oldest.name.replace("version/00000010", "version/00000009"), ..oldest.clone() };
    assert!(keeping.version(&id(), &gone).await.unwrap().is_none());
}

#[actix_web::test]
async fn drafts_are_each_persons_own() {
    let kit = Kit::new();
    let keeping = keeping(&kit);
    keeping.keep_draft(&id(), "desk", &draft()).await.unwrap();
    keeping.keep_draft(&id(), "desk-2", &Draft { base: 7, ..draft() }).await.unwrap();
    keeping.drop_draft(&id(), "desk").await.unwrap();
    assert!(keeping.draft(&id(), "desk").await.unwrap().is_none());
    assert_eq!(keeping.draft(&id(), "desk-2").await.unwrap().unwrap().base, 7);
}

#[actix_web::test]
async fn of_a_removed_organization_no_secret_stays_and_one_that_was_made_again_is_left_alone() {
    let kit = Kit::new();
    let keeping = keeping(&kit);
    let store = &kit.app.desk.ports().store;
    keeping.save(&id(), wanted(&keeping, 0, "one")).await.unwrap();
    keeping.keep_draft(&id(), "desk", &draft()).await.unwrap();
    store.organization_put(&id(), "zoom/connection", 0, b"token".to_vec()).await.unwrap();
    let removal = Wanted { removed: true, secrets: BTreeMap::new(), ..wanted(&keeping, 1, "one") };
    keeping.save(&id(), removal).await.unwrap();
    assert!(keeping.versions().await.unwrap().is_empty());
    assert_eq!(ever_kept(store).await.unwrap(), [id()]);
    assert!(keeping.to_forget(|_| false).await.unwrap().is_empty(), "not at once");
    kit.clock.advance(Span::hours(2));
    assert!(keeping.to_forget(|_| true).await.unwrap().is_empty(), "the files name it");
    assert_eq!(keeping.to_forget(|_| false).await.unwrap(), [id()]);
    assert_eq!(keeping.forget(&id()).await.unwrap(), 3);
    assert!(keeping.to_forget(|_| false).await.unwrap().is_empty(), "it is done");
    assert_eq!(ever_kept(store).await.unwrap(), [id()], "its audit is still looked after");
    assert!(store.organization_get(&id(), "zoom/connection").await.unwrap().is_none());
    let last = keeping.newest(&id()).await.unwrap().unwrap();
    assert!(last.head.removed && last.secrets.is_empty());
    keeping.save(&id(), wanted(&keeping, 2, "again")).await.unwrap();
    kit.clock.advance(Span::hours(2));
    assert!(keeping.to_forget(|_| false).await.unwrap().is_empty());
}

/// Saves a version for each of these keys, under that key.
async fn saved_under(kit: &Kit, id: &OrganizationId, letters: &[&str]) {
    for (base, letter) in (0..).zip(letters) {
        let keeping = with_keys(kit, &[*letter]);
        let wanted = wanted_of(id, &keeping, base, letter);
        assert!(matches!(keeping.save(id, wanted).await.unwrap(), Saved::Done(_)));
    }
}

/// What these keys make of the secret of each version of an organization, the newest version first.
async fn opened(keeping: &Keeping, id: &OrganizationId) -> Vec<Option<String>> {
    let newest = keeping.newest(id).await.unwrap().unwrap();
    let mut all = Vec::new();
    for head in std::iter::once(&newest.head).chain(&newest.history) {
        let version = keeping.version(id, head).await.unwrap().unwrap();
        let values = keeping.open(id, &Values::new(), &version.secrets).ok();
        all.push(values.map(|values| values["zoom.client_secret"].clone()));
    }
    all
}

#[actix_web::test]
async fn one_secret_that_no_key_opens_keeps_no_other_from_the_newest_key() {
    let kit = Kit::new();
    let [first, middle, last] = ["eastside", "riverside", "westside"].map(organization);
    saved_under(&kit, &first, &["a", "a"]).await;
    saved_under(&kit, &middle, &["a", "x", "a"]).await;
    saved_under(&kit, &last, &["a", "n", "a"]).await;
    let (both, new) = (with_keys(&kit, &["n", "a"]), with_keys(&kit, &["n"]));
    assert_eq!(opened(&new, &last).await, [None, Some("hunter2".to_owned()), None]);

    let (log, guard) = Log::keep();
    let came = both.seal_anew().await.unwrap();
    drop(guard);
    let left = vec![middle.clone()];
    assert_eq!(came, SealedAnew { versions: 6, left: left.clone() }, "not those that have the newest key");
    let hunter = || Some("hunter2".to_owned());
    assert_eq!(opened(&new, &first).await, [hunter(), hunter()], "the version that counts, and its history");
    assert_eq!(opened(&new, &middle).await, [hunter(), None, hunter()]);
    assert_eq!(opened(&new, &last).await, [hunter(), hunter(), hunter()]);
    assert_eq!(opened(&with_keys(&kit, &["x"]), &middle).await, [None, hunter(), None], "it is as it was");

    let log = log.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("could not all be sealed anew")).collect();
    assert!(lines.len() == 1 && lines[0].contains("\"organization\":\"riverside\""), "{log}");
    assert!(!log.contains("hunter2") && !log.contains("sealed-1:"), "{log}");

    assert_eq!(both.seal_anew().await.unwrap(), SealedAnew { versions: 0, left });
    let with_it = with_keys(&kit, &["n", "a", "x"]);
    assert_eq!(with_it.seal_anew().await.unwrap(), SealedAnew { versions: 1, left: Vec::new() });
    assert_eq!(opened(&new, &middle).await, [hunter(), hunter(), hunter()]);
}

#[actix_web::test]
async fn a_store_that_is_away_is_not_asked_for_one_organization_after_the_other() {
    let kit = Kit::new();
    saved_under(&kit, &organization("eastside"), &["a"]).await;
    saved_under(&kit, &organization("westside"), &["a"]).await;
    let both = with_keys(&kit, &["n", "a"]);
    // The first organization's version is what cannot be written.
    kit.store.faults().fail(Some(Call::OrganizationPut), When::Before, 1);
    assert!(matches!(both.seal_anew().await, Err(KeepingError::Store(_))));
    assert_eq!(opened(&with_keys(&kit, &["n"]), &organization("westside")).await, [None::<String>]);
    assert_eq!(both.seal_anew().await.unwrap().versions, 2, "the next start does it");
}
