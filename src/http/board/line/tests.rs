//! One line of a board, by itself and with a reader on a slow connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use actix_web::dev::ServerHandle;
use actix_web::test::TestRequest;
use actix_web::{App as Application, FromRequest, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::*;
use crate::http::access::Who;
use crate::http::kit::{Kit, TOKEN, anonymous, ask, get, key, service, waiting};

/// A line that nobody reads, with an open feed.
async fn line(kit: &Kit, who: Who) -> Line {
    let (request, mut payload) = TestRequest::get()
        .insert_header(("connection", "upgrade"))
        .insert_header(("upgrade", "websocket"))
        .insert_header(("sec-websocket-version", "13"))
        .insert_header(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="))
        .to_http_parts();
    let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let (response, session, _) = actix_ws::handle(&request, body).unwrap();
    // The body takes what is sent; without it the session would be closed.
    std::mem::drop(actix_web::rt::spawn(async move {
        let _ = actix_web::body::to_bytes(response.into_body()).await;
    }));
    let feed = kit.app.boards.watch().await.unwrap();
    Line {
        app: Arc::new(kit.app.clone()),
        sight: Sight { who, only: None },
        session,
        feed,
        pace: PACE,
        paused: None,
    }
}

fn asked(ago: Duration) -> Times {
    Times { asked: instant() - ago, ..Times::new() }
}

#[actix_web::test]
async fn a_line_ends_with_the_sign_in() {
    let kit = Kit::new();
    let service = service!(kit);
    let told = ask!(
        service,
        anonymous("/sign-in").method(actix_web::http::Method::POST).set_form([("token", TOKEN)])
    );
    let cookie = ("cookie", told.header("set-cookie").split(';').next().unwrap().to_owned());
    let request = TestRequest::get().insert_header(cookie.clone()).to_http_request();
    let session = crate::http::access::SessionKey::of_request(&request, &kit.app.settings).unwrap();
    let mut line = line(&kit, Who::of_tests(Some(session))).await;
    assert!(line.look(&mut asked(PACE.ask_every)).await.is_ok());
    let out = anonymous("/sign-out").method(actix_web::http::Method::POST).insert_header(cookie);
    assert_eq!(ask!(service, out).status, 303);
    assert!(line.look(&mut asked(Duration::ZERO)).await.is_ok(), "it is not asked all the time");
    let end = line.look(&mut asked(PACE.ask_every)).await;
    assert!(matches!(end, Err(End::Close(CloseCode::Policy, _))));
    assert_eq!(ask!(service, get("/ops")).status, 200);
}

#[actix_web::test]
async fn a_reader_that_leaves_a_ping_unanswered_for_long_is_gone() {
    let kit = Kit::new();
    let mut line = line(&kit, Who::of_tests(None)).await;
    let long_ago = instant() - PACE.silent_for * 4;
    let mut quiet = Times { pinged: long_ago, ..Times::new() };
    assert!(line.look(&mut quiet).await.is_ok(), "nothing was asked of it yet");
    assert!(quiet.pinged.elapsed() < PACE.ping_every, "it was pinged");
    let mut owing = Times { owes: Some(long_ago), ..Times::new() };
    assert!(matches!(line.look(&mut owing).await, Err(End::Lost)));
    let mut busy = Times { owes: Some(long_ago), unheard: SLOWEST * 300, ..Times::new() };
    assert!(line.look(&mut busy).await.is_ok(), "it has much to read before it comes to the ping");
    let mut owing = Times { owes: Some(long_ago), ..Times::new() };
    assert!(line.answer(Some(Ok(Message::Pong(web::Bytes::new()))), &mut owing).await.is_ok());
    assert!(line.look(&mut owing).await.is_ok());
}

// === a reader on a slow line ===

const VISITS: usize = 400;
/// What the sockets of both sides hold; the system takes about twice as much.
const SOCKET_BYTES: u32 = 4096;
/// The reader takes so much at once, and then rests.
const SIP: usize = 512;
const REST: Duration = Duration::from_millis(4);

/// Everything thirty times as fast as in life.
const QUICK: Pace = Pace {
    look_every: Duration::from_millis(30),
    ping_every: Duration::from_millis(300),
    silent_for: Duration::from_millis(1000),
    takes_within: Duration::from_secs(10),
    ask_every: Duration::from_secs(30),
};

async fn open(
    app: web::Data<App>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    let feed = open_feed(&app).await.unwrap();
    let line = Line {
        app: app.into_inner(),
        sight: Sight { who: Who::of_tests(None), only: None },
        session,
        feed,
        pace: QUICK,
        paused: None,
    };
    actix_web::rt::spawn(line.run(messages));
    Ok(response)
}

fn serve(kit: &Kit) -> (SocketAddr, ServerHandle) {
    let app = kit.app.clone();
    let server = HttpServer::new(move || {
        Application::new().app_data(web::Data::new(app.clone())).route("/", web::get().to(open))
    });
    let socket = TcpSocket::new_v4().unwrap();
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SOCKET_BYTES).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(8).unwrap().into_std().unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    (address, handle)
}

/// A websocket by hand, which takes little at a time.
struct SlowReader {
    stream: TcpStream,
    taken: Vec<u8>,
    /// So often it was told that the line stands.
    alive: usize,
}

impl SlowReader {
    async fn connect(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(SOCKET_BYTES).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let head = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reader = Self { stream, taken: Vec::new(), alive: 0 };
        let end = loop {
            if let Some(end) = reader.taken.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            reader.sip().await;
        };
        reader.taken.drain(..end);
        reader
    }

    async fn sip(&mut self) {
        let mut sip = [0; SIP];
        let got = self.stream.read(&mut sip).await.unwrap();
        assert_ne!(got, 0, "the line was cut");
        self.taken.extend_from_slice(&sip[..got]);
        tokio::time::sleep(REST).await;
    }

    /// The next message but those that only say that the line stands, pings answered on the way.
    async fn next(&mut self) -> Value {
        loop {
            let Some((opcode, payload)) = self.frame() else {
                self.sip().await;
                continue;
            };
            match opcode {
                1 => {
                    let message: Value = serde_json::from_slice(&payload).unwrap();
                    if message["type"] != "alive" {
                        return message;
                    }
                    self.alive += 1;
                }
                // A masked pong without content.
                9 => self.stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.unwrap(),
                other => panic!("a frame of kind {other}: {}", String::from_utf8_lossy(&payload)),
            }
        }
    }

    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.taken.first()?, *self.taken.get(1)?);
        let (begin, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(self.taken.get(2..4)?.try_into().unwrap()))),
            127 => {
                let length = u64::from_be_bytes(self.taken.get(2..10)?.try_into().unwrap());
                (10, usize::try_from(length).unwrap())
            }
            short => (2, usize::from(short)),
        };
        let payload = self.taken.get(begin..begin + length)?.to_vec();
        self.taken.drain(..begin + length);
        Some((first & 0x0f, payload))
    }
}

