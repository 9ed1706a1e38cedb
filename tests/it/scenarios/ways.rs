//! The ways that launches take beside the usual one: inside frames, as posted forms, and when there are too many of them.

use serde_json::json;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind, IdTokenFault};
use vestibule::simulator::people::Browser;

use super::house::{Answer, House, until};
use super::launches::{OnTheWay, is_refused};
use super::people::shown;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";

#[actix_web::test]
async fn e44_a_refusal_shows_inside_the_frame_that_the_organization_allows() {
    let house =
        House::with("[organization.lakeside]\nframing_hosts = [\"https://hyperspace.example.org\"]\n").await;
    let is_framed = |answer: &Answer| {
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors https://hyperspace.example.org;"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), "", "which knows no list of hosts");
    };
    for path in [
        "/epic/lakeside/launch/provider?iss=https%3A%2F%2Fevil.example&launch=x",
        "/epic/lakeside/launch/provider",
        "/epic/lakeside/launch/guest",
        "/epic/launch/provider?acc_id=DemoZoomAccount1&iss=x&launch=x",
    ] {
        is_framed(&house.get(path).await);
    }
    // A frame whose cookies the browser holds back.
    let on = house.on_the_way(LaunchKind::Provider, CSN, PROVIDER).await;
    let refused = house.get(&on.callback).await;
    is_refused(&refused, 400, "link-used-or-expired");
    is_framed(&refused);
    let on = house.on_the_way(LaunchKind::Provider, CSN, PROVIDER).await;
    house.epic().set_id_token_fault(Some(IdTokenFault::WrongKey));
    is_framed(&house.get_with(&on.callback, &[("cookie", &on.cookie)]).await);
    house.epic().set_id_token_fault(None);
    let patient = house.waits(CSN, PATIENT).await;
    let join = house.http.post(format!("{}/visit/{}/join", house.url, patient.ticket)).send().await;
    let refused = super::house::read(join).await;
    is_refused(&refused, 403, "not-this-browser");
    is_framed(&refused);
    // Where nobody knows whose page it is, nobody may frame it.
    let unknown = house.get("/epic/callback?state=x&code=x").await;
    assert!(unknown.header("content-security-policy").contains("frame-ancestors 'none'"));
    house.close().await;
}

// A launch is told apart by the state in its address, and by nothing that a browser keeps for all of its tabs.
#[actix_web::test]
async fn e44_launches_in_two_tabs_of_one_browser_never_mix() {
    let house = House::open().await;
    let first = house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await;
    let cookie = [("cookie", first.cookie.as_str())];
    let url = house.fresh_launch(LaunchKind::Patient, "10002", "WPR2");
    let to_epic = house.get_with(&format!("{}?{}", url.path(), url.query().unwrap()), &cookie).await;
    let back = super::house::read(house.http.get(to_epic.header("location")).send().await).await;
    let second = back.header("location").strip_prefix(&house.url).unwrap().to_owned();
    // The tab that was opened last comes back first.
    let mut tickets = Vec::new();
    for callback in [&second, &first.callback] {
        let landed = house.get_with(callback, &cookie).await;
        assert_eq!(landed.status, 303, "{}", landed.text());
        tickets.push(landed.header("location").to_owned());
    }
    for (csn, who, ticket) in [("10002", "WPR2", &tickets[0]), (CSN, PATIENT, &tickets[1])] {
        house.provider_inside(csn).await;
        let people = house.visit(csn).await["participants"].clone();
        let ids: Vec<&str> =
            people.as_array().unwrap().iter().filter_map(|one| one["external_id"].as_str()).collect();
        assert!(ids.contains(&who) && ids.len() == 2, "{csn}: {ids:?}");
        let joined = house.http.post(format!("{}{ticket}/join", house.url)).insert_header(cookie[0]).send();
        let link = super::house::read(joined.await).await;
        assert_eq!(link.status, 303, "{}", link.text());
        house.sits_down(csn, who, link.header("location"));
        house.until_light(csn, who, true).await;
    }
    house.until_right().await;
    house.close().await;
}

#[actix_web::test]
async fn e5_an_address_that_would_be_too_long_is_posted_as_a_form() {
    let scopes: Vec<String> = (0..60).map(|number| format!("user/AnotherResource{number:02}.rs")).collect();
    let all = json!([["launch", "openid", "fhirUser"].map(str::to_owned).to_vec(), scopes].concat());
    let house = House::with(&format!("[organization.lakeside.epic]\nscopes = {all}\n")).await;
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let page = house.get(&format!("{}?{}", url.path(), url.query().unwrap())).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("form-action 'self' "), "{policy}");
    assert!(policy.contains(house.fakes.url()), "{policy}");
    assert!(page.text().contains("<button type=\"submit\"") && page.text().contains("/onward.mjs\""));
    // The form is posted as a browser does.
    let between = |text: &str, before: &str, after: &str| {
        text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).unwrap().0.to_owned()
    };
    let action = between(&page.text(), "method=\"post\" action=\"", "\"");
    let plain = |text: String| text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'");
    let fields: Vec<(String, String)> = page
        .text()
        .split("type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| (rest.split('"').next().unwrap().to_owned(), plain(between(rest, "value=\"", "\""))))
        .collect();
    assert_eq!(fields.len(), 10);
    assert_eq!(action, format!("{}/epic/oauth2/authorize", house.fakes.url()));
    let back = super::house::read(house.http.post(action).send_form(&fields).await).await;
    let callback = back.header("location").strip_prefix(&house.url).unwrap().to_owned();
    let landed = house.get_with(&callback, &[("cookie", &cookie)]).await;
    assert!(landed.status == 303 && landed.header("location").starts_with("/visit/"), "{}", landed.text());
    house.close().await;
}

