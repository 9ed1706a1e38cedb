//! What the service says, beside what the fakes know to be true.

use std::time::{Duration, Instant};

use serde_json::Value;
use vestibule::simulator::Simulator;
use vestibule::simulator::people::verdict;
use vestibule::simulator::zoom::Presence;
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

/// Waits until the service's view, Epic's lights, Zoom's meetings and the truth agree; says what does not when the time is over.
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
    // I9: the last status at Epic equals what is true. I12: one meeting for each visit.
    match visits(site).await {
        Some(visits) => {
            let verdict = verdict(fakes.world(), &visits);
            // Of the driver's made-up guests the fakes know nothing.
            let known = verdict.iter().filter(|wrong| wrong.who.as_deref() != Some("unidentified"));
            wrong.extend(known.map(ToString::to_string));
        }
        None => wrong.push("the service does not answer".to_owned()),
    }
    wrong
}

/// Every visit; none where the service did not answer.
async fn visits(site: &Site) -> Option<Vec<Value>> {
    let url = format!("http://{}/api/v1/visits?limit=500", site.address);
    let mut answer = awc::Client::default().get(url).send().await.ok()?;
    let page: Value = answer.json().limit(64 << 20).await.ok()?;
    assert!(page["cursor"].is_null(), "a page holds all visits");
    page["visits"].as_array().cloned()
}

/// How many people sit in a meeting at the end: without any there would be little to agree on.
pub fn people_inside(fakes: &Simulator) -> usize {
    fakes.final_truth().iter().filter(|person| person.presence == Presence::InMeeting).count()
}
