//! Making, finding, reading and removing meetings.

use super::*;
use crate::simulator::zoom::Device;

#[actix_web::test]
async fn a_meeting_is_made_with_the_settings_that_hold() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let host = host(&setup).await;
    let made = made(&setup, "vst-1").await;
    assert_eq!(made.host, host);
    assert_eq!(
        made.effective,
        MeetingSettings { waiting_room: false, join_before_host: false, registration: true }
    );
    fakes.zoom().change_settings(|settings| settings.waiting_room_lock = Some(true));
    let IntentOutcome::Made(locked) = call(&setup, &create(&host, "vst-2")).await else { panic!("not made") };
    assert!(locked.effective.waiting_room, "a lock wins, and is told");
    assert_eq!(fakes.zoom().meetings_with("vst-1").len(), 1);
    fakes.stop().await;
}

#[actix_web::test]
async fn what_may_have_made_a_meeting_is_ambiguous_and_the_marker_finds_it() {
    let fakes = fakes().await;
    let mut config = with(&fakes);
    config.timeout = Duration::from_millis(500);
    let setup = setup(config);
    let host = host(&setup).await;
    for (number, (kind, made)) in [
        (ZoomFaultKind::DoneThenDrop, 1),
        (ZoomFaultKind::DoneThenHang, 1),
        (ZoomFaultKind::HalfBody, 1),
        (ZoomFaultKind::Drop, 0),
        (ZoomFaultKind::Hang, 0),
        (ZoomFaultKind::Html { status: 502 }, 0),
        (ZoomFaultKind::Status { status: 500, code: 500, message: "x".into() }, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let marker = format!("vst-doubt-{number}");
        let before = fakes.zoom().calls("meetings.create");
        fault(&fakes, "meetings.create", Some(1), kind.clone());
        assert_eq!(call(&setup, &create(&host, &marker)).await, IntentOutcome::Ambiguous, "{kind:?}");
        assert_eq!(fakes.zoom().calls("meetings.create"), before + 1, "{kind:?}: a POST is sent once");
        let IntentOutcome::Found(found) = call(&setup, &find(&host, &marker)).await else {
            panic!("not looked")
        };
        assert_eq!(found.len(), made, "{kind:?}");
        let truth: Vec<u64> = fakes.zoom().meetings_with(&marker).iter().map(|meeting| meeting.id).collect();
        assert_eq!(found.iter().map(|meeting| meeting.meeting.0).collect::<Vec<_>>(), truth);
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn every_meeting_with_the_marker_is_found_among_many() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let host = host(&setup).await;
    for marker in ["vst-a", "vst-b", "vst-a", "vst-ab"] {
        call(&setup, &create(&host, marker)).await;
    }
    let IntentOutcome::Found(found) = call(&setup, &find(&host, "vst-a")).await else { panic!("not looked") };
    assert_eq!(found.len(), 2, "each once, though several lists have it");
    assert_eq!(call(&setup, &find(&host, "vst-none")).await, IntentOutcome::Found(Vec::new()));
    // One that ends with a dash stands for all that begin so.
    let IntentOutcome::Found(found) = call(&setup, &find(&host, "vst-")).await else { panic!("not looked") };
    assert_eq!(found.len(), 4);
    fault(&fakes, "meetings.list", None, ZoomFaultKind::Html { status: 503 });
    let outcome = call(&setup, &find(&host, "vst-a")).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomUnavailable, Retry::After(None)), "an error is not \"none\"");
    fakes.stop().await;
}

#[actix_web::test]
async fn refusals_to_make_a_meeting_are_told_apart() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let host = host(&setup).await;
    fault(&fakes, "meetings.create", Some(1), ZoomFaultKind::TooManyToday);
    let outcome = call(&setup, &create(&host, "m")).await;
    let IntentOutcome::Failed(CallFailure {
        problem: ProblemCode::ZoomRateLimited,
        retry: Retry::After(Some(wait)),
    }) = outcome
    else {
        panic!("{outcome:?}")
    };
    assert!(wait > Span(0) && wait <= Span::hours(24), "until midnight in UTC: {wait:?}");
    assert_eq!(fakes.zoom().calls("meetings.create"), 1, "a limit of the day is not waited for");
    fault(&fakes, "meetings.create", Some(2), ZoomFaultKind::TooManyPerSecond);
    let outcome = call(&setup, &create(&host, "m2")).await;
    assert!(matches!(outcome, IntentOutcome::Made(_)), "{outcome:?}");
    assert_eq!(fakes.zoom().meetings_with("m2").len(), 1);
    let refused = ZoomFaultKind::Status { status: 400, code: 3161, message: "Elena may not".into() };
    fault(&fakes, "meetings.create", Some(1), refused);
    let outcome = call(&setup, &create(&host, "m3")).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomRefused, Retry::Never));
    let nobody = ZoomUserId::new("no-such-user").unwrap();
    let outcome = call(&setup, &create(&nobody, "m4")).await;
    assert_eq!(outcome, IntentOutcome::UserGone);
    fakes.zoom().change_settings(|settings| settings.scopes.retain(|scope| !scope.contains("write:meeting")));
    fakes.zoom().revoke_tokens();
    let outcome = call(&setup, &create(&host, "m5")).await;
    assert_eq!(problem(&outcome), Some(ProblemCode::ZoomUnauthorized));
    fakes.stop().await;
}