async fn commit_all(kit: &Kit, rounds: usize) {
    for _ in 0..rounds {
        for number in 0..VISITS {
            let key = key(&number.to_string());
            kit.commit(&key, Some(&waiting(key.clone()))).await;
        }
    }
}

// I13, and states that wait for a slow reader do not grow old on the way to it: they wait where newer ones replace them.
#[actix_web::test]
async fn a_slow_reader_is_not_cut_and_does_not_get_what_is_long_past() {
    let kit = Kit::with("limits.ops_buffer = 1000");
    commit_all(&kit, 1).await;
    let (address, handle) = serve(&kit);
    let mut reader = SlowReader::connect(address).await;
    let snapshot = reader.next().await;
    assert_eq!(snapshot["visits"].as_array().unwrap().len(), VISITS);
    let mut known: BTreeMap<String, u64> = (0..VISITS).map(|number| (number.to_string(), 1)).collect();
    // It begins to read when the first round of changes has long been on its way.
    commit_all(&kit, 1).await;
    assert_eq!(reader.next().await["type"], "visit");
    commit_all(&kit, 4).await;
    let (began, mut past) = (instant(), 0);
    while known.values().any(|version| *version < 6) {
        let message = reader.next().await;
        assert_eq!(message["type"], "visit", "{message}");
        let version = message["visit"]["version"].as_u64().unwrap();
        let before = known.insert(message["visit"]["csn"].as_str().unwrap().to_owned(), version).unwrap();
        assert!(before < version, "{version} after {before}");
        past += usize::from(version < 6);
    }
    assert!(began.elapsed() > QUICK.silent_for, "it was no slow reader: {:?}", began.elapsed());
    assert!(reader.alive > 0, "nobody told it that the line stands");
    // Only what the sockets and their buffers hold is past recall.
    assert!(past < VISITS / 2, "{past} states of the past");
    handle.stop(false).await;
}
