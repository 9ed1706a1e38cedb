//! A store is copied while visits are under way, lost with all that came after, and put back: nobody gets a second meeting, and the lights end
//! right.

use std::path::Path;

use super::house::{House, folder_with_key, free_port, read, until};
use crate::redis::Redis;

const ADA: (&str, &str) = ("10001", "WPR1");
const BEN: (&str, &str) = ("10002", "WPR2");
const CAL: &str = "10003";
const PROVIDERS: [&str; 2] = ["EMP501", "EMP502"];

const SEALED: &str =
    "[store]\nseal_visits = true\nsealing_keys = [\"a-key-of-more-than-thirty-two-characters\"]\n";

/// Whether the bytes of a store have a visit's CSN, and what people are reached by or come in by.
fn has_of(copy: &str) -> (bool, bool) {
    let bytes = std::fs::read(copy).unwrap();
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    (has(BEN.0), has("@example.org") || has("\"join_url\""))
}

/// Settings that have the house's store and a key of somebody else's.
fn another_key(house: &House) -> String {
    let path = house.file("another-key.toml");
    let store = house.file("store").display().to_string();
    let text = format!(
        "server.listen = \"127.0.0.1:0\"\naccess.mode = \"loopback\"\n[store]\nurl = \"embedded:{store}\"\nseal_visits = true\n\
         sealing_keys = [\"another-key-of-more-than-thirty-two\"]\n"
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// One visit of which everybody is in the meeting, one whose patient waits, and one that nobody has launched.
async fn under_way(house: &House) -> (String, String) {
    let host = house.starts(ADA.0, PROVIDERS[0]).await;
    let patient = house.waits(ADA.0, ADA.1).await.goes_in().await;
    house.until_light(ADA.0, ADA.1, true).await;
    house.waits(BEN.0, BEN.1).await;
    (host, patient)
}

/// What happens after the copy and is lost: the second visit begins, and the third is launched, so that it has a meeting. Who is inside.
async fn what_is_lost(house: &House) -> Vec<String> {
    let seats =
        vec![house.starts(BEN.0, PROVIDERS[1]).await, house.waits(BEN.0, BEN.1).await.goes_in().await];
    house.until_light(BEN.0, BEN.1, true).await;
    house.until_inside(BEN.0, 2).await;
    house.start_link(CAL, PROVIDERS[1]).await;
    seats
}

fn meetings(house: &House) -> Vec<u64> {
    house.live_meetings().iter().map(|meeting| meeting.id).collect()
}

/// The service runs on the store that was put back.
async fn all_is_put_right(house: &mut House, seats: Vec<String>, before: &[u64]) {
    // Of the one that was launched after the copy the service knows nothing.
    assert_eq!(house.get("/api/v1/visits/lakeside/10003").await.status, 404);
    // The one of which everybody was in its meeting has that still, and Epic was told again.
    let ada = house.until_inside(ADA.0, 2).await;
    assert!(before.contains(&ada["meeting"]["id"].as_str().unwrap().parse().unwrap()));
    let told = async || {
        let records = house.records(ADA.0).await;
        (records.iter().filter(|one| one["outcome"] == "delivered" && one["event"] == "joined").count() >= 4)
            .then_some(())
    };
    until("Epic is told again of both", told).await;
    // Whoever launches again comes to the meeting in which the others are: it is looked for before one is made.
    let mut again = Vec::new();
    again.push(house.starts(BEN.0, PROVIDERS[1]).await);
    again.push(house.waits(BEN.0, BEN.1).await.goes_in().await);
    house.until_inside(BEN.0, 2).await;
    house.until_light(BEN.0, BEN.1, true).await;
    house.start_link(CAL, PROVIDERS[1]).await;
    // I12: no visit has a second meeting, and none of the first was removed.
    assert_eq!(meetings(house), before);
    for seat in seats.iter().chain(&again) {
        // Some were put out by their second device.
        let _ = house.zoom().act(seat, &vestibule::simulator::zoom::SeatAct::Leave);
    }
    house.until_right().await;
    for (csn, patient) in [ADA, BEN] {
        house.until_light(csn, patient, false).await;
    }
    assert_eq!(meetings(house), before);
}

#[actix_web::test]
async fn a_file_that_was_lost_is_put_back_from_a_copy_made_while_the_service_ran() {
    let mut house = House::of_the_program(SEALED).await;
    let (host, patient) = under_way(&house).await;
    let copy = house.file("copy.redb").display().to_string();
    let taken = house.runs(&["backup", "--to", &copy]).await;
    assert_eq!(taken.status, 0, "{}", taken.complained);
    assert!(taken.said.contains("the store as it was at 20"), "{}", taken.said);
    assert_eq!(has_of(&copy), (true, false), "a stolen store alone gives neither link nor name");
    let again = house.runs(&["backup", "--to", &copy]).await;
    assert_eq!(again.status, 64, "a copy is not written over: {}", again.complained);
    let mut seats = what_is_lost(&house).await;
    seats.extend([host, patient]);
    let before = meetings(&house);
    assert_eq!(before.len(), 3);
    let running = house.runs(&["restore", "--from", &copy, "--replace"]).await;
    assert_eq!(running.status, 69, "a service runs on it: {}", running.said);
    assert!(running.complained.contains("already used by another process"), "{}", running.complained);

    house.kill_program();
    let without = house.runs_alone(&["serve", "--config", &another_key(&house)]).await;
    assert_eq!(without.status, 69, "{}", without.complained);
    assert!(
        without.complained.contains("a key that store.sealing_keys does not have"),
        "{}",
        without.complained
    );
    let checked = house.runs_alone(&["check", "--config", &another_key(&house)]).await;
    let sealed = checked.said.lines().find(|line| line.contains("store: sealed visits"));
    assert!(sealed.is_some_and(|line| line.contains("does not have; put that key back")), "{}", checked.said);
    let other = another_key(&house);
    let restored = house.runs_alone(&["restore", "--from", &copy, "--replace", "--config", &other]).await;
    assert_eq!(restored.status, 69, "{}", restored.said);
    assert!(restored.complained.contains("does not have; put that key back"), "{}", restored.complained);
    let checked = house.runs(&["check"]).await;
    assert!(checked.said.contains("is opened by the keys that are here"), "{}", checked.said);
    std::fs::remove_dir_all(house.file("store")).unwrap();
    let restored = house.runs(&["restore", "--from", &copy]).await;
    assert_eq!(restored.status, 0, "{}", restored.complained);
    assert!(restored.said.contains("2 visits will ask Zoom and tell Epic anew"), "{}", restored.said);
    house.start_program().await;
    all_is_put_right(&mut house, seats, &before).await;
    assert_eq!(house.stop_service().await.unwrap().code(), Some(0), "{}", house.log());
    // The chain of the service is whole, and says that it was put back.
    let verified = house.runs(&["audit", "verify"]).await;
    assert_eq!(verified.status, 0, "{}", verified.complained);
    let chain = house.runs(&["audit", "export"]).await.said;
    let place = |what: &str| chain.find(what).unwrap_or_else(|| panic!("no {what} in {chain}"));
    assert!(place("\"action\":\"backup_taken\",\"outcome\":\"begun\"") < place("store_restored"));
    house.close().await;
}

#[actix_web::test]
async fn a_file_that_nobody_runs_on_is_copied_by_itself() {
    let mut house = House::of_the_program("").await;
    house.waits(BEN.0, BEN.1).await;
    house.stop_service().await;
    let copy = house.file("copy.redb").display().to_string();
    let taken = house.runs(&["backup", "--to", &copy]).await;
    assert_eq!(taken.status, 0, "{}", taken.complained);
    assert_eq!(has_of(&copy), (true, true), "nothing is sealed unless the settings say so");
    let there = house.runs(&["restore", "--from", &copy]).await;
    assert_eq!(there.status, 69, "{}", there.said);
    assert!(there.complained.contains("--replace"), "{}", there.complained);
    let restored = house.runs(&["restore", "--from", &copy, "--replace"]).await;
    assert_eq!(restored.status, 0, "{}", restored.complained);
    assert!(restored.said.contains("vestibule.redb.before-20"), "{}", restored.said);
    house.start_program().await;
    assert_eq!(house.visit(BEN.0).await["phase"], "waiting_for_host");
    std::fs::write(&copy, "cut off").unwrap();
    house.stop_service().await;
    let bad = house.runs(&["restore", "--from", &copy, "--replace"]).await;
    assert_eq!(bad.status, 69, "{}", bad.said);
    assert!(bad.complained.contains("nothing was changed"), "{}", bad.complained);
    for (arguments, status) in [
        (&["restore"][..], 64),
        (&["restore", "--already-there", "--from", "x"], 64),
        (&["backup"], 64),
        (&["restore", "--already-there"], 0),
    ] {
        assert_eq!(house.runs(arguments).await.status, status, "{arguments:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn copies_are_made_by_the_clock_and_a_token_is_needed_to_ask_for_one() {
    let tokens = "[access]\nmode = \"token\"\ntokens = [\"of-everything\"]\n\
                  grant.desk = {token = \"of-the-desk\", role = \"administrator\", organizations = [\"lakeside\"]}\n\
                  [store.backup]\ndir = \"copies\"\nevery = \"1h\"\nkeep = 1\n";
    let folder = |house: &House| house.file("copies");
    let mut house = House::furnished(free_port(), folder_with_key(), tokens, |_| {}).await;
    std::fs::create_dir(folder(&house)).unwrap();
    house.start_program().await;
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".redb")).collect::<Vec<_>>()
    };
    let made = until("the first copy", async || names(&folder(&house)).pop()).await;
    let bearer = [("authorization", "Bearer of-everything")];
    until("it is counted", async || {
        let metrics = house.get_with("/metrics", &bearer).await.text();
        let newest = metrics.lines().find_map(|line| line.strip_prefix("vestibule_backup_newest "))?;
        assert!(metrics.contains("vestibule_backup_every_seconds 3600"));
        (newest.parse::<i64>().unwrap() > 1_700_000_000).then_some(())
    })
    .await;
    // The copy is a store like any other.
    let copied = house.file("copies").join(made).display().to_string();
    let elsewhere = house.file("elsewhere.toml");
    std::fs::write(&elsewhere, "[store]\nurl = \"embedded:elsewhere\"\nbackup.dir = \"\"\n").unwrap();
    let elsewhere = elsewhere.display().to_string();
    let restored = house.runs_alone(&["restore", "--from", &copied, "--config", &elsewhere]).await;
    assert_eq!(restored.status, 0, "{}", restored.complained);
    let ask = async |token: &str| {
        let asked = house.http.post(format!("{}/api/v1/backup", house.url)).bearer_auth(token);
        read(asked.send().await).await
    };
    assert_eq!(ask("of-the-desk").await.status, 403);
    let given = ask("of-everything").await;
    assert_eq!((given.status, given.header("content-type")), (200, "application/octet-stream"));
    assert!(given.body.starts_with(b"redb"));
    // The command finds a token in the settings.
    let to = house.file("asked.redb").display().to_string();
    let taken = house.runs(&["backup", "--to", &to]).await;
    assert_eq!(taken.status, 0, "{}", taken.complained);
    house.close().await;
}

#[actix_web::test]
async fn a_redis_that_was_lost_is_put_back_from_its_own_copy() {
    let mut redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let settings = format!("[store]\nurl = \"{}\"\ndurability = \"everysec\"\n", redis.url());
    let mut house = House::of_the_program(&settings).await;
    let (host, patient) = under_way(&house).await;
    redis.ask(&["SAVE"]).await;
    let copy = house.file("copy.rdb");
    std::fs::copy(redis.folder().join("dump.rdb"), &copy).unwrap();
    let asked = house.runs(&["backup", "--to", "x"]).await;
    assert_eq!(asked.status, 64, "{}", asked.said);
    let mut seats = what_is_lost(&house).await;
    seats.extend([host, patient]);
    let before = meetings(&house);
    let running = house.runs(&["restore", "--already-there"]).await;
    assert_eq!(running.status, 69, "{}", running.said);
    assert!(running.complained.contains("stop every node"), "{}", running.complained);

    house.kill_program();
    redis.put_back(&copy).await;
    let told = until("leases of the copy have run out", async || {
        let told = house.runs(&["restore", "--already-there"]).await;
        (told.status == 0).then_some(told.said)
    })
    .await;
    assert!(told.contains("2 visits will ask Zoom and tell Epic anew"), "{told}");
    house.start_program().await;
    all_is_put_right(&mut house, seats, &before).await;
    house.close().await;
}
