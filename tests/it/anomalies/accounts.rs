//! Two subscriptions of one account, and two accounts in one deployment.

use serde_json::json;
use vestibule::simulator::zoom::{Fate, Weather, signature};
use vestibule::simulator::{Simulator, SimulatorConfig, start};

use super::ground::{Ground, Kept, participant};
use super::scene::Scene;
use super::wire::{G1, P1, Stage, U1, joined, left, of_meeting};

const OTHER_ACCOUNT: &str = "DemoZoomAccount2";
const OTHER_SECRET: &str = "the-webhook-secret-of-hillside";

/// A second organization with an Epic and a Zoom of its own.
async fn another() -> (Simulator, String) {
    let mut config = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), "http://127.0.0.1:9");
    (config.organization, config.zoom_account_id) = ("hillside".to_owned(), OTHER_ACCOUNT.to_owned());
    (config.zoom_webhook_secret, config.seed) = (OTHER_SECRET.to_owned(), 2);
    let fakes = start(config.clone()).await.unwrap();
    let (url, epic) = (fakes.url(), &config.epic_client_id);
    let (client, secret) = (&config.zoom_client_id, &config.zoom_client_secret);
    let settings = format!(
        "[organization.hillside]\nepic.fhir_base_url = \"{url}/epic/api/FHIR/R4\"\n\
         epic.telehealth_base_url = \"{url}/epic\"\nepic.client_id = \"{epic}\"\n\
         epic.private_key_files = [\"key.pem\"]\nzoom.api_base_url = \"{url}/zoom/v2\"\n\
         zoom.oauth_base_url = \"{url}/zoom\"\nzoom.account_id = \"{OTHER_ACCOUNT}\"\n\
         zoom.client_id = \"{client}\"\nzoom.client_secret = \"{secret}\"\n\
         zoom.webhook_secret_tokens = [\"{OTHER_SECRET}\"]\n"
    );
    (fakes, settings)
}

async fn open(kept: Kept) -> Ground {
    let (other, settings) = another().await;
    let ground = Ground::with(kept, 4, &settings, |_| {}).await;
    // Nobody launches there, so that nothing is asked of it.
    other.stop().await;
    ground
}

on_both! {
    open;
    a04_two_subscriptions_that_tell_everything_twice_have_one_effect,
    a44_one_accounts_secret_moves_nothing_in_anothers_meeting,
}

async fn a04_two_subscriptions_that_tell_everything_twice_have_one_effect(ground: &Ground) {
    ground.zoom().set_weather(Weather { second_subscription: 1.0, non_canonical: 0.5, ..Weather::default() });
    let visit = ground.fresh();
    let (csn, patient, provider) = (&visit.csn, &visit.patient.external_id, &visit.providers[0].external_id);
    let host = ground.starts(csn, provider).await;
    let seat = ground.goes_in(csn, patient).await;
    ground.until_light(csn, patient, true).await;
    ground.until_right().await;
    for (seat, who) in [(seat, patient), (host, provider)] {
        ground.zoom().act(&seat, &vestibule::simulator::zoom::SeatAct::Leave).unwrap();
        ground.until_light(csn, who, false).await;
    }
    ground.until_right().await;
    ground.zoom().set_weather(Weather::default());
    let of_meetings: Vec<_> = ground.zoom().deliveries().into_iter().filter(|one| one.meeting != 0).collect();
    assert!(of_meetings.iter().all(|one| one.fate == Fate::Delivered), "{of_meetings:#?}");
    let joins = of_meetings.iter().filter(|one| one.event == "meeting.participant_joined");
    let bodies: std::collections::BTreeSet<&String> = joins.map(|one| &one.body).collect();
    assert_eq!(bodies.len(), 4, "each of two joins was told twice, in other bytes");
    for who in [patient, provider] {
        assert_eq!(ground.told(csn, who), [true, false], "{who}");
    }
}

async fn a44_one_accounts_secret_moves_nothing_in_anothers_meeting(ground: &Ground) {
    let scene = Scene::set(ground).await;
    scene.tell_all(&[of_meeting("started", U1, 10), joined(P1, 10), joined(G1, 20)]).await;
    ground.until_light(scene.csn(), scene.patient(), true).await;
    let ours = ground.zoom().account().webhook_secret.clone();
    let theirs = Stage { account: OTHER_ACCOUNT.to_owned(), ..scene.stage.clone() };
    let mut answers = Vec::new();
    for event in [left(G1, 30), of_meeting("ended", U1, 40)] {
        for (door, stage, secret) in [
            ("hillside", &theirs, OTHER_SECRET),
            ("hillside", &scene.stage, OTHER_SECRET),
            ("lakeside", &theirs, &ours),
            ("lakeside", &scene.stage, OTHER_SECRET),
            ("hillside", &scene.stage, &ours),
        ] {
            for node in &ground.site.services {
                let (body, now) = (stage.body(&event), jiff::Timestamp::now().as_second());
                let signed = [
                    ("x-zm-signature", signature(secret, now, &body)),
                    ("x-zm-request-timestamp", now.to_string()),
                ];
                let url = format!("{}/zoom/{door}/webhook", node.url());
                answers.push(ground.post(&url, &signed, &body).await);
            }
        }
    }
    let refused = answers.iter().filter(|status| **status == 401).count();
    assert_eq!(refused * 5, answers.len() * 2, "under the wrong secret: {answers:?}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 401)), "{answers:?}");
    let visit = scene.settled().await;
    assert_eq!(visit["phase"], json!("in_progress"));
    assert_eq!(participant(&visit, scene.patient())["presence"], "in_meeting");
    assert_eq!(ground.told(scene.csn(), scene.patient()), [true]);
}
