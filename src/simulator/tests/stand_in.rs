//! A stand-in for the service that does its main job while nothing goes wrong: enough to see that people at large work.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::lock;
use super::read;

const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";
pub(super) const CLIENT: &str = "0f7b9a1e-demo-epic-client";
pub(super) const SECRET: &str = "a secret+with/signs";

#[derive(Default)]
struct Visit {
    meeting: u64,
    live: bool,
    host_user: String,
    provider: String,
    /// Registrant id to Epic's id and link.
    registrants: BTreeMap<String, (String, String)>,
    /// Participant uuid to Epic's id, newest fact (time and rank) and whether in.
    sessions: BTreeMap<String, (String, (String, u8), bool)>,
}

#[derive(Default)]
struct Books {
    fakes: String,
    url: String,
    launches: u64,
    zoom_token: String,
    visits: BTreeMap<String, Visit>,
    tickets: BTreeMap<String, (String, String)>,
    told: BTreeMap<(String, String, u8), bool>,
}

type Shared = Arc<Mutex<Books>>;

pub(super) struct StandIn {
    pub url: String,
    books: Shared,
    server: ServerHandle,
}

impl StandIn {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let books: Shared = Arc::new(Mutex::new(Books { url: url.clone(), ..Books::default() }));
        let shared = Arc::clone(&books);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::from(Arc::clone(&shared)))
                .app_data(web::Data::new(awc::Client::default()))
                .service(web::resource("/epic/lakeside/launch/{kind}").route(web::get().to(launch)))
                .service(web::resource("/epic/callback").route(web::get().to(callback)))
                .service(web::resource("/visit/{ticket}").route(web::get().to(|| async { "Please wait" })))
                .service(web::resource("/visit/{ticket}/events").route(web::get().to(events)))
                .service(web::resource("/visit/{ticket}/join").route(web::post().to(join)))
                .service(web::resource("/zoom/lakeside/webhook").route(web::post().to(webhook)))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .expect("a listener")
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, books, server: handle }
    }

    /// Where the fakes are, known only once they listen.
    pub fn meet(&self, fakes: &str) {
        lock(&self.books).fakes = fakes.to_owned();
        actix_web::rt::spawn(tell_epic(Arc::clone(&self.books)));
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn found(to: &str) -> actix_web::HttpResponseBuilder {
    let mut builder = HttpResponse::SeeOther();
    builder.insert_header(("location", to));
    builder
}

fn cookie(request: &HttpRequest, name: &str) -> String {
    request.cookie(name).map(|cookie| cookie.value().to_owned()).unwrap_or_default()
}

async fn launch(query: web::Query<BTreeMap<String, String>>, books: web::Data<Mutex<Books>>) -> HttpResponse {
    let mut books = lock(&books);
    books.launches += 1;
    let state = format!("state-{}", books.launches);
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let redirect = format!("{}/epic/callback", books.url);
    let pairs = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", &redirect),
        ("scope", "launch openid fhirUser"),
        ("launch", &query["launch"]),
        ("aud", &query["iss"]),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let cookie = format!("launch={state}; Path=/; HttpOnly; SameSite=Lax");
    found(&format!("{}/epic/oauth2/authorize?{query}", books.fakes))
        .insert_header(("set-cookie", cookie))
        .finish()
}

async fn callback(
    request: HttpRequest,
    query: web::Query<BTreeMap<String, String>>,
    books: web::Data<Mutex<Books>>,
    http: web::Data<awc::Client>,
) -> HttpResponse {
    if cookie(&request, "launch") != query["state"] {
        return HttpResponse::BadRequest().body("another browser's state");
    }
    let (fakes, url) = {
        let books = lock(&books);
        (books.fakes.clone(), books.url.clone())
    };
    let redirect = format!("{url}/epic/callback");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &query["code"]),
        ("redirect_uri", &redirect),
        ("code_verifier", VERIFIER),
    ];
    let asked =
        http.post(format!("{fakes}/epic/oauth2/token")).basic_auth(CLIENT, SECRET).send_form(&form).await;
    let (status, answer) = read(asked.expect("an answer")).await;
    assert_eq!(status, 200, "{answer}");
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let (csn, who) = (text("csn"), text("externalid"));
    if text("externalidtype") == "1" {
        let link = host_link(&books, &http, &csn, &who, &text("email")).await;
        return found(&link).finish();
    }
    let mut books = lock(&books);
    let ticket = format!("ticket-{}", books.tickets.len());
    books.tickets.insert(ticket.clone(), (csn, who));
    found(&format!("/visit/{ticket}"))
        .insert_header(("set-cookie", format!("page={ticket}; Path=/")))
        .finish()
}

