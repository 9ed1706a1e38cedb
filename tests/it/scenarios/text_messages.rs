//! Guests' links by text message: sent once through the organization's gateway, and told as it was.

use futures_util::future::join_all;
use vestibule::simulator::sms::{SmsFault, SmsFaultKind, TextMessage};

use super::guests::{Tools, text};
use super::house::House;

const CSN: &str = "10001";
const PHONE: &str = "(312) 555-0123";
const TO: &str = "+13125550123";

/// The id of the first link that a tools page shows.
fn link_id(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"link\" value=\"").expect("a link");
    rest.split('"').next().unwrap().to_owned()
}

impl Tools<'_> {
    async fn texts(&mut self, phone: &str) -> String {
        let id = link_id(&self.page().await);
        self.press("text", &[("link", &id), ("phone", phone)]).await
    }

    /// The page that a number brings back that is none.
    async fn refuses(&mut self, phone: &str) -> String {
        let id = link_id(&self.page().await);
        let url = format!("{}/text", self.url);
        let landing = self.browser.fill_in(&url, &[("link", &id), ("phone", phone)]).await.unwrap();
        let (status, body) = text(&landing);
        assert_eq!(status, 400, "{body}");
        body
    }
}

impl House {
    async fn texted(&self, outcome: &str) -> f64 {
        self.metric(&["vestibule_guest_text_messages_total", &format!("outcome=\"{outcome}\"")]).await
    }

    fn messages(&self) -> Vec<TextMessage> {
        self.fakes.sms().messages()
    }

    fn sms_fault(&self, fault: SmsFaultKind) {
        assert!(self.fakes.sms().add_fault(SmsFault { times: Some(1), fault }));
    }
}

/// The correlation id that a page names.
fn reference(page: &str) -> &str {
    let (_, rest) = page.split_once("Reference: <code>").unwrap_or_else(|| panic!("no reference: {page}"));
    rest.split('<').next().unwrap()
}