// What Zoom would refuse until midnight is not sent: makings and changes of one host's meetings, whichever node sends them.
#[actix_web::test]
async fn a_host_is_given_no_more_meetings_in_a_day_than_zoom_allows() {
    let fakes = fakes().await;
    fakes.zoom().change_settings(|settings| settings.meetings_per_host_and_day = 5);
    let setup = setup(ZoomConfig { meetings_per_host_and_day: 5, ..with(&fakes) });
    let made = made(&setup, "vst-0").await;
    let ask = ZoomCall::AskRegistration { meeting: made.meeting, host: made.host.clone() };
    assert!(matches!(call(&setup, &ask).await, IntentOutcome::Read { .. }));
    let markers: Vec<ZoomCall> = (1..7).map(|n| create(&made.host, &format!("vst-{n}"))).collect();
    let outcomes = futures_util::future::join_all(markers.iter().map(|make| call(&setup, make))).await;
    let done = outcomes.iter().filter(|outcome| matches!(outcome, IntentOutcome::Made(_))).count();
    assert_eq!(done, 3, "five in all");
    for outcome in outcomes.iter().chain([&call(&setup, &ask).await]).filter(|one| problem(one).is_some()) {
        let IntentOutcome::Failed(CallFailure { retry: Retry::After(Some(wait)), problem }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(*problem, ProblemCode::ZoomRateLimited);
        assert!(*wait > Span(0) && *wait <= Span::hours(24), "until midnight in UTC: {wait:?}");
    }
    assert_eq!(fakes.zoom().calls("meetings.create"), 4, "what Zoom would refuse was not sent");
    assert_eq!(fakes.zoom().calls("meetings.update"), 1);
    let another = provider("Practitioner/eProvOkafor", Some("samuel.okafor@lakeside.example"));
    let IntentOutcome::Provider { user, .. } = call(&setup, &another).await else { panic!("no user") };
    assert!(
        matches!(call(&setup, &create(&user, "vst-other")).await, IntentOutcome::Made(_)),
        "their own share"
    );
    fakes.stop().await;
}

#[actix_web::test]
async fn a_meeting_is_read_whether_it_runs_and_noticed_when_it_is_gone() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-read").await;
    let read = ZoomCall::ReadMeeting { meeting: made.meeting };
    let effective = made.effective;
    assert_eq!(call(&setup, &read).await, IntentOutcome::Read { started: false, effective });
    let link = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    fakes.zoom().open(link.reveal(), "Dr. Rivera", Device::App).unwrap();
    assert_eq!(call(&setup, &read).await, IntentOutcome::Read { started: true, effective });
    let delete = ZoomCall::DeleteMeeting { meeting: made.meeting };
    assert_eq!(call(&setup, &delete).await, IntentOutcome::Deleted, "it runs: it is ended first");
    assert_eq!(fakes.zoom().calls("meetings.status"), 1);
    assert_eq!(call(&setup, &delete).await, IntentOutcome::Deleted, "gone already");
    assert_eq!(call(&setup, &read).await, IntentOutcome::MeetingGone);
    fakes.stop().await;
}

