//! Default hosts who stand in, basic users where no seat is free, licences that come free, and how further providers come in.

use super::*;
use crate::settings::{Fallback, SeatFallback};
use crate::simulator::zoom::{Device, FakeZoom, JoinRefused, SeatAct, UserStatus};
use vestibule_actors::port::store::Space;
use vestibule_actors::port::zoom::{DefaultHostLink, LinkRefused};
use vestibule_domain::id::MeetingId;
use vestibule_domain::visit::default_host::Instead;

const FIRST: &str = "first.host@lakeside.example";
const SECOND: &str = "second.host@lakeside.example";

/// Two default hosts for whatever keeps a provider from their own user.
fn with_default_hosts(fakes: &Simulator) -> ZoomConfig {
    let zoom = fakes.zoom();
    zoom.change_settings(|settings| settings.meetings_at_once = Some(1));
    for host in [FIRST, SECOND] {
        zoom.add_user(host, "Default", "Host", 2, UserStatus::Active);
    }
    let fallback = ProviderFallback {
        pending: Fallback::DefaultHost,
        inactive: Fallback::DefaultHost,
        foreign: Fallback::DefaultHost,
        no_seat: SeatFallback::DefaultHost,
        default_hosts: vec![FIRST.to_uppercase(), SECOND.to_owned()],
    };
    ZoomConfig { fallback, ..with(fakes) }
}

fn find_user(zoom: &FakeZoom, email: &str) -> Option<ZoomUserId> {
    let found = zoom.users().into_iter().find(|user| user.email == email)?;
    Some(ZoomUserId::new(found.id).unwrap())
}

fn id_of(zoom: &FakeZoom, email: &str) -> ZoomUserId {
    find_user(zoom, email).unwrap()
}

/// As many seats as are taken, so that none is free.
fn take_all_seats(zoom: &FakeZoom) -> u32 {
    let seats = u32::try_from(zoom.users().iter().filter(|user| user.licensed).count()).unwrap();
    zoom.change_settings(|settings| settings.licensed_seats = seats);
    seats
}

/// A provider of a visit of their own, whose invitation is open.
fn pending(zoom: &FakeZoom, name: &str) -> ZoomCall {
    let email = format!("{name}@lakeside.example");
    if find_user(zoom, &email).is_none() {
        zoom.add_user(&email, "P", "P", 2, UserStatus::Pending);
    }
    let mut call = provider(&format!("Practitioner/{name}"), Some(&email));
    *host_choice(&mut call) = HostChoice { holder: format!("visit of {name}"), ..HostChoice::default() };
    call
}

fn host_choice(call: &mut ZoomCall) -> &mut HostChoice {
    match call {
        ZoomCall::EnsureProvider { host_choice, .. } => host_choice,
        call => panic!("{call:?}"),
    }
}

fn stands_in(user: &ZoomUserId, cause: ProblemCode) -> IntentOutcome {
    IntentOutcome::MadeDo { user: user.clone(), licensed: true, instead: Instead::DefaultHost(cause) }
}