#[actix_web::test]
async fn e48_a_link_comes_by_text_message_and_opens_the_visit() {
    let house = House::of_the_program(
        "[logging]\nfilter = \"info,vestibule=trace,vestibule_actors=trace\"\nformat = \"json\"",
    )
    .await;
    let mut tools = house.tools(CSN).await;
    let link = tools.invites("Ivan").await;
    let page = tools.texts(PHONE).await;
    assert!(page.contains("The text message was sent.") && page.contains("so far: 1"), "{page}");
    let messages = house.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(message.to, TO);
    assert!(message.text.starts_with("Lakeside Health: you are invited") && message.text.ends_with(&link));
    let mut guest = house.browser();
    let landing = guest.press(&link).await.unwrap();
    assert!(landing.ticket().is_some(), "the link is the guest's");
    assert_eq!(house.texted("sent").await, 1.0);
    // What the reference names is in the log; the number, the name and the link are nowhere.
    let (log, shown) = (house.log(), format!("{}{page}", house.visit(CSN).await));
    let line = log.lines().find(|line| line.contains("a text message with a guest")).unwrap();
    assert!(line.contains(reference(&page)) && line.contains("\"outcome\":\"sent\""), "{line}");
    let key = link.split_once("link=").unwrap().1.split('&').next().unwrap();
    for secret in ["5550123", "555-0123", "Ivan", key, "demo-sms-key"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
    assert!(!shown.contains("5550123") && !shown.contains("555-0123"), "{shown}");
    house.close().await;
}

#[actix_web::test]
async fn e48_what_the_gateway_does_is_told_in_our_words_and_nothing_is_sent_twice() {
    let house = House::with("[organization.lakeside.sms]\ntimeout = \"500ms\"\nmessages_per_link = 5").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    for (fault, words, outcome, sent) in [
        (SmsFaultKind::Status { status: 400 }, "was not sent", "refused", 0),
        (SmsFaultKind::Status { status: 500 }, "may have been sent", "in_doubt", 0),
        (SmsFaultKind::DoneThenHang, "may have been sent", "in_doubt", 1),
        (SmsFaultKind::Slow { millis: 50 }, "message was sent", "sent", 2),
    ] {
        house.sms_fault(fault.clone());
        let before = house.texted(outcome).await;
        let page = tools.texts(PHONE).await;
        assert!(page.contains(words) && reference(&page).len() == 16, "{fault:?}: {page}");
        assert!(!page.contains("cannot send") && !page.contains("5550123"), "the gateway's words: {page}");
        assert_eq!(house.texted(outcome).await, before + 1.0, "{fault:?}");
        assert_eq!(house.messages().len(), sent, "{fault:?}");
    }
    assert_eq!(house.fakes.sms().calls(), 4, "one request for each click");
    // A number that the gateway alone knows to be wrong.
    assert!(tools.texts("+1 500 555 0001").await.contains("was not sent"));
    house.close().await;
}

#[actix_web::test]
async fn e48_a_bad_number_sends_nothing_and_costs_nothing() {
    let house = House::with("[organization.lakeside.sms]\nmessages_per_link = 1").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    for wrong in ["", "call me", "312-555-012", "+1 112 555 0123"] {
        let page = tools.refuses(wrong).await;
        assert!(page.contains("That is not a mobile number"), "{wrong}: {page}");
    }
    assert_eq!((house.fakes.sms().calls(), house.texted("bad_number").await), (0, 4.0));
    assert!(tools.texts("+49 170 1234567").await.contains("was sent"));
    assert_eq!(house.messages()[0].to, "+491701234567");
    house.close().await;
    let house = House::with("[organization.lakeside.sms]\ncountry_prefix = \"\"").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    assert!(tools.refuses(PHONE).await.contains("with + and the country code"));
    house.close().await;
}

#[actix_web::test]
async fn e48_messages_are_bounded_by_link_and_by_organization_however_many_clicks_come_at_once() {
    let house = House::with("[organization.lakeside.sms]\nmessages_per_link = 2\nconcurrent = 100").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    let id = link_id(&tools.page().await);
    let fields = [("link", id.as_str()), ("phone", PHONE)];
    let url = format!("{}/text", tools.url);
    let clicks = (0..8).map(|_| {
        let (mut browser, url, fields) = (tools.browser.clone(), url.clone(), fields);
        async move { text(&browser.fill_in(&url, &fields).await.unwrap()).1 }
    });
    let pages = join_all(clicks).await;
    assert_eq!(pages.iter().filter(|page| page.contains("message was sent")).count(), 2);
    assert_eq!(
        pages
            .iter()
            .filter(|page| page.contains("role=\"status\" class=\"note\">No more text messages"))
            .count(),
        6
    );
    assert_eq!(house.messages().len(), 2);
    assert!(!tools.page().await.contains("name=\"phone\""), "the page offers no more");
    assert_eq!(house.metric(&["vestibule_refused_total", "sms_per_link"]).await, 6.0);
    // A link that was taken back is sent to nobody.
    tools.press("revoke", &[("link", &id)]).await;
    let page = tools.press("text", &fields).await;
    assert!(page.contains("not good any more") && house.messages().len() == 2, "{page}");
    house.close().await;

    let house = House::with("[organization.lakeside.sms]\nmessages_per_minute = 1").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    assert!(tools.texts(PHONE).await.contains("message was sent"));
    let page = tools.texts(PHONE).await;
    assert!(page.contains("Too many text messages") && page.contains("so far: 1"), "{page}");
    assert_eq!(house.metric(&["vestibule_refused_total", "sms_rate"]).await, 1.0);
    house.close().await;
}

#[actix_web::test]
async fn e48_without_a_gateway_nothing_is_offered_and_a_locked_link_is_not_sent() {
    let house = House::with("[organization.lakeside.sms]\nurl = \"\"").await;
    let mut tools = house.tools(CSN).await;
    tools.invites("Ivan").await;
    let page = tools.page().await;
    assert!(!page.contains("name=\"phone\"") && !page.contains("text message"), "{page}");
    let fields = [("link", link_id(&page)), ("phone", PHONE.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let posted = tools.browser.fill_in(&format!("{}/text", tools.url), &fields).await.unwrap();
    assert_eq!(text(&posted).0, 404);
    house.close().await;
    let house = House::with("[organization.lakeside.guest_birth_date]\ncheck = true\ntries = 1").await;
    let mut tools = house.tools(CSN).await;
    let link = tools.invites("Ivan").await;
    let guess = [("year", "1900"), ("month", "1"), ("day", "1")];
    assert_eq!(text(&house.browser().fill_in(&link, &guess).await.unwrap()).0, 410);
    assert!(tools.texts(PHONE).await.contains("not good any more"));
    assert!(house.messages().is_empty());
    // A page of another site presses no button here either.
    let path = tools.url.strip_prefix(&house.url).unwrap();
    let posted = house
        .http
        .post(format!("{}{path}/text", house.url))
        .insert_header(("origin", "https://evil.example"));
    assert_eq!(posted.send_form(&fields).await.unwrap().status(), 403);
    house.close().await;
}

#[actix_web::test]
async fn e41_the_check_looks_at_the_gateway_and_sends_nothing() {
    let house = House::of_the_program("").await;
    let ran = house.runs(&["check", "--json"]).await;
    assert!(ran.said.contains("text messages: DNS"), "{}", ran.said);
    let config = house.runs(&["config"]).await;
    assert!(
        config.said.contains("authorization = \"********\"") && !config.said.contains("demo-sms-key"),
        "{}",
        config.said
    );
    assert_eq!(house.fakes.sms().calls(), 0);
    house.close().await;
}
