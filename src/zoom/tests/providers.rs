//! Finding and making the Zoom users of providers.

use super::*;
use crate::simulator::zoom::UserStatus;

#[actix_web::test]
async fn e16_a_provider_is_found_by_mail_and_then_by_the_id_that_was_kept() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let user = host(&setup).await;
    let kept = setup.store.organization_get(&lakeside(), "provider/Practitioner/eProvRivera").await.unwrap();
    assert_eq!(kept.unwrap().value, user.as_str().as_bytes());
    // Another address in Epic, and none at all: still the same user.
    for email in [Some("elena.married@elsewhere.example"), None] {
        let outcome = call(&setup, &provider("Practitioner/eProvRivera", email)).await;
        assert_eq!(outcome, IntentOutcome::Provider { user: user.clone(), licensed: true });
    }
    assert_eq!(fakes.zoom().calls("users.create"), 0);
    assert_eq!(fakes.zoom().calls("oauth.token"), 1);
    fakes.stop().await;
}

#[actix_web::test]
async fn a_provider_without_an_account_gets_one_and_only_one() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let wanted = [
        provider("Practitioner/new", Some("New.One+x@lakeside.example")),
        provider("Practitioner/nameless", None),
    ];
    for wanted in &wanted {
        let (first, second) = futures_util::join!(call(&setup, wanted), call(&setup, wanted));
        let IntentOutcome::Provider { licensed: true, .. } = &first else { panic!("{first:?}") };
        assert_eq!(first, second, "two launches at once");
        assert_eq!(call(&setup, wanted).await, first);
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn e15_an_account_of_the_wanted_type_is_asked_for() {
    let fakes = fakes().await;
    let mut config = with(&fakes);
    config.provider_user_type = ProviderUserType::Basic;
    let outcome = call(&setup(config), &provider("Practitioner/basic", None)).await;
    assert!(matches!(outcome, IntentOutcome::Provider { licensed: false, .. }), "{outcome:?}");
    fakes.stop().await;
}

#[actix_web::test]
async fn whoever_cannot_be_a_host_is_named_for_what_stands_in_the_way() {
    let fakes = fakes().await;
    let never = |problem| failed(problem, Retry::Never);
    let zoom = fakes.zoom();
    zoom.add_user("pending@lakeside.example", "P", "P", 2, UserStatus::Pending);
    zoom.add_user("inactive@lakeside.example", "I", "I", 2, UserStatus::Inactive);
    zoom.add_user("basic@lakeside.example", "B", "B", 1, UserStatus::Active);
    let setup_of = |change: fn(&mut ZoomConfig)| {
        let mut config = with(&fakes);
        change(&mut config);
        setup(config)
    };
    let plain = setup_of(|_| {});
    let ask =
        async |setup: &Setup, name: &str, email: Option<&str>| call(setup, &provider(name, email)).await;
    assert_eq!(
        ask(&plain, "Practitioner/1", Some("pending@lakeside.example")).await,
        never(ProblemCode::UserPending)
    );
    assert_eq!(
        ask(&plain, "Practitioner/2", Some("inactive@lakeside.example")).await,
        never(ProblemCode::UserInactive)
    );
    let basic = ask(&plain, "Practitioner/3", Some("basic@lakeside.example")).await;
    assert!(matches!(basic, IntentOutcome::Provider { licensed: false, .. }), "{basic:?}");
    let upgrading = setup_of(|config| config.license_found_users = true);
    let licensed = ask(&upgrading, "Practitioner/3", Some("basic@lakeside.example")).await;
    assert!(matches!(licensed, IntentOutcome::Provider { licensed: true, .. }), "{licensed:?}");

    let inviting = setup_of(|config| config.provider_action = ProviderAction::Create);
    assert_eq!(
        ask(&inviting, "Practitioner/4", None).await,
        never(ProblemCode::UserPending),
        "invited just now"
    );
    assert_eq!(
        ask(&inviting, "Practitioner/4", None).await,
        never(ProblemCode::UserPending),
        "and not twice"
    );
    assert_eq!(zoom.calls("users.create"), 1);

    let nowhere = setup_of(|config| config.provider_email_domain = None);
    assert_eq!(ask(&nowhere, "Practitioner/5", None).await, never(ProblemCode::UserRefused));
    // A domain that is none of ours, and an address that is another account's whatever the action.
    let foreign = ask(&plain, "Practitioner/6", Some("x@unmanaged.example")).await;
    assert_eq!(foreign, never(ProblemCode::UserForeign));
    zoom.change_settings(|settings| settings.foreign_addresses = vec!["theirs@elsewhere.example".to_owned()]);
    for setup in [&plain, &inviting] {
        let foreign = ask(setup, "Practitioner/8", Some("Theirs@elsewhere.example")).await;
        assert_eq!(foreign, never(ProblemCode::UserForeign));
    }
    zoom.change_settings(|settings| settings.licensed_seats = 0);
    assert_eq!(ask(&plain, "Practitioner/7", None).await, never(ProblemCode::NoSeat));
    zoom.change_settings(|settings| settings.licensed_seats = 100);
    let healed = ask(&plain, "Practitioner/7", None).await;
    assert!(matches!(healed, IntentOutcome::Provider { .. }), "a later launch heals it: {healed:?}");
    fakes.stop().await;
}

#[actix_web::test]
async fn an_account_whose_making_is_in_doubt_is_found_and_not_made_twice() {
    let fakes = fakes().await;
    let mut config = with(&fakes);
    config.timeout = Duration::from_millis(600);
    let setup = setup(config);
    for (number, kind) in [
        ZoomFaultKind::DoneThenDrop,
        ZoomFaultKind::HalfBody,
        ZoomFaultKind::DoneThenHang,
        ZoomFaultKind::Unauthorized,
        ZoomFaultKind::TooManyPerSecond,
    ]
    .into_iter()
    .enumerate()
    {
        fault(&fakes, "users.create", Some(1), kind.clone());
        let wanted = provider(&format!("Practitioner/doubt{number}"), None);
        let outcome = call(&setup, &wanted).await;
        assert!(matches!(outcome, IntentOutcome::Provider { licensed: true, .. }), "{kind:?}: {outcome:?}");
    }
    fault(&fakes, "users.create", Some(1), ZoomFaultKind::Drop);
    let outcome = call(&setup, &provider("Practitioner/lost", None)).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    fakes.stop().await;
}

#[actix_web::test]
async fn a_user_who_is_being_made_elsewhere_is_waited_for() {
    let fakes = fakes().await;
    fakes.zoom().change_settings(|settings| settings.create_user_millis = 700);
    let (one, other) = (setup(with(&fakes)), setup(with(&fakes)));
    let wanted = provider("Practitioner/slow", None);
    let later = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        call(&other, &wanted).await
    };
    let (first, second) = futures_util::join!(call(&one, &wanted), later);
    assert!(matches!(first, IntentOutcome::Provider { .. }), "{first:?}");
    assert_eq!(first, second);
    fakes.stop().await;
}