#[actix_web::test]
async fn a32_a33_a_default_host_stands_in_for_each_cause_that_the_settings_name() {
    let fakes = fakes().await;
    let config = with_default_hosts(&fakes);
    let zoom = fakes.zoom();
    let first = id_of(zoom, FIRST);
    zoom.add_user("inactive@lakeside.example", "I", "I", 2, UserStatus::Inactive);
    zoom.add_user("basic@lakeside.example", "B", "B", 1, UserStatus::Active);
    zoom.add_user("pending@lakeside.example", "P", "P", 2, UserStatus::Pending);
    take_all_seats(zoom);
    let license_found_users = true;
    let setup = setup(ZoomConfig { license_found_users, ..config.clone() });
    for (email, cause) in [
        ("pending@lakeside.example", ProblemCode::UserPending),
        ("inactive@lakeside.example", ProblemCode::UserInactive),
        ("x@unmanaged.example", ProblemCode::UserForeign),
        ("nobody@lakeside.example", ProblemCode::NoSeat),
        ("basic@lakeside.example", ProblemCode::NoSeat),
    ] {
        let wanted = provider(&format!("Practitioner/{cause:?}-{}", email.len()), Some(email));
        assert_eq!(call(&setup, &wanted).await, stands_in(&first, cause), "{email}");
        // Whoever is not named in the settings is told why, as before.
        let fallback = ProviderFallback { default_hosts: vec![FIRST.to_owned()], ..ProviderFallback::NONE };
        let told = super::setup(ZoomConfig { license_found_users, fallback, ..config.clone() });
        let outcome = call(&told, &wanted).await;
        if email == "basic@lakeside.example" {
            assert!(matches!(outcome, IntentOutcome::Provider { licensed: false, .. }), "{outcome:?}");
        } else {
            assert_eq!(outcome, failed(cause, Retry::Never), "{email}");
        }
    }
    // The stand-in is never remembered as the provider's own user, so that their own is found as soon as it is there.
    zoom.set_user("pending@lakeside.example", UserStatus::Active, 2);
    let own = IntentOutcome::Provider { user: id_of(zoom, "pending@lakeside.example"), licensed: true };
    assert_eq!(call(&setup, &provider("Practitioner/p", Some("pending@lakeside.example"))).await, own);
    fakes.stop().await;
}

#[actix_web::test]
async fn a_default_host_hosts_one_visit_at_a_time() {
    let fakes = fakes().await;
    let setup = setup(with_default_hosts(&fakes));
    let zoom = fakes.zoom();
    let (first, second) = (id_of(zoom, FIRST), id_of(zoom, SECOND));
    let cause = ProblemCode::UserPending;
    // Two launches at once, at two nodes as far as Zoom can tell: nothing runs yet.
    let (one, other) = (pending(zoom, "one"), pending(zoom, "other"));
    let chosen = futures_util::join!(call(&setup, &one), call(&setup, &other));
    let (one_by, other_by) = (stands_in(&first, cause), stands_in(&second, cause));
    assert!(
        chosen == (one_by.clone(), other_by.clone()) || chosen == (other_by.clone(), one_by.clone()),
        "{chosen:?}"
    );
    let third = call(&setup, &pending(zoom, "third")).await;
    assert_eq!(third, failed(ProblemCode::NoDefaultHost, Retry::Never));
    assert_eq!(call(&setup, &one).await, chosen.0, "the same launch again");

    // The claims run out; who hosts a meeting that runs is taken all the same.
    setup.forget_claims(&[&first, &second]).await;
    let IntentOutcome::Made(made) = call(&setup, &create(&first, "vst-one")).await else { panic!() };
    let start = setup.client.start_link(&lakeside(), made.meeting).await.unwrap();
    let seat = zoom.open(start.reveal(), "", Device::App).unwrap();
    assert_eq!(call(&setup, &pending(zoom, "third")).await, stands_in(&second, cause));
    // For whom they host already they stay free: their own meeting is no other.
    setup.forget_claims(&[&first, &second]).await;
    let mut again = pending(zoom, "one");
    host_choice(&mut again).meeting = Some(made.meeting);
    host_choice(&mut again).rather = Some(first.clone());
    assert_eq!(call(&setup, &again).await, stands_in(&first, cause));
    // Another person of the same visit does not come by the same user.
    let mut colleague = pending(zoom, "colleague");
    host_choice(&mut colleague).not = [first.clone()].into();
    assert_eq!(call(&setup, &colleague).await, stands_in(&second, cause));

    zoom.act(&seat, &SeatAct::EndForAll).unwrap();
    setup.forget_claims(&[&first, &second]).await;
    assert_eq!(call(&setup, &pending(zoom, "third")).await, stands_in(&first, cause), "free again");
    fakes.stop().await;
}