async fn zoom(books: &Mutex<Books>, http: &awc::Client, method: &str, path: &str, body: Value) -> Value {
    let (fakes, token) = {
        let books = lock(books);
        (books.fakes.clone(), books.zoom_token.clone())
    };
    let token = if token.is_empty() {
        let form = [("grant_type", "account_credentials"), ("account_id", "DemoZoomAccount1")];
        let request = http
            .post(format!("{fakes}/zoom/oauth/token"))
            .basic_auth("DemoZoomClient1", "demo-zoom-client-secret");
        let (_, answer) = read(request.send_form(&form).await.expect("an answer")).await;
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        lock(books).zoom_token.clone_from(&token);
        token
    } else {
        token
    };
    let request =
        http.request(method.parse().expect("a method"), format!("{fakes}/zoom/v2/{path}")).bearer_auth(token);
    read(request.send_json(&body).await.expect("an answer")).await.1
}

async fn host_link(books: &Mutex<Books>, http: &awc::Client, csn: &str, who: &str, email: &str) -> String {
    let known = lock(books).visits.get(csn).map(|visit| visit.meeting);
    let meeting = match known {
        Some(id) => zoom(books, http, "GET", &format!("meetings/{id}"), Value::Null).await,
        None => {
            let body =
                json!({"topic": "Video visit", "settings": {"approval_type": 0, "waiting_room": true}});
            let meeting = zoom(books, http, "POST", &format!("users/{email}/meetings"), body).await;
            let visit = Visit {
                meeting: meeting["id"].as_u64().expect("an id"),
                host_user: meeting["host_id"].as_str().expect("a host").to_owned(),
                provider: who.to_owned(),
                ..Visit::default()
            };
            lock(books).visits.insert(csn.to_owned(), visit);
            meeting
        }
    };
    meeting["start_url"].as_str().expect("a link").to_owned()
}

fn may_join(books: &Mutex<Books>, ticket: &str) -> Option<(String, String)> {
    let books = lock(books);
    let (csn, who) = books.tickets.get(ticket)?;
    books.visits.get(csn).filter(|visit| visit.live).map(|_| (csn.clone(), who.clone()))
}

