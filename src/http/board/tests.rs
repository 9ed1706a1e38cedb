//! The stream over a real websocket.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App as Application, HttpServer, web};
use actix_ws::CloseCode;
use actix_ws::ProtocolError;
use awc::ws::{Frame, Message};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use vestibule_actors::hub::Change;
use vestibule_actors::memory::{Call, When};

use super::message::{Sight, changed};
use crate::http::access::Who;
use crate::http::correlation::correlate;
use crate::http::kit::{Kit, TOKEN, ask, get, group_key, key, service, waiting};
use crate::http::routes::{configure_always, configure_operations};

/// A websocket from the reader's side.
trait Wire: Stream<Item = Result<Frame, ProtocolError>> + Sink<Message, Error = ProtocolError> + Unpin {}
impl<T> Wire for T where
    T: Stream<Item = Result<Frame, ProtocolError>> + Sink<Message, Error = ProtocolError> + Unpin
{
}
type Reader = Box<dyn Wire>;

const SOON: Duration = Duration::from_secs(10);

/// The service on a port of its own.
struct Served {
    address: SocketAddr,
    handle: ServerHandle,
}

async fn serve(kit: &Kit) -> Served {
    let app = kit.app.clone();
    let server = HttpServer::new(move || {
        let operations = app.clone();
        Application::new()
            .app_data(web::Data::new(app.clone()))
            .wrap(from_fn(correlate))
            .configure(configure_always)
            .configure(move |config| configure_operations(&operations, config))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Served { address, handle }
}

impl Served {
    async fn connect(&self) -> Result<Reader, u16> {
        self.connect_about("").await
    }

    /// With a query that says what it is about.
    async fn connect_about(&self, query: &str) -> Result<Reader, u16> {
        let url = format!("http://{}/ops/stream{query}", self.address);
        let request = awc::Client::new().ws(url).set_header("authorization", format!("Bearer {TOKEN}"));
        match request.connect().await {
            Ok((_, reader)) => Ok(Box::new(reader)),
            Err(awc::error::WsClientError::InvalidResponseStatus(status)) => Err(status.as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The next message but those that only say that the line stands, pings answered on the way.
async fn next(reader: &mut Reader) -> Value {
    loop {
        match tokio::time::timeout(SOON, reader.next()).await.unwrap().unwrap().unwrap() {
            Frame::Text(text) if text.starts_with(b"{\"type\":\"alive\"") => {}
            Frame::Text(text) => return serde_json::from_slice(&text).unwrap(),
            Frame::Ping(bytes) => reader.send(Message::Pong(bytes)).await.unwrap(),
            Frame::Close(reason) => return json!({"closed": reason.map(|reason| u16::from(reason.code))}),
            _ => {}
        }
    }
}

/// Reads until the stream shows a version of a visit, and checks that nothing older comes after something newer.
async fn until_version(reader: &mut Reader, version: u64) -> Value {
    let mut newest = 0;
    loop {
        let message = next(reader).await;
        assert_eq!(message["type"], "visit", "{message}");
        let seen = message["visit"]["version"].as_u64().unwrap();
        assert!(seen > newest, "{seen} after {newest}");
        newest = seen;
        if seen == version {
            return message;
        }
    }
}

// I13: a board begins with everything, then sees whole visits, never an older one after a newer.
#[actix_web::test]
async fn a_board_begins_with_a_snapshot_and_follows_what_is_committed() {
    let kit = Kit::new();
    kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    let snapshot = next(&mut reader).await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["visits"].as_array().unwrap().len(), 1);
    let listed = awc::Client::new()
        .get(format!("http://{}/api/v1/visits", served.address))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap();
    assert_eq!(snapshot["visits"], listed["visits"], "the board and the API say the same");
    for _ in 0..20 {
        kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    }
    let last = until_version(&mut reader, 21).await;
    assert_eq!(last["visit"]["owner"], json!({"node": "node-a", "epoch": 1}));
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn an_empty_board_begins_with_an_empty_snapshot() {
    let kit = Kit::new();
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    assert_eq!(next(&mut reader).await, json!({"type": "snapshot", "visits": []}));
    kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    assert_eq!(next(&mut reader).await["visit"]["csn"], "10001");
    served.handle.stop(false).await;
}

// I13: a reader that fell far behind begins again, and with nothing older than it saw.
#[actix_web::test]
async fn a_reader_that_is_far_behind_gets_a_new_snapshot() {
    let kit = Kit::with("limits.ops_buffer = 16");
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    assert_eq!(next(&mut reader).await["visits"], json!([]));
    // Without hints all of them are found at one look, or at two.
    kit.store.faults().lose_hints(true);
    for number in 0..60 {
        let key = key(&number.to_string());
        kit.commit(&key, Some(&waiting(key.clone()))).await;
    }
    let (mut known, mut snapshots) = (BTreeMap::<String, u64>::new(), 0);
    while known.len() < 60 {
        let message = next(&mut reader).await;
        let visits = match message["type"].as_str().unwrap() {
            "snapshot" => message["visits"].as_array().unwrap().clone(),
            _ => vec![message["visit"].clone()],
        };
        snapshots += usize::from(message["type"] == "snapshot");
        for visit in visits {
            let version = visit["version"].as_u64().unwrap();
            let before = known.insert(visit["csn"].as_str().unwrap().to_owned(), version);
            assert!(before.is_none_or(|before| before <= version));
        }
    }
    assert!(snapshots > 0, "sixty single messages instead of a snapshot");
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn a_board_that_opens_while_the_store_is_away_is_told_so_and_not_that_there_is_nothing() {
    let kit = Kit::new();
    kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    kit.store.faults().fail_always(Some(Call::ChangedSince), When::Before);
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    assert_eq!(next(&mut reader).await, json!({"type": "store", "answers": false}));
    kit.store.faults().heal();
    assert_eq!(next(&mut reader).await, json!({"type": "store", "answers": true}));
    assert_eq!(next(&mut reader).await["visits"].as_array().unwrap().len(), 1);
    served.handle.stop(false).await;
}

// Its versions begin at one again, and whoever knows the old ones must hear that they are void.
#[actix_web::test]
async fn a_visit_that_left_and_came_back_is_gone_first() {
    let kit = Kit::new();
    for _ in 0..3 {
        kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    }
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    assert_eq!(next(&mut reader).await["visits"][0]["version"], 3);
    // Found at one look.
    kit.store.faults().lose_hints(true);
    kit.commit(&key("10001"), None).await;
    kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    assert_eq!(next(&mut reader).await["type"], "gone");
    assert_eq!(next(&mut reader).await["visit"]["version"], 1);
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn a_node_that_goes_down_sends_its_boards_elsewhere() {
    let kit = Kit::new();
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    next(&mut reader).await;
    kit.app.readiness.drain();
    assert_eq!(next(&mut reader).await, json!({"closed": 1012}));
    assert_eq!(served.connect().await.err(), Some(503));
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn boards_are_bounded_and_a_place_is_given_back() {
    let kit = Kit::with("limits.ops_connections = 1");
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    next(&mut reader).await;
    assert_eq!(served.connect().await.err(), Some(503));
    reader.send(Message::Close(None)).await.unwrap();
    drop(reader);
    let deadline = Instant::now() + SOON;
    let mut again = loop {
        match served.connect().await {
            Ok(reader) => break reader,
            Err(503) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(status) => panic!("{status}"),
        }
        assert!(Instant::now() < deadline, "the place was not given back");
    };
    assert_eq!(next(&mut again).await["type"], "snapshot");
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn a_frame_that_is_too_long_ends_the_connection() {
    let kit = Kit::new();
    let served = serve(&kit).await;
    let mut reader = served.connect().await.unwrap();
    next(&mut reader).await;
    reader.send(Message::Text("short words are ignored".into())).await.unwrap();
    reader.send(Message::Text("x".repeat(10_000).into())).await.unwrap();
    assert_eq!(next(&mut reader).await, json!({"closed": u16::from(CloseCode::Protocol)}));
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn what_is_no_websocket_is_told_so() {
    let kit = Kit::new();
    let service = service!(kit);
    assert!(ask!(service, get("/ops/stream")).problem(400).contains("websocket"));
    let page = ask!(service, get("/ops"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text().contains("data-stream=\"/ops/stream\""));
}

#[actix_web::test]
async fn a_wall_screen_has_the_colours_that_were_chosen_and_dark_ones_otherwise() {
    let kit = Kit::new();
    let service = service!(kit);
    for (query, class) in
        [("wall", "dark"), ("wall=x", "dark"), ("wall=light", "light"), ("wall=system", "system")]
    {
        let page = ask!(service, get(&format!("/ops?{query}&organization=lakeside")));
        assert!(page.text().contains(&format!("class=\"wall wall-{class}\"")), "{query}");
        let back = format!("next=%2Fops%3Fwall%3D{class}%26lang%3Den%26organization%3Dlakeside\"");
        assert!(page.text().contains(&back), "{query}: {}", page.text());
    }
}

#[actix_web::test]
async fn a_visit_that_left_is_named_by_what_it_was() {
    let kit = Kit::new();
    let gone = |key| {
        let messages = changed(&kit.app, &Sight { who: Who::of_tests(None), only: None }, &Change::Gone(key));
        assert_eq!(messages.len(), 1);
        serde_json::from_str::<Value>(&messages[0]).unwrap()
    };
    assert_eq!(
        gone(key("10001")),
        json!({"type": "gone", "organization": "lakeside", "csn": "10001", "conference_id": null})
    );
    assert_eq!(
        gone(group_key("conf-1")),
        json!({"type": "gone", "organization": "lakeside", "csn": null, "conference_id": "conf-1"})
    );
}

#[actix_web::test]
async fn the_stream_of_one_visit_tells_of_it_alone() {
    let kit = Kit::new();
    for csn in ["10001", "10002"] {
        kit.commit(&key(csn), Some(&waiting(key(csn)))).await;
    }
    let served = serve(&kit).await;
    let mut reader = served.connect_about("?organization=lakeside&csn=10002").await.unwrap();
    let snapshot = next(&mut reader).await;
    let named: Vec<&Value> =
        snapshot["visits"].as_array().unwrap().iter().map(|visit| &visit["csn"]).collect();
    assert_eq!(named, ["10002"]);
    kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    kit.commit(&key("10002"), Some(&waiting(key("10002")))).await;
    assert_eq!(next(&mut reader).await["visit"]["csn"], "10002");
    for nowhere in [
        "?csn=10001",
        "?organization=nowhere&csn=10001",
        "?organization=lakeside&csn=%20",
        "?organization=lakeside&csn=",
        "?organization=lakeside&csn=1&conference_id=%0a",
    ] {
        assert_eq!(served.connect_about(nowhere).await.err(), Some(404), "{nowhere}");
    }
    assert_eq!(served.connect_about("?organization=lakeside").await.err(), Some(400));
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn pages_of_visits_leave_seats_to_boards() {
    let kit = Kit::with("limits.ops_connections = 4");
    kit.commit(&key("10001"), Some(&waiting(key("10001")))).await;
    let served = serve(&kit).await;
    let page = "?organization=lakeside&csn=10001";
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(served.connect_about(page).await.unwrap());
    }
    assert_eq!(served.connect_about(page).await.err(), Some(503));
    open.push(served.connect().await.unwrap());
    assert_eq!(served.connect().await.err(), Some(503));
    served.handle.stop(false).await;
}
