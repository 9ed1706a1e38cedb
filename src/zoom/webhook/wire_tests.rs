//! Events as Zoom sends them, and bodies that nobody sends.

use super::*;
use proptest::prelude::*;
use serde_json::json;
use vestibule_domain::id::MeetingId;
use vestibule_domain::time::Span;

const NOW: Moment = Moment(1_785_369_400_000);

fn names() -> NameKey {
    NameKey::new(Secret::new("a key"))
}

fn read(body: &Value) -> Event {
    parse(body.to_string().as_bytes(), NOW, &names()).unwrap()
}

fn fact_of(body: &Value) -> Fact {
    match read(body) {
        Event::Fact { fact, .. } => *fact,
        other => panic!("{other:?}"),
    }
}

fn event(name: &str, participant: Value) -> Value {
    json!({"payload": {"account_id": "acc", "object": {
        "id": "86084701483", "uuid": "yZ/+w==", "host_id": "HOST", "topic": "t", "type": 2, "duration": 30,
        "start_time": "2026-07-29T23:55:56Z", "timezone": "", "participant": participant}},
        "event_ts": 1_785_369_357_392_i64, "event": name})
}

#[test]
fn a_meeting_that_started_as_it_is_really_sent() {
    let body = json!({"event": "meeting.started", "payload": {"account_id": "acc", "object": {"duration": 30,
        "start_time": "2026-07-29T23:55:56Z", "timezone": "America/Santiago", "topic": "Ada", "id": "86084701483",
        "type": 2, "uuid": "abc==", "host_id": "h", "host_email": "x@example.org"}}, "event_ts": 1_785_369_356_750_i64});
    let Event::Fact { account_id, fact } = read(&body) else { panic!("not a fact") };
    assert_eq!(account_id.as_deref(), Some("acc"));
    assert_eq!((fact.meeting, &fact.kind), (MeetingId(86_084_701_483), &FactKind::Started));
    assert_eq!(fact.at, Moment(1_785_369_356_000));
    assert_eq!(fact.sent, Moment(1_785_369_356_750));
    assert_eq!(fact.instance_started, Some(fact.at));
    assert_eq!(fact.instance.unwrap().as_str(), "abc==");
    assert_eq!(fact.host.unwrap().as_str(), "h");
    assert_eq!(fact.session, None);
}

#[test]
fn a_host_and_a_guest_are_named_by_what_they_carry() {
    let host = fact_of(&event(
        "meeting.participant_joined",
        json!({"customer_key": "k", "public_ip": "1.2.3.4", "user_id": "62143101", "user_name": "Dr. Grace",
            "participant_user_id": "HOST", "id": "HOST", "join_time": "2026-07-29T23:55:57Z",
            "participant_uuid": "364B3A17-05C0-6B63-F4FA-2180DCC26971"}),
    ));
    let keys = host.session.unwrap();
    assert_eq!(keys.zoom_user.unwrap().as_str(), "HOST");
    assert_eq!(keys.participant.unwrap().as_str(), "364B3A17-05C0-6B63-F4FA-2180DCC26971");
    assert_eq!(keys.user.unwrap().as_str(), "62143101");
    assert!(keys.name_hash.is_some() && !keys.phone);
    assert_eq!(host.at, Moment(1_785_369_357_000));

    // Guests give empty texts, which are no keys.
    let guest = fact_of(&event(
        "meeting.participant_left",
        json!({"leave_time": "2026-07-30T00:10:00Z", "user_id": 12_344_623, "user_name": "", "registrant_id": "",
            "participant_user_id": "", "id": "", "email": "", "participant_uuid": "P", "phone_number": ""}),
    ));
    let keys = guest.session.unwrap();
    assert_eq!((keys.zoom_user, keys.registrant, keys.name_hash, keys.phone), (None, None, None, false));
    assert_eq!(keys.user.unwrap().as_str(), "12344623");
    assert_eq!(guest.at, Moment(1_785_370_200_000));
    assert_eq!(guest.kind, FactKind::Left);
}