#[actix_web::test]
async fn launches_that_never_come_back_fill_no_store() {
    let house = House::with("[limits]\npending_launches = 3\npending_launches_per_peer = 3\n").await;
    let mut on_the_way = Vec::new();
    for _ in 0..3 {
        on_the_way.push(house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await);
    }
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let refused = house.get(&path).await;
    is_refused(&refused, 503, "overloaded");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert_eq!(house.metric(&["vestibule_refused_total", "\"pending_launches\""]).await, 1.0);
    // Whoever comes back makes room.
    let on = on_the_way.pop().unwrap();
    assert_eq!(house.get_with(&on.callback, &[("cookie", &on.cookie)]).await.status, 303);
    assert_eq!(house.get(&path).await.status, 302);
    house.close().await;
}

#[actix_web::test]
async fn one_launch_too_many_is_told_to_come_again() {
    let house = House::with("[limits]\nconcurrent_launches = 1\n").await;
    house.epic().add_fault(EpicFault {
        call: "discovery".to_owned(),
        times: None,
        fault: EpicFaultKind::Slow { millis: 1_500 },
    });
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let first = house.http.get(format!("{}{path}", house.url)).send();
    let first = actix_web::rt::spawn(first);
    until("the first is under way", async || (house.epic().calls("discovery") > 0).then_some(())).await;
    let second = house.get(&path).await;
    is_refused(&second, 503, "overloaded");
    assert!(second.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert_eq!(first.await.unwrap().unwrap().status().as_u16(), 302);
    let metrics = house.get("/metrics").await.text();
    assert!(
        metrics
            .lines()
            .any(|line| line.contains("launches") && line.contains("refused") && line.ends_with(" 1")),
        "{metrics}"
    );
    house.nothing_changed().await;
    house.close().await;
}

// A launch keeps its place for as long as Epic and Zoom may take.
#[actix_web::test]
async fn an_epic_that_hangs_shuts_nobody_else_out() {
    let (house, other) = House::beside_another("[limits]\nconcurrent_launches = 1\n").await;
    house.epic().add_fault(EpicFault {
        call: "token".to_owned(),
        times: Some(1),
        fault: EpicFaultKind::Slow { millis: 1_500 },
    });
    let first = house.launch(LaunchKind::Patient, CSN, PATIENT);
    let meanwhile = async {
        until("the first is under way", async || (house.epic().calls("token") > 0).then_some(())).await;
        let url = other.epic().launch_url(LaunchKind::Patient, PATIENT, CSN).unwrap();
        let elsewhere = Browser::new(house.http.clone(), other.url()).open(&url).await.unwrap();
        assert!(elsewhere.ticket().is_some(), "{}", shown(&elsewhere));
        let metrics = house.get("/metrics").await.text();
        assert!(metrics.contains("vestibule_launches_under_way{organization=\"lakeside\"} 1"), "{metrics}");
    };
    let ((_, landing), ()) = futures_util::join!(first, meanwhile);
    assert!(landing.ticket().is_some(), "{}", shown(&landing));
    house.close().await;
}

#[actix_web::test]
async fn who_comes_back_from_epic_while_all_places_are_taken_may_load_the_address_again() {
    let house = House::with("[limits]\nconcurrent_launches = 1\n").await;
    let OnTheWay { cookie, callback } = house.on_the_way(LaunchKind::Patient, "10002", "WPR2").await;
    house.epic().add_fault(EpicFault {
        call: "token".to_owned(),
        times: Some(1),
        fault: EpicFaultKind::Slow { millis: 1_000 },
    });
    let first = house.launch(LaunchKind::Patient, CSN, PATIENT);
    let meanwhile = async {
        until("the first is under way", async || (house.epic().calls("token") > 0).then_some(())).await;
        is_refused(&house.get_with(&callback, &[("cookie", &cookie)]).await, 503, "overloaded");
    };
    futures_util::join!(first, meanwhile);
    let again = house.get_with(&callback, &[("cookie", &cookie)]).await;
    assert!(again.header("location").starts_with("/visit/"), "{}", again.text());
    house.close().await;
}
