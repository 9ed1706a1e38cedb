//! Who was in a meeting that is over, where their leaves were never told: Zoom's own list, with the gaps that it has.

use jiff::Timestamp;
use serde_json::{Value, json};
use vestibule::simulator::Appointment;
use vestibule::simulator::zoom::{SeatAct, SeatId, Weather};

use super::ground::{Ground, Kept, WITHIN, participant};
use crate::hospital::until;

/// About half of the fake's uuids have such slashes; among so many one has.
const VISITS: usize = 24;
/// Longer ago than Zoom's list is waited for.
const LONG_AGO: i64 = 121;

async fn open(kept: Kept) -> Ground {
    Ground::open(kept, VISITS).await
}

on_both! {
    open;
    a46_whoever_was_there_is_found_in_zooms_list_whatever_the_uuid_looks_like,
    a47_a_list_without_anybody_changes_nothing,
}

impl Ground {
    /// So many people are in the meeting, as the visit shows; then it ends, and of that Zoom tells the end alone, and late.
    async fn ends_untold(&self, visit: &Appointment, host: &SeatId, people: usize) -> String {
        let inside = |told: &Value| {
            let all = told["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
            all.iter().filter(|one| one["presence"] == "in_meeting").count() == people
        };
        let shown = self.until_visit(&visit.csn, "everybody is in the meeting", inside).await;
        let lost = ["meeting.participant_left", "meeting.ended"].map(str::to_owned);
        self.zoom().set_weather(Weather { lose_events: lost.into(), ..Weather::default() });
        self.zoom().act(host, &SeatAct::EndForAll).unwrap();
        self.zoom().set_weather(Weather::default());
        let (meeting, over) = (&shown["meeting"], Timestamp::now().as_second() - LONG_AGO);
        let end = Timestamp::from_second(over).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let object = json!({"id": meeting["id"], "uuid": meeting["uuid"], "host_id": "h", "end_time": end});
        let payload = json!({"account_id": self.zoom().account().account_id, "object": object});
        let event = json!({"event": "meeting.ended", "event_ts": over * 1000, "payload": payload});
        assert_eq!(self.event(&event.to_string()).await, 200);
        meeting["uuid"].as_str().unwrap().to_owned()
    }
}

async fn a46_whoever_was_there_is_found_in_zooms_list_whatever_the_uuid_looks_like(ground: &Ground) {
    let mut slashed = false;
    while !slashed {
        let visit = ground.fresh();
        let (csn, patient) = (&visit.csn, &visit.patient.external_id);
        let host = ground.starts(csn, &visit.providers[0].external_id).await;
        ground.goes_in(csn, patient).await;
        let uuid = ground.ends_untold(&visit, &host, 2).await;
        let repaired = |told: &Value| told["repairs"][0]["missing"] == "leave";
        let told = ground.until_visit(csn, &format!("it was read who was in {uuid}"), repaired).await;
        assert_eq!((&told["phase"], &told["repairs"][1]), (&json!("ended"), &Value::Null), "{uuid}");
        ground.until_right().await;
        assert_eq!(ground.told(csn, patient), [true, false], "{uuid}");
        slashed = uuid.starts_with('/') || uuid.contains("//");
    }
}

async fn a47_a_list_without_anybody_changes_nothing(ground: &Ground) {
    let visit = ground.fresh();
    let (csn, provider) = (&visit.csn, &visit.providers[0].external_id);
    let lists = ["vestibule_zoom_calls_total", "read_attendance", "done"];
    let before = ground.metric(&lists).await;
    let host = ground.starts(csn, provider).await;
    ground.ends_untold(&visit, &host, 1).await;
    until("the list to be read", WITHIN, async || (ground.metric(&lists).await > before).then_some(())).await;
    ground.until_right().await;
    // Whoever launches now is taken in behind what was read.
    ground.launch(vestibule::simulator::LaunchKind::Patient, csn, &visit.patient.external_id).await;
    let told = ground
        .until_visit(csn, "the patient waits", |told| {
            participant(told, &visit.patient.external_id)["presence"] == "waiting"
        })
        .await;
    assert_eq!((&told["phase"], told.get("repairs")), (&json!("ended"), None));
    assert_eq!(participant(&told, provider)["presence"], "gone");
    assert_eq!(ground.told(csn, provider), [true, false]);
}
