//! The events of a waiting page, as a phone leaves them and as a busy shard makes them.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::Service;
use actix_web::middleware::from_fn;
use actix_web::{App as Application, HttpServer, test, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{pause, sleep, timeout};
use vestibule_actors::codec;
use vestibule_actors::memory::Call;
use vestibule_actors::port::store::{Seq, Store};
use vestibule_domain::command::{Command, Entry};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::Span;

use crate::http::browser::Browser;
use crate::http::correlation::correlate;
use crate::http::kit::{Kit, anonymous, key, patient, waiting};
use crate::http::ticket::Ticket;
use crate::http::visit::configure;

const CSN: &str = "10001";
const SOON: Duration = Duration::from_secs(10);

/// A patient's place: the address of its page and the cookie of its browser.
async fn place(kit: &Kit) -> (String, String) {
    kit.commit(&key(CSN), Some(&waiting(key(CSN)))).await;
    let secret = "0123456789abcdef";
    let cookie = format!("vestibule_browser={secret}");
    let request = test::TestRequest::get().insert_header(("cookie", cookie.as_str())).to_http_request();
    let ticket = Ticket::new(key(CSN), patient(), &Browser::of(&request, &kit.app.settings).unwrap(), None);
    let name = ticket.keep(kit.app.desk.ports(), Span::hours(1)).await.unwrap();
    (format!("/visit/{name}"), cookie)
}

/// How many signs of a page stand in the journal.
async fn signs(kit: &Kit) -> usize {
    let entries = kit.store.read(Shard::of_visit(&key(CSN)), Seq(0), 100).await.unwrap();
    let is_sign = |payload: &[u8]| {
        let entry: Entry = codec::decode(payload).unwrap();
        matches!(entry.command, Command::PageSeen { participant } if participant == patient())
    };
    entries.iter().filter(|entry| is_sign(&entry.payload)).count()
}

macro_rules! application {
    ($kit:expr) => {{
        let app = $kit.app.clone();
        Application::new().app_data(web::Data::new(app)).wrap(from_fn(correlate)).configure(configure)
    }};
}

// What a phone that lost its network leaves behind: a connection that neither ends nor takes anything.
#[actix_web::test]
async fn an_open_stream_alone_is_no_sign_of_a_person() {
    let kit = Kit::new();
    let (page, cookie) = place(&kit).await;
    let app = kit.app.clone();
    let server = HttpServer::new(move || {
        Application::new().app_data(web::Data::new(app.clone())).wrap(from_fn(correlate)).configure(configure)
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let mut phone = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {page}/events HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
    phone.write_all(head.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("event: visit") {
        assert_ne!(phone.read_buf(&mut heard).await.unwrap(), 0, "{}", String::from_utf8_lossy(&heard));
    }
    for _ in 0..4 {
        kit.clock.advance(Span::seconds(30));
        let looked = kit.store.faults().calls(Call::Load);
        kit.commit(&key(CSN), Some(&waiting(key(CSN)))).await;
        // The commit looks once itself.
        let streams_look = async {
            while kit.store.faults().calls(Call::Load) < looked + 2 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SOON, streams_look).await.expect("the stream looks at the visit");
    }
    assert_eq!(signs(&kit).await, 0, "nobody has been heard of");

    let service = test::init_service(application!(kit)).await;
    for (later, wanted) in [(0, 1), (10, 1), (15, 2), (25, 3)] {
        kit.clock.advance(Span::seconds(later));
        let mut seen = waiting(key(CSN));
        seen.participants.get_mut(&patient()).unwrap().page_seen = last_sign(&kit).await;
        kit.commit(&key(CSN), Some(&seen)).await;
        let asked = anonymous(&format!("{page}/state")).insert_header(("cookie", cookie.as_str()));
        assert_eq!(service.call(asked.to_request()).await.unwrap().status(), 200);
        assert_eq!(signs(&kit).await, wanted, "after {later} s more");
    }
    handle.stop(false).await;
}

async fn last_sign(kit: &Kit) -> Option<vestibule_domain::time::Moment> {
    let entries = kit.store.read(Shard::of_visit(&key(CSN)), Seq(0), 100).await.unwrap();
    entries.last().map(|entry| codec::decode::<Entry>(&entry.payload).unwrap().at)
}

#[actix_web::test]
async fn a_stream_of_a_busy_shard_says_that_it_is_there_as_often_as_any() {
    let kit = Kit::new();
    let (page, _) = place(&kit).await;
    let service = test::init_service(application!(kit)).await;
    let answer = service.call(anonymous(&format!("{page}/events")).to_request()).await.unwrap();
    let mut body = Box::pin(answer.into_body());
    pause();
    let busy = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            kit.commit(&key(CSN), Some(&waiting(key(CSN)))).await;
        }
    };
    let mut alive = 0;
    let listen = async {
        while alive < 3 {
            let frame = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await.unwrap().ok().unwrap();
            alive += usize::from(frame.starts_with(b": "));
        }
    };
    let heard = timeout(super::KEEP_ALIVE * 4, async {
        tokio::select! { () = listen => {}, () = busy => {} }
    });
    assert!(heard.await.is_ok(), "{alive} of three");
}
