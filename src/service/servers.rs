//! The HTTP listeners: one for everybody, and where the settings say so a second one for operators.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App as WebApp, HttpServer, web};
use vestibule_actors::port::zoom::ZoomFactory;

use super::Failure;
use crate::http;
use crate::http::app::App;
use crate::http::zoom_here::ZoomHere;
use crate::settings::Settings;

/// Connections that are waiting to be taken up; beyond it the system refuses them.
const BACKLOG: i32 = 1024;

/// Listeners that are bound and do not serve yet.
pub(super) struct Bound {
    public: TcpListener,
    internal: Option<TcpListener>,
}

/// Servers that run.
pub(super) struct Servers(Vec<ServerHandle>);

pub(super) fn bind(settings: &Settings) -> Result<Bound, Failure> {
    let public = listen(settings.server.listen, "server.listen")?;
    let internal = settings.server.internal_listen.map(|address| listen(address, "server.internal_listen")).transpose()?;
    Ok(Bound { public, internal })
}

fn listen(address: SocketAddr, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .map_err(|e| Failure::Unavailable(format!("{key}: cannot listen on {address}: {e}; free the address or choose another")))
}

pub(super) fn run(bound: Bound, app: &App, zoom: ZoomFactory) -> Result<Servers, Failure> {
    let operations_are_public = bound.internal.is_none();
    let mut handles = Vec::new();
    let public = app.clone();
    let public_zoom = zoom.clone();
    let server = HttpServer::new(move || {
        let zoom = ZoomHere(public_zoom());
        WebApp::new()
            .app_data(web::Data::new(public.clone()))
            .app_data(web::Data::from(std::sync::Arc::new(zoom)))
            .wrap(http::correlation::Correlated::new(public.clone()))
            .configure(|config| http::configure(config, &public, operations_are_public))
    });
    handles.push(serve(server, bound.public)?);
    if let Some(listener) = bound.internal {
        let internal = app.clone();
        let server = HttpServer::new(move || {
            WebApp::new()
                .app_data(web::Data::new(internal.clone()))
                .wrap(http::correlation::Correlated::new(internal.clone()))
                .configure(|config| http::configure_internal(config, &internal))
        });
        handles.push(serve(server, listener)?);
    }
    Ok(Servers(handles))
}