impl Setup {
    async fn forget_claims(&self, hosts: &[&ZoomUserId]) {
        let account = &config("http://127.0.0.1:1").account_id;
        for host in hosts {
            let name = format!("default-host/{account}/{host}");
            self.store.take(Space::Turns, &name).await.unwrap();
        }
    }
}

#[actix_web::test]
async fn a_default_host_who_cannot_host_is_passed_over() {
    let fakes = fakes().await;
    let config = with_default_hosts(&fakes);
    let zoom = fakes.zoom();
    let (first, second) = (id_of(zoom, FIRST), id_of(zoom, SECOND));
    let by_id = vec!["no-such-user".to_owned(), first.to_string(), second.to_string()];
    let fallback = ProviderFallback { default_hosts: by_id, ..config.fallback.clone() };
    let setup = setup(ZoomConfig { fallback, ..config });
    for (status, kind) in [(UserStatus::Inactive, 2), (UserStatus::Pending, 2), (UserStatus::Active, 1)] {
        assert!(zoom.set_user(FIRST, status, kind));
        let outcome = call(&setup, &pending(zoom, "one")).await;
        assert_eq!(outcome, stands_in(&second, ProblemCode::UserPending), "{status:?} {kind}");
    }
    assert!(zoom.set_user(SECOND, UserStatus::Inactive, 2));
    let outcome = call(&setup, &pending(zoom, "one")).await;
    assert_eq!(outcome, failed(ProblemCode::NoDefaultHost, Retry::Never));
    // Where Zoom does not say, it is asked again by itself.
    assert!(zoom.set_user(SECOND, UserStatus::Active, 2));
    fault(&fakes, "meetings.list", None, ZoomFaultKind::Html { status: 503 });
    let outcome = call(&setup, &pending(zoom, "one")).await;
    assert_eq!(outcome, failed(ProblemCode::ZoomUnavailable, Retry::After(None)));
    assert_eq!(zoom.calls("users.create"), 0);
    fakes.stop().await;
}

#[actix_web::test]
async fn the_link_of_a_default_host_is_given_only_while_they_host_nothing_else() {
    let fakes = fakes().await;
    let setup = setup(with_default_hosts(&fakes));
    let zoom = fakes.zoom();
    let (first, second) = (id_of(zoom, FIRST), id_of(zoom, SECOND));
    let lakeside = lakeside();
    let meeting = async |host: &ZoomUserId, marker: &str| match call(&setup, &create(host, marker)).await {
        IntentOutcome::Made(made) => made,
        other => panic!("{other:?}"),
    };
    let (mine, other) = (meeting(&first, "vst-mine").await, meeting(&first, "vst-other").await);
    let link = async |holder: &str, of: MeetingId| {
        let wanted = DefaultHostLink { holder, meeting: of, user: &first, join_url: None };
        setup.client.default_host_link(&lakeside, wanted).await
    };
    let start = link("mine", mine.meeting).await.unwrap();
    assert_eq!(link("other", other.meeting).await.unwrap_err(), LinkRefused::Busy, "taken a moment ago");
    let seat = zoom.open(start.reveal(), "", Device::App).unwrap();
    assert_eq!(zoom.seat(&seat).unwrap().user, first.as_str());
    setup.forget_claims(&[&first]).await;
    assert_eq!(link("other", other.meeting).await.unwrap_err(), LinkRefused::Busy, "another one runs");
    // What would have happened: Zoom asks to end the other visit first.
    let blind = setup.client.start_link(&lakeside, other.meeting).await.unwrap();
    assert_eq!(zoom.open(blind.reveal(), "", Device::App), Err(JoinRefused::HostsAnotherMeeting));
    setup.forget_claims(&[&first]).await;
    assert!(link("mine", mine.meeting).await.is_ok(), "their own runs, and they come back");
    assert_eq!(link("mine", MeetingId(12_345_678_901)).await.unwrap_err(), LinkRefused::Busy);

    // Nor does a colleague begin it in their place, who is alternative host of it with a user of their own.
    let okafor = provider("Practitioner/eProvOkafor", Some("samuel.okafor@lakeside.example"));
    let IntentOutcome::Provider { user: okafor, .. } = call(&setup, &okafor).await else { panic!("no user") };
    let set = alternatives(other.meeting, &[&okafor]);
    assert_eq!(call(&setup, &set).await, IntentOutcome::AlternativesSet { stand: vec![okafor.clone()] });
    let begin = || setup.client.alternative_link(&lakeside, other.meeting, &okafor, &other.join_url);
    assert_eq!(begin().await.unwrap_err(), LinkRefused::Busy);
    zoom.act(&seat, &SeatAct::EndForAll).unwrap();
    let link_of_okafor = begin().await.unwrap();
    let begun = zoom.open(link_of_okafor.reveal(), "", Device::App).unwrap();
    assert!(begin().await.is_ok(), "it runs now");
    zoom.act(&begun, &SeatAct::Leave).unwrap();

    // As alternative host of a colleague's meeting: by the default host's token, whatever the settings say of others.
    let set = alternatives(mine.meeting, &[&second]);
    assert_eq!(call(&setup, &set).await, IntentOutcome::AlternativesSet { stand: vec![second.clone()] });
    let wanted = DefaultHostLink {
        holder: "colleague",
        meeting: mine.meeting,
        user: &second,
        join_url: Some(&mine.join_url),
    };
    let joined = setup.client.default_host_link(&lakeside, wanted).await.unwrap();
    let seat = zoom.open(joined.reveal(), "", Device::App).unwrap();
    assert_eq!(zoom.seat(&seat).unwrap().user, second.as_str());
    fakes.stop().await;
}

