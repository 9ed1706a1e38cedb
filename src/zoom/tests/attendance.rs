//! Who was in a meeting that is over.

use super::*;
use crate::simulator::zoom::{Device, SeatAct};
use vestibule_domain::id::{InstanceUuid, MeetingId};
use vestibule_domain::visit::attendance::Attendance;

/// The meeting is held, by the host and two others, and its uuid is given.
async fn held(setup: &Setup, fakes: &Simulator, made: &MadeMeeting) -> String {
    let start = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    let host = fakes.zoom().open(start.reveal(), "Dr. Rivera", Device::App).unwrap();
    for guest in ["Interpreter", "Sister"] {
        fakes.zoom().open(made.join_url.reveal(), guest, Device::App).unwrap();
    }
    let uuid = of(fakes, made).uuid.unwrap();
    fakes.zoom().act(&host, &SeatAct::EndForAll).unwrap();
    uuid
}

fn of(fakes: &Simulator, made: &MadeMeeting) -> crate::simulator::zoom::MeetingTruth {
    fakes.zoom().meetings().into_iter().find(|meeting| meeting.id == made.meeting.0).unwrap()
}

fn read(meeting: MeetingId, uuid: &str) -> ZoomCall {
    ZoomCall::ReadAttendance { meeting, instance: InstanceUuid::new(uuid).unwrap() }
}

async fn listed(setup: &Setup, made: &MadeMeeting, uuid: &str) -> Vec<Attendance> {
    match call(setup, &read(made.meeting, uuid)).await {
        IntentOutcome::Attended(rows) => rows,
        other => panic!("{uuid}: {other:?}"),
    }
}

/// For links that everybody has.
fn open_meeting(host: &ZoomUserId) -> ZoomCall {
    let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: false };
    ZoomCall::CreateMeeting { host: host.clone(), marker: Marker::new("vst-past").unwrap(), settings }
}

// 46: a uuid that begins with a slash, or has two, is found.
#[actix_web::test]
async fn whoever_was_there_is_listed_whatever_the_uuid_looks_like() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let host = host(&setup).await;
    let IntentOutcome::Made(made) = call(&setup, &open_meeting(&host)).await else { panic!("not made") };
    let mut kinds = [0, 0, 0];
    while kinds.contains(&0) {
        let uuid = held(&setup, &fakes, &made).await;
        let kind = if uuid.starts_with('/') { 0 } else { 1 + usize::from(!uuid.contains("//")) };
        kinds[kind] += 1;
        assert!(kinds.iter().sum::<i32>() < 64, "the fake's uuids are of one kind");
        let rows = listed(&setup, &made, &uuid).await;
        assert_eq!(rows.len(), 3, "{uuid}");
        assert!(
            rows.iter().all(|row| row.keys.user.is_some() && row.left >= row.joined && !row.waiting_room)
        );
        assert_eq!(rows.iter().filter(|row| row.keys.zoom_user.as_ref() == Some(&host)).count(), 1);
    }
    fakes.stop().await;
}

// 47: nobody is listed where one person attended, and that is no error.
#[actix_web::test]
async fn a_list_may_be_empty_not_there_or_not_to_be_had() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-alone").await;
    let start = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    let host = fakes.zoom().open(start.reveal(), "Dr. Rivera", Device::App).unwrap();
    let uuid = of(&fakes, &made).uuid.unwrap();
    fakes.zoom().act(&host, &SeatAct::Leave).unwrap();
    assert_eq!(listed(&setup, &made, &uuid).await, []);
    let outcome = call(&setup, &read(made.meeting, "bm8tYXQtYWxsLWhlcmU9PQ==")).await;
    assert_eq!(outcome, IntentOutcome::MeetingGone, "not yet");
    let paid = ZoomFaultKind::Status { status: 400, code: 200, message: "Only for paid users".into() };
    fault(&fakes, "past_meetings.participants", Some(1), paid);
    let outcome = call(&setup, &read(made.meeting, &uuid)).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomRefused, Retry::Never));
    fault(&fakes, "past_meetings.participants", None, ZoomFaultKind::Html { status: 502 });
    let outcome = call(&setup, &read(made.meeting, &uuid)).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    fakes.zoom().clear_faults();
    fakes
        .zoom()
        .change_settings(|settings| settings.scopes.retain(|scope| !scope.contains("past_participants")));
    fakes.zoom().revoke_tokens();
    let outcome = call(&setup, &read(made.meeting, &uuid)).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomUnauthorized, Retry::Never));
    fakes.stop().await;
}