#[actix_web::test]
async fn readings_keep_their_pace_and_those_out_of_time_say_so() {
    let fakes = fakes().await;
    let mut config = with(&fakes);
    config.meeting_reads_per_second = 1;
    let setup = setup(config);
    let made = made(&setup, "vst-pace").await;
    let read = ZoomCall::ReadMeeting { meeting: made.meeting };
    let (organization, within) = (lakeside(), Span(1_500));
    let readings = (0..4).map(|_| setup.client.call(&organization, &read, within));
    let outcomes = futures_util::future::join_all(readings).await;
    let done = outcomes.iter().filter(|outcome| matches!(outcome, IntentOutcome::Read { .. })).count();
    assert_eq!((done, fakes.zoom().calls("meetings.get")), (2, 2));
    let paced = outcomes.iter().filter_map(problem).collect::<Vec<_>>();
    assert_eq!(paced, [ProblemCode::ZoomRateLimited; 2]);
    fakes.stop().await;
}

#[actix_web::test]
async fn alternative_hosts_stand_or_it_is_told() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-alt").await;
    let okafor = provider("Practitioner/eProvOkafor", Some("samuel.okafor@lakeside.example"));
    let IntentOutcome::Provider { user: okafor, .. } = call(&setup, &okafor).await else { panic!("no user") };
    let set = |others: &[&ZoomUserId]| alternatives(made.meeting, others);
    let stand = |hosts: &[&ZoomUserId]| IntentOutcome::AlternativesSet {
        stand: hosts.iter().map(|host| (*host).clone()).collect(),
    };
    assert_eq!(call(&setup, &set(&[&okafor])).await, stand(&[&okafor]));
    let mut config = with(&fakes);
    config.provider_user_type = ProviderUserType::Basic;
    let unlicensed = super::setup(config);
    let IntentOutcome::Provider { user: basic, .. } =
        call(&unlicensed, &provider("Practitioner/basic", None)).await
    else {
        panic!("no user")
    };
    // The fake refuses a list for any entry of it, wherever it stands.
    assert_eq!(call(&setup, &set(&[&okafor, &basic])).await, stand(&[&okafor]));
    assert_eq!(call(&setup, &set(&[&basic, &okafor])).await, stand(&[&okafor]));
    assert_eq!(call(&setup, &set(&[&basic])).await, stand(&[]));
    let stranger = ZoomUserId::new("no-such-user").unwrap();
    assert_eq!(call(&setup, &set(&[&stranger, &okafor])).await, stand(&[&okafor]));
    assert_eq!(fakes.zoom().meetings()[0].alternative_hosts, ["samuel.okafor@lakeside.example"]);
    assert_eq!(
        call(&setup, &alternatives(MeetingId(12_345_678_901), &[&okafor])).await,
        IntentOutcome::MeetingGone
    );
    fakes.stop().await;
}

#[actix_web::test]
async fn a_token_that_is_refused_is_renewed_once_for_all() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let made = made(&setup, "vst-token").await;
    fakes.zoom().revoke_tokens();
    let read = ZoomCall::ReadMeeting { meeting: made.meeting };
    let outcomes = futures_util::future::join_all((0..8).map(|_| call(&setup, &read))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, IntentOutcome::Read { .. })), "{outcomes:?}");
    assert_eq!(fakes.zoom().calls("oauth.token"), 2, "one before, one for all eight");
    fault(&fakes, "meetings.get", None, ZoomFaultKind::Unauthorized);
    let before = fakes.zoom().calls("meetings.get");
    let outcome = call(&setup, &read).await;
    assert_eq!(problem(&outcome), Some(ProblemCode::ZoomUnauthorized));
    assert_eq!(fakes.zoom().calls("meetings.get"), before + 2, "once more, and no more");
    fakes.stop().await;
}

#[actix_web::test]
async fn thirty_visits_at_once_ask_for_one_token_and_a_dead_app_is_not_hammered() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    fault(&fakes, "oauth.token", Some(1), ZoomFaultKind::Slow { millis: 300 });
    let wanted = provider("Practitioner/eProvRivera", Some(RIVERA));
    let outcomes = futures_util::future::join_all((0..30).map(|_| call(&setup, &wanted))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, IntentOutcome::Provider { .. })));
    assert_eq!(fakes.zoom().calls("oauth.token"), 1);

    let off = super::setup(with(&fakes));
    fakes.zoom().change_settings(|settings| settings.app_disabled = true);
    let before = fakes.zoom().calls("oauth.token");
    let outcomes = futures_util::future::join_all((0..30).map(|_| call(&off, &wanted))).await;
    assert!(outcomes.iter().all(|outcome| problem(outcome) == Some(ProblemCode::ZoomUnauthorized)));
    assert_eq!(fakes.zoom().calls("oauth.token"), before + 1, "the refusal is remembered for a while");
    fakes.stop().await;
}