#[actix_web::test]
async fn a33_where_no_seat_is_free_the_user_is_made_as_a_basic_one_and_licensed_later() {
    let fakes = fakes().await;
    let zoom = fakes.zoom();
    for license_found_users in [true, false] {
        let seats = take_all_seats(zoom);
        let fallback = ProviderFallback { no_seat: SeatFallback::Basic, ..ProviderFallback::NONE };
        let setup = setup(ZoomConfig { fallback, license_found_users, ..with(&fakes) });
        let wanted = provider(&format!("Practitioner/basic-{license_found_users}"), None);
        let before = (zoom.users().len(), zoom.calls("users.create"));
        let first = call(&setup, &wanted).await;
        let IntentOutcome::MadeDo { user, licensed: false, instead: Instead::Basic } = &first else {
            panic!("{first:?}")
        };
        // A second user is never made: Zoom refused the first one.
        assert_eq!((zoom.users().len(), zoom.calls("users.create")), (before.0 + 1, before.1 + 2));
        let again = call(&setup, &wanted).await;
        let unlicensed = IntentOutcome::Provider { user: user.clone(), licensed: false };
        assert_eq!(again, if license_found_users { first.clone() } else { unlicensed.clone() });
        zoom.change_settings(|settings| settings.licensed_seats = seats + 1);
        let licensed = IntentOutcome::Provider { user: user.clone(), licensed: true };
        let later = call(&setup, &wanted).await;
        assert_eq!(later, if license_found_users { licensed } else { unlicensed });
        assert_eq!(zoom.users().len(), before.0 + 1);
    }
    fakes.stop().await;
}

#[actix_web::test]
async fn a_licence_that_cannot_be_given_leaves_a_found_user_as_it_is() {
    let fakes = fakes().await;
    let zoom = fakes.zoom();
    zoom.add_user("basic@lakeside.example", "B", "B", 1, UserStatus::Active);
    let setup = setup(ZoomConfig { license_found_users: true, ..with_default_hosts(&fakes) });
    let wanted = provider("Practitioner/b", Some("basic@lakeside.example"));
    let basic = IntentOutcome::Provider { user: id_of(zoom, "basic@lakeside.example"), licensed: false };
    // The app lacks the scope; Zoom does not answer: nobody stands in for that.
    zoom.change_settings(|settings| settings.scopes.retain(|scope| scope != "user:update:user:admin"));
    zoom.revoke_tokens();
    assert_eq!(call(&setup, &wanted).await, basic);
    zoom.change_settings(|settings| settings.scopes.push("user:update:user:admin".to_owned()));
    zoom.revoke_tokens();
    fault(&fakes, "users.update", None, ZoomFaultKind::Html { status: 503 });
    assert_eq!(call(&setup, &wanted).await, basic);
    zoom.clear_faults();
    let licensed = IntentOutcome::Provider { user: id_of(zoom, "basic@lakeside.example"), licensed: true };
    assert_eq!(call(&setup, &wanted).await, licensed);
    fakes.stop().await;
}