#[test]
fn every_kind_of_event_has_its_fact() {
    let kinds = [
        ("started", FactKind::Started),
        ("ended", FactKind::Ended),
        ("participant_joined", FactKind::Joined),
        ("participant_left", FactKind::Left),
        ("participant_joined_waiting_room", FactKind::JoinedWaitingRoom),
        ("participant_admitted", FactKind::Admitted),
        ("participant_left_waiting_room", FactKind::LeftWaitingRoom),
        ("participant_put_in_waiting_room", FactKind::PutInWaitingRoom),
        ("participant_jbh_waiting", FactKind::WaitingForHost),
        ("participant_jbh_waiting_left", FactKind::LeftWaitingForHost),
        ("participant_jbh_joined", FactKind::JoinedBeforeHost),
        ("participant_joined_breakout_room", FactKind::Breakout),
        ("participant_left_breakout_room", FactKind::Breakout),
        ("participant_role_changed", FactKind::RoleChanged),
        ("participant_bind", FactKind::Bound { to: None, to_user: None }),
        ("created", FactKind::Created),
        ("updated", FactKind::Updated { waiting_room: None, join_before_host: None }),
        ("deleted", FactKind::Deleted),
        ("permanently_deleted", FactKind::Deleted),
    ];
    for (name, kind) in kinds {
        let body =
            event(&format!("meeting.{name}"), json!({"user_name": "x", "date_time": "2026-07-30T00:00:01Z"}));
        let fact = fact_of(&body);
        assert_eq!(fact.kind, kind, "{name}");
        let plan = matches!(fact.kind, FactKind::Created | FactKind::Updated { .. } | FactKind::Deleted);
        assert_eq!(fact.instance.is_none(), plan, "{name}: a plan's uuid is that of no instance");
        let before_host = name.contains("jbh");
        assert_eq!(fact.instance_started.is_none(), plan || before_host, "{name}");
        assert_eq!(fact.session.is_some(), name.starts_with("participant"), "{name}");
    }
}

#[test]
fn a_fact_has_its_own_time_else_that_of_its_sending_else_that_of_its_receipt() {
    let sent = Moment(1_785_369_357_392);
    let waiting =
        fact_of(&event("meeting.participant_admitted", json!({"date_time": "2026-07-30T00:00:01.5+00:00"})));
    assert_eq!(waiting.at, Moment(1_785_369_601_500));
    // The planned or actual start is never the time of a join, a wait or an end.
    for name in
        ["participant_joined", "participant_left", "participant_jbh_waiting", "ended", "created", "deleted"]
    {
        let fact = fact_of(&event(&format!("meeting.{name}"), json!({"join_time": "yesterday"})));
        assert_eq!((fact.at, fact.sent), (sent, sent), "{name}");
    }
    let mut silent = event("meeting.deleted", Value::Null);
    silent.as_object_mut().unwrap().remove("event_ts");
    assert_eq!((fact_of(&silent).at, fact_of(&silent).sent), (NOW, NOW));
    let mut ended = event("meeting.ended", Value::Null);
    ended["payload"]["object"]["end_time"] = json!("2026-07-30T00:20:00Z");
    assert_eq!(fact_of(&ended).at, Moment(1_785_370_800_000));
}

#[test]
fn a_telephone_is_bound_and_settings_are_read_where_they_changed() {
    let bound = fact_of(&event(
        "meeting.participant_bind",
        json!({"user_id": "2", "bind_user_id": "1", "bind_participant_uuid": "P1", "phone_number": 15_550_100}),
    ));
    let FactKind::Bound { to, to_user } = bound.kind else { panic!("not bound") };
    assert_eq!((to.unwrap().as_str(), to_user.unwrap().as_str()), ("P1", "1"));
    assert!(bound.session.unwrap().phone);

    let updated = json!({"event": "meeting.updated", "event_ts": 1_785_369_357_392_i64, "payload": {"account_id": "a",
        "object": {"id": 85_012_345_678_i64, "settings": {"waiting_room": false, "join_before_host": "yes"}},
        "old_object": {"id": 85_012_345_678_i64, "settings": {"waiting_room": true}}}});
    let fact = fact_of(&updated);
    assert_eq!(fact.kind, FactKind::Updated { waiting_room: Some(false), join_before_host: None });
    assert_eq!(fact.meeting, MeetingId(85_012_345_678));
}

