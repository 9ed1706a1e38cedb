//! The route without a store: the same body read, the same signature checked, the same JSON read as a fact, and then nothing.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use vestibule::settings::Secret;
use vestibule::system::SystemClock;
use vestibule::zoom::webhook::{NameKey, SIGNATURE, Signed, TIMESTAMP, parse, verify};
use vestibule_actors::port::clock::Clock;
use vestibule_domain::time::Span;

use super::{Failed, driver};

struct Door {
    secrets: Vec<Secret>,
    names: NameKey,
}

pub fn start() -> Result<String, Failed> {
    let server = HttpServer::new(|| {
        let door =
            Door { secrets: vec![Secret::new(driver::SECRET)], names: NameKey::new(Secret::new("a key")) };
        App::new()
            .app_data(web::Data::new(door))
            .route("/zoom/{organization}/webhook", web::post().to(receive))
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/zoom/lakeside/webhook", listener.local_addr()?);
    actix_web::rt::spawn(server.disable_signals().listen(listener)?.run());
    Ok(url)
}

async fn receive(door: web::Data<Door>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = Signed { signature: header(SIGNATURE), timestamp: header(TIMESTAMP) };
    let now = SystemClock.now();
    if verify(&body, signed, &door.secrets, now, Span::seconds(300)).is_err() {
        return HttpResponse::Unauthorized().finish();
    }
    match parse(&body, now, &door.names) {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}
