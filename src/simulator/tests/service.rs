//! A stand-in for the service: takes events as told, and publishes the keys of its client assertions.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use serde_json::Value;

use super::super::epic::testing::SigningKey;
use super::super::lock;

/// One event as it came in.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub timestamp: i64,
    pub signature: String,
    pub request_id: String,
    pub body: String,
}

#[derive(Default)]
pub(super) struct Inbox {
    pub received: Vec<Received>,
    /// Answers challenges by this secret; without it by nothing.
    pub secret: Option<String>,
    /// Statuses for the next events; 200 when empty.
    pub answers: VecDeque<u16>,
    pub keys: Vec<Value>,
    pub key_reads: u32,
}

pub(super) struct Service {
    pub url: String,
    pub inbox: Arc<Mutex<Inbox>>,
    pub key: SigningKey,
    server: ServerHandle,
}

impl Service {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let key = SigningKey::new("client-1").expect("a key");
        let inbox = Arc::new(Mutex::new(Inbox { keys: vec![key.public()], ..Inbox::default() }));
        let shared = Arc::clone(&inbox);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::from(Arc::clone(&shared)))
                .service(web::resource("/zoom/lakeside/webhook").route(web::post().to(webhook)))
                .service(web::resource("/epic/lakeside/jwks.json").route(web::get().to(jwks)))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .expect("a listener")
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, inbox, key, server: handle }
    }

    pub fn received(&self) -> Vec<Received> {
        lock(&self.inbox).received.clone()
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn webhook(request: HttpRequest, body: web::Bytes, inbox: web::Data<Mutex<Inbox>>) -> HttpResponse {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut inbox = lock(&inbox);
    inbox.received.push(Received {
        timestamp: header("x-zm-request-timestamp").parse().unwrap_or(0),
        signature: header("x-zm-signature"),
        request_id: header("x-zm-request-id"),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let status = inbox.answers.pop_front().unwrap_or(200);
    let mut answer = HttpResponse::build(status.try_into().expect("a status"));
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (event.pointer("/payload/plainToken").and_then(Value::as_str), &inbox.secret) {
        (Some(plain), Some(secret)) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let encrypted = hex::encode(hmac::sign(&key, plain.as_bytes()).as_ref());
            answer.json(serde_json::json!({"plainToken": plain, "encryptedToken": encrypted}))
        }
        _ => answer.finish(),
    }
}

async fn jwks(inbox: web::Data<Mutex<Inbox>>) -> HttpResponse {
    let mut inbox = lock(&inbox);
    inbox.key_reads += 1;
    HttpResponse::Ok().json(serde_json::json!({"keys": inbox.keys}))
}