#[test]
fn what_is_no_fact_is_answered_all_the_same() {
    let validation =
        json!({"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8"}, "event_ts": 1});
    assert_eq!(read(&validation), Event::UrlValidation { plain_token: "qgg8".into() });
    let gone = json!({"event": "app_deauthorized", "payload": {"account_id": "acc", "user_id": "u", "event_ts": "17"}});
    assert_eq!(
        read(&gone),
        Event::Deauthorized { account_id: Some("acc".into()), client_id: None, at: None }
    );
    let gone = json!({"event": "app_deauthorized", "payload": {"account_id": "acc", "client_id": "c",
        "deauthorization_time": "2026-11-23T17:00:00.632Z"}});
    let at = Some(Moment(1_795_453_200_632));
    assert_eq!(
        read(&gone),
        Event::Deauthorized { account_id: Some("acc".into()), client_id: Some("c".into()), at }
    );
    for ignored in [
        json!({"event": "meeting.alert", "payload": {"object": {"id": "1"}}}),
        json!({"event": "recording.completed"}),
        json!({"event": "meeting.started", "payload": {"object": {"id": "not a number"}}}),
        json!({"event": "meeting.started", "payload": {"object": {"id": 0}}}),
        json!({"event": "meeting.started", "payload": {"object": {"id": -5}}}),
        json!({"event": "meeting.started", "payload": {"object": {"id": 1.5}}}),
        json!({"event": "meeting.participant_joined", "payload": {"object": {}}}),
        json!({"event": "meeting.started", "payload": []}),
        json!({"event": "endpoint.url_validation", "payload": {"plainToken": 5}}),
    ] {
        assert!(matches!(read(&ignored), Event::Ignored { .. }), "{ignored}");
    }
    let hostile = json!({"event": format!("meeting.Ada\n{}", "x".repeat(500))});
    assert!(matches!(read(&hostile), Event::Ignored { event } if event.len() == 80 && !event.contains('\n')));
}

#[test]
fn a_body_without_an_event_is_bad() {
    for (body, why) in [
        ("", BadBody::NotJson),
        ("{", BadBody::NotJson),
        ("\u{feff}{}", BadBody::NotJson),
        ("{}", BadBody::NoEvent),
        ("[]", BadBody::NoEvent),
        ("\"meeting.started\"", BadBody::NoEvent),
        (r#"{"event":5}"#, BadBody::NoEvent),
        (r#"{"event":""}"#, BadBody::NoEvent),
    ] {
        assert_eq!(parse(body.as_bytes(), NOW, &names()), Err(why), "{body}");
    }
    assert_eq!(parse(&[0xff, 0xfe], NOW, &names()), Err(BadBody::NotJson));
    let deep = "[".repeat(100_000);
    assert_eq!(parse(deep.as_bytes(), NOW, &names()), Err(BadBody::NotJson));
}

// I15: no name of a person reaches a log.
#[test]
fn a_name_is_kept_as_a_keyed_hash_only() {
    let body = event("meeting.participant_joined", json!({"user_name": "Ada Lovelace", "user_id": "1"}));
    let hash =
        |key: &str| match parse(body.to_string().as_bytes(), NOW, &NameKey::new(Secret::new(key))).unwrap() {
            Event::Fact { fact, .. } => fact.session.unwrap().name_hash.unwrap(),
            other => panic!("{other:?}"),
        };
    assert_eq!(hash("one"), hash("one"));
    assert_ne!(hash("one"), hash("two"));
    assert!(!format!("{:?}", read(&body)).contains("Ada"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2026-07-29T23:55:56Z")),
        Just(json!("-9999-01-01T00:00:00Z")),
    ];
    let field = prop_oneof![
        Just("id".to_owned()),
        Just("uuid".to_owned()),
        Just("host_id".to_owned()),
        Just("start_time".to_owned()),
        Just("end_time".to_owned()),
        Just("participant".to_owned()),
        Just("user_id".to_owned()),
        Just("user_name".to_owned()),
        Just("join_time".to_owned()),
        Just("phone_number".to_owned()),
        Just("settings".to_owned()),
        Just("waiting_room".to_owned()),
        Just("object".to_owned()),
        ".{0,5}",
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(field.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_json_never_makes_it_fail(payload in any_json(), event_ts in any_json(), name in 0..19_usize) {
        let names_of_events = ["started", "ended", "participant_joined", "participant_left", "updated", "created",
            "participant_bind", "participant_jbh_waiting", "deleted", "participant_admitted"];
        let event = names_of_events.get(name).map_or("app_deauthorized".to_owned(), |name| format!("meeting.{name}"));
        let body = json!({"event": event, "event_ts": event_ts, "payload": payload}).to_string();
        prop_assert!(parse(body.as_bytes(), NOW, &names()).is_ok());
    }

    // I4 begins here: whatever else an event holds, it is about the same meeting and kind.
    #[test]
    fn odd_optional_fields_never_cost_the_event(participant in any_json(), uuid in any_json(), start in any_json()) {
        let mut body = event("meeting.participant_joined", participant);
        body["payload"]["object"]["uuid"] = uuid;
        body["payload"]["object"]["start_time"] = start;
        let fact = fact_of(&body);
        prop_assert_eq!((fact.meeting, fact.kind), (MeetingId(86_084_701_483), FactKind::Joined));
    }

    #[test]
    fn arbitrary_bytes_never_make_it_fail(body in prop::collection::vec(any::<u8>(), 0..200), skew in -10_i64..10) {
        drop(parse(&body, NOW + Span(skew), &names()));
    }
}
