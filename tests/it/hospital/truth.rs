//! What the service says, beside what the fakes know to be true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use vestibule::simulator::Simulator;
use vestibule::simulator::zoom::{MeetingTruth, PersonTruth, Presence};
use vestibule_domain::shard::SHARDS;

use super::site::Site;
use super::until;

/// A shard that was told nothing looks at its journal every second.
const REST: Duration = Duration::from_millis(1_500);
const COMMITTED: &str = "vestibule_committed_total{what=\"commands\"}";
const HELD: &str = "vestibule_shards_held";
const LANES: &str = "vestibule_epic_queue{organization=\"lakeside\"}";
/// Zoom's last retry comes 85 minutes after the event, by a clock that runs 300 times as fast.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);

/// Waits until the journals are taken in and Epic has acknowledged everything: for a while no command is committed no lane is open, and
/// every shard is some node's.
pub async fn until_at_rest(site: &Site) {
    let (deadline, mut since, mut last) = (Instant::now() + SETTLES_WITHIN, Instant::now(), None);
    until("the journals to be taken in and Epic to be told", 2 * SETTLES_WITHIN, async || {
        let now = (metric(site, COMMITTED).await, metric(site, LANES).await, metric(site, HELD).await);
        if last != Some(now) {
            (since, last) = (Instant::now(), Some(now));
        }
        if Instant::now() >= deadline {
            panic!(
                "commands committed, lanes open and shards held at the end: {now:?}, for {:?}; {:#?}; {:#?}",
                since.elapsed(),
                each_node(site).await,
                disagreements(site).await
            );
        }
        (now.0.is_some() && now.1 == Some(0) && now.2 == Some(u64::from(SHARDS)) && since.elapsed() > REST)
            .then_some(())
    })
    .await;
}

/// The lanes and shards of each node, for a message.
async fn each_node(site: &Site) -> Vec<String> {
    let mut all = Vec::new();
    for service in &site.services {
        let answer = awc::Client::default().get(format!("{}/metrics", service.url())).send().await;
        let text = match answer {
            Ok(mut answer) => answer.body().limit(8 << 20).await.unwrap_or_default(),
            Err(_) => "no answer".into(),
        };
        let text = String::from_utf8_lossy(&text);
        let told = ["vestibule_epic_", "vestibule_shard", "vestibule_committed", "no answer"];
        all.extend(
            text.lines().filter(|line| told.iter().any(|name| line.starts_with(name))).map(str::to_owned),
        );
    }
    all
}

/// A number of the metrics of all nodes together; none while one of them does not answer.
async fn metric(site: &Site, name: &str) -> Option<u64> {
    let mut all = 0;
    for service in &site.services {
        let url = format!("{}/metrics", service.url());
        let mut answer = awc::Client::default().get(url).send().await.ok()?;
        let text = answer.body().limit(8 << 20).await.ok()?;
        let text = String::from_utf8(text.to_vec()).unwrap();
        // Nothing is counted before it happened once.
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        all += value.map_or(0, |value| value.trim().parse::<u64>().unwrap());
    }
    Some(all)
}

/// Waits until the service's view, Epic's lights and the truth agree; says what does not when the time is over.
pub async fn assert_agreement(site: &Site) {
    let deadline = Instant::now() + SETTLES_WITHIN;
    until("service, lights and truth to agree", SETTLES_WITHIN + Duration::from_secs(1), async || {
        let wrong = disagreements(site).await;
        assert!(wrong.is_empty() || Instant::now() < deadline, "{wrong:#?}");
        wrong.is_empty().then_some(())
    })
    .await;
}

async fn disagreements(site: &Site) -> Vec<String> {
    let fakes = &site.fakes;
    let mut wrong = Vec::new();
    let pending = fakes.zoom().deliveries_pending();
    if pending > 0 {
        wrong.push(format!("{pending} events are on their way"));
    }
    // I9: the last status at Epic equals what is true.
    let people = fakes.final_truth();
    wrong.extend(people.iter().filter(|person| !person.right()).map(|person| format!("light: {person:?}")));
    match visits(site).await {
        Some(visits) => {
            let meetings = fakes.zoom().meetings();
            for (csn, visit) in &visits {
                wrong.extend(of_visit(csn, visit, &people, &meetings));
            }
        }
        None => wrong.push("the service does not answer".to_owned()),
    }
    wrong
}

fn of_visit(csn: &str, visit: &Value, people: &[PersonTruth], meetings: &[MeetingTruth]) -> Vec<String> {
    let mut wrong = Vec::new();
    let id = visit["meeting"]["id"].as_str().unwrap_or_default();
    let truth = meetings.iter().find(|meeting| meeting.id.to_string() == id);
    let phase = match truth {
        Some(meeting) if meeting.uuid.is_some() => "in_progress",
        Some(meeting) if !meeting.ended_uuids.is_empty() => "ended",
        _ => "waiting_for_host",
    };
    if visit["phase"] != phase {
        wrong.push(format!("{csn} of {}: is {} and should be {phase}", visit["owner"], visit["phase"]));
    }
    for person in visit["participants"].as_array().into_iter().flatten() {
        let Some(external_id) = person["external_id"].as_str() else { continue };
        let truth = people.iter().find(|one| one.csn == csn && one.external_id == external_id);
        let presence = match truth.map_or(Presence::Gone, |one| one.presence) {
            Presence::Gone => "gone",
            Presence::WaitingForHost => "waiting",
            Presence::InWaitingRoom => "in_waiting_room",
            Presence::InMeeting => "in_meeting",
        };
        let light = presence == "in_meeting";
        if person["presence"] != presence || person["wanted"] != light || person["connected"] != light {
            wrong.push(format!("{csn} of {}: should be {presence}: {person}", visit["owner"]));
        }
    }
    wrong
}

/// Every visit by its CSN; none where the service did not answer.
async fn visits(site: &Site) -> Option<BTreeMap<String, Value>> {
    let url = format!("http://{}/api/v1/visits?limit=500", site.address);
    let mut answer = awc::Client::default().get(url).send().await.ok()?;
    let page: Value = answer.json().limit(64 << 20).await.ok()?;
    assert!(page["cursor"].is_null(), "a page holds all visits");
    let visits = page["visits"].as_array()?.iter().cloned();
    Some(visits.filter_map(|visit| Some((visit["csn"].as_str()?.to_owned(), visit))).collect())
}

// I12: people of a visit are only ever sent to one live meeting; any other with its marker is removed.
pub async fn assert_one_meeting_for_each_visit(site: &Site) {
    let visits = until("the visits to be told", SETTLES_WITHIN, async || visits(site).await).await;
    let ours: BTreeSet<String> =
        visits.values().filter_map(|visit| Some(visit["meeting"]["id"].as_str()?.to_owned())).collect();
    for meeting in site.fakes.zoom().meetings() {
        if meeting.deleted {
            let instances = meeting.ended_uuids.len() + usize::from(meeting.uuid.is_some());
            assert_eq!(instances, 0, "somebody was in a meeting that was removed: {meeting:?}");
        } else {
            assert!(ours.contains(&meeting.id.to_string()), "no visit knows of {meeting:?}");
        }
    }
    assert!(!ours.is_empty(), "no visit has a meeting");
    assert_eq!(ours.len(), visits.values().filter(|visit| !visit["meeting"].is_null()).count());
}

/// How many people sit in a meeting at the end: without any there would be little to agree on.
pub fn people_inside(fakes: &Simulator) -> usize {
    fakes.final_truth().iter().filter(|person| person.presence == Presence::InMeeting).count()
}