#[actix_web::test]
async fn a_meeting_gets_registration_once_its_host_has_a_licence_and_it_is_asked_for() {
    let fakes = fakes().await;
    let setup = setup(with(&fakes));
    let zoom = fakes.zoom();
    let email = "basic@lakeside.example";
    zoom.add_user(email, "B", "B", 1, UserStatus::Active);
    let IntentOutcome::Made(made) = call(&setup, &create(&id_of(zoom, email), "vst-basic")).await else {
        panic!("not made")
    };
    assert!(!made.effective.registration, "left out without a word");
    let ask = |meeting| ZoomCall::AskRegistration { meeting, host: made.host.clone() };
    let answered = |registration| IntentOutcome::Read {
        started: false,
        effective: MeetingSettings { registration, ..made.effective },
    };
    assert_eq!(call(&setup, &ask(made.meeting)).await, answered(false));
    assert!(zoom.set_user(email, UserStatus::Active, 2));
    let read = ZoomCall::ReadMeeting { meeting: made.meeting };
    assert_eq!(call(&setup, &read).await, answered(false), "not by itself");
    assert_eq!(call(&setup, &ask(made.meeting)).await, answered(true));
    assert_eq!(call(&setup, &ask(MeetingId(12_345_678_901))).await, IntentOutcome::MeetingGone);
    fakes.stop().await;
}

// By sign-in the link is everybody's, and Zoom knows the alternative host by the app that is signed in.
#[actix_web::test]
async fn an_alternative_host_who_is_signed_in_needs_no_token_on_the_link() {
    let fakes = fakes().await;
    let setup = setup(ZoomConfig { alternative_host_link: AlternativeHostLink::SignIn, ..with(&fakes) });
    let made = made(&setup, "vst-sign-in").await;
    let okafor = provider("Practitioner/eProvOkafor", Some("samuel.okafor@lakeside.example"));
    let IntentOutcome::Provider { user, .. } = call(&setup, &okafor).await else { panic!("no user") };
    let set = alternatives(made.meeting, &[&user]);
    assert_eq!(call(&setup, &set).await, IntentOutcome::AlternativesSet { stand: vec![user.clone()] });
    let link = setup.client.alternative_link(&lakeside(), made.meeting, &user, &made.join_url).await.unwrap();
    assert_eq!(link, made.join_url);
    assert_eq!(fakes.zoom().calls("users.token"), 0);
    let open = |who: &str| fakes.zoom().open_signed_in(link.reveal(), who, Device::App);
    assert_eq!(fakes.zoom().open(link.reveal(), "", Device::App), Err(JoinRefused::RegistrationNeeded));
    fakes.zoom().add_user("other@lakeside.example", "O", "Other", 2, UserStatus::Active);
    assert_eq!(open("other@lakeside.example"), Err(JoinRefused::RegistrationNeeded), "not a host here");
    let seat = open(user.as_str()).unwrap();
    assert_eq!(fakes.zoom().seat(&seat).unwrap().user, user.as_str());
    assert!(fakes.zoom().meetings()[0].uuid.is_some(), "and may start it");
    let lakeside = lakeside();
    let gone = setup.client.alternative_link(&lakeside, MeetingId(12_345_678_901), &user, &made.join_url);
    assert_eq!(gone.await.unwrap_err(), LinkRefused::Gone);
    fakes.stop().await;
}