async fn events(ticket: web::Path<String>, books: web::Data<Mutex<Books>>) -> HttpResponse {
    let books = books.into_inner();
    let stream = futures_util::stream::unfold((books, ticket.into_inner()), |(books, ticket)| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let can_join = may_join(&books, &ticket).is_some();
        let event =
            format!("event: visit\ndata: {}\n\n", json!({"phase": "x", "can_join": can_join, "message": ""}));
        Some((Ok::<_, std::io::Error>(web::Bytes::from(event)), (books, ticket)))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(Box::pin(stream))
}

async fn join(
    request: HttpRequest,
    ticket: web::Path<String>,
    books: web::Data<Mutex<Books>>,
    http: web::Data<awc::Client>,
) -> HttpResponse {
    let origin =
        request.headers().get("origin").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    if cookie(&request, "page") != *ticket || origin != lock(&books).url {
        return HttpResponse::Forbidden().finish();
    }
    let Some((csn, who)) = may_join(&books, &ticket) else { return HttpResponse::Conflict().finish() };
    let id = lock(&books).visits[&csn].meeting;
    let known =
        lock(&books).visits[&csn].registrants.values().find(|held| held.0 == who).map(|held| held.1.clone());
    if let Some(link) = known {
        return found(&link).finish();
    }
    let body = json!({"email": format!("{who}@visits.example"), "first_name": "Patient"});
    let made = zoom(&books, &http, "POST", &format!("meetings/{id}/registrants"), body).await;
    let link = made["join_url"].as_str().expect("a link").to_owned();
    let registrant = made["registrant_id"].as_str().expect("an id").to_owned();
    let mut books = lock(&books);
    books.visits.get_mut(&csn).expect("the visit").registrants.insert(registrant, (who, link.clone()));
    found(&link).finish()
}

async fn webhook(event: web::Json<Value>, books: web::Data<Mutex<Books>>) -> HttpResponse {
    let object = &event["payload"]["object"];
    let id = object["id"].as_u64().or_else(|| object["id"].as_str()?.parse().ok()).unwrap_or(0);
    let mut books = lock(&books);
    let Some(visit) = books.visits.values_mut().find(|visit| visit.meeting == id) else {
        return HttpResponse::Ok().finish();
    };
    let one = &object["participant"];
    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let name = event["event"].as_str().unwrap_or_default();
    match name {
        "meeting.started" => visit.live = true,
        "meeting.ended" => {
            visit.live = false;
            visit.sessions.values_mut().for_each(|session| session.2 = false);
        }
        _ => {
            let (rank, time, inside) = match name {
                "meeting.participant_joined" => (2, text("join_time"), true),
                "meeting.participant_put_in_waiting_room" => (3, text("date_time"), false),
                "meeting.participant_left" => (4, text("leave_time"), false),
                _ => return HttpResponse::Ok().finish(),
            };
            let who = if text("participant_user_id") == visit.host_user && !visit.host_user.is_empty() {
                Some(visit.provider.clone())
            } else {
                visit.registrants.get(&text("registrant_id")).map(|held| held.0.clone())
            };
            if let Some(who) = who {
                let session = visit
                    .sessions
                    .entry(text("participant_uuid"))
                    .or_insert_with(|| (who, (String::new(), 0), false));
                if (time.clone(), rank) >= session.1 {
                    (session.1, session.2) = ((time, rank), inside);
                }
            }
        }
    }
    HttpResponse::Ok().finish()
}

/// One after another, whatever differs from what Epic was told.
async fn tell_epic(books: Shared) {
    let http = awc::Client::default();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (fakes, news) = {
            let books = lock(&books);
            (books.fakes.clone(), news(&books))
        };
        for ((csn, who, kind), on) in news {
            let query = [
                ("ConferenceID", csn.clone()),
                ("ExternalID", who.clone()),
                ("ExternalIDType", kind.to_string()),
                ("VendorName", "StandIn".to_owned()),
                ("ConnectionStatus", if on { "1" } else { "2" }.to_owned()),
            ];
            let path = "api/epic/2018/Telehealth/ContextLinking/SetExternalConnectionStatus";
            let request = http.get(format!("{fakes}/epic/{path}")).query(&query).expect("a query");
            let request = request
                .basic_auth("emp$VESTIBULE", "demo-status-password")
                .insert_header(("Epic-Client-ID", CLIENT));
            if request.send().await.is_ok_and(|response| response.status() == 200) {
                lock(&books).told.insert((csn, who, kind), on);
            }
        }
    }
}

fn news(books: &Books) -> Vec<((String, String, u8), bool)> {
    let mut wanted = BTreeMap::new();
    for (csn, visit) in &books.visits {
        for (who, _, inside) in visit.sessions.values() {
            let kind = if *who == visit.provider { 1 } else { 2 };
            *wanted.entry((csn.clone(), who.clone(), kind)).or_insert(false) |= inside;
        }
    }
    wanted.into_iter().filter(|(key, on)| books.told.get(key) != Some(on)).collect()
}