#[actix_web::test]
async fn a_user_who_was_deactivated_blocks_nobody_who_has_or_gets_another() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let zoom = fakes.zoom();
    let ask = async |email: &str| call(&setup, &provider("Practitioner/moved", Some(email))).await;
    zoom.add_user("old@lakeside.example", "O", "Old", 2, UserStatus::Active);
    let IntentOutcome::Provider { user: old, .. } = ask("old@lakeside.example").await else { panic!() };
    assert!(zoom.set_user("old@lakeside.example", UserStatus::Inactive, 2));
    // Epic still has the old address: there is nobody else.
    assert_eq!(ask("old@lakeside.example").await, failed(ProblemCode::UserInactive, Retry::Never));
    zoom.add_user("new@lakeside.example", "N", "New", 2, UserStatus::Active);
    let IntentOutcome::Provider { user: new, .. } = ask("new@lakeside.example").await else { panic!() };
    assert_ne!(new, old);
    assert_eq!(
        ask("old@lakeside.example").await,
        IntentOutcome::Provider { user: new.clone(), licensed: true },
        "kept"
    );
    // Without any other user one is made.
    assert!(zoom.set_user("new@lakeside.example", UserStatus::Inactive, 2));
    let IntentOutcome::Provider { user: made, .. } = ask("newest@lakeside.example").await else { panic!() };
    assert!(made != new && made != old);
    assert_eq!(zoom.calls("users.create"), 1);
    fakes.stop().await;
}

#[actix_web::test]
async fn a_user_who_was_deleted_is_replaced() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let wanted = provider("Practitioner/gone", None);
    setup
        .store
        .organization_put(&lakeside(), "provider/Practitioner/gone", 0, b"no-such-user".to_vec())
        .await
        .unwrap();
    let outcome = call(&setup, &wanted).await;
    let IntentOutcome::Provider { user, .. } = &outcome else { panic!("{outcome:?}") };
    let kept =
        setup.store.organization_get(&lakeside(), "provider/Practitioner/gone").await.unwrap().unwrap();
    assert_eq!((kept.value.as_slice(), kept.version), (user.as_str().as_bytes(), 2));
    fakes.stop().await;
}
