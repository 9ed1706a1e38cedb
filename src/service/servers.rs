//! The HTTP listeners: one for everybody, and where the settings say so a second one for operators.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App as WebApp, HttpServer, web};
use futures_util::future::join_all;

use super::Failure;
use crate::http::app::App;
use crate::http::correlation::correlate;
use crate::http::here::Here;
use crate::http::newest::newest;
use crate::http::routes;
use crate::latest::Latest;
use crate::settings::{Node, Settings};

/// How long requests in hand may go on at most. Event streams end by themselves as soon as the node drains.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Listeners that are bound and do not serve yet.
pub(super) struct Bound {
    public: TcpListener,
    internal: Option<TcpListener>,
}

/// Servers that run.
pub(super) struct Servers(Vec<ServerHandle>);

pub(super) fn bind(settings: &Settings) -> Result<Bound, Failure> {
    let public = listen(settings.server.listen, "server.listen")?;
    let internal = settings
        .server
        .internal_listen
        .map(|address| listen(address, "server.internal_listen"))
        .transpose()?;
    Ok(Bound { public, internal })
}

fn listen(address: SocketAddr, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|e| {
        Failure::Unavailable(format!(
            "{key}: cannot listen on {address}: {e}; free the address or choose another"
        ))
    })
}

/// Runs a server on its listener. A macro, since the type of an actix server names everything that is in its application. Signals are
/// the process's business, which drains before it stops its servers.
macro_rules! serve {
    ($server:expr, $listener:expr, $shutdown:expr) => {{
        let running = $server
            .disable_signals()
            .shutdown_timeout($shutdown.as_secs())
            // Who closes the connection has gone: the events of a page that was closed end now and not at a failed write.
            .h1_allow_half_closed(false)
            .listen($listener)
            .map_err(|e| Failure::Unavailable(format!("the listener cannot be used: {e}")))?
            .run();
        let handle = running.handle();
        actix_rt::spawn(running);
        handle
    }};
}

/// Makes the edges of one worker thread.
pub(super) type MakeHere = Arc<dyn Fn() -> Here + Send + Sync>;

pub(super) fn run(bound: Bound, doors: &Arc<Latest<App>>, here: MakeHere) -> Result<Servers, Failure> {
    let app = App::clone(&doors.get());
    let operations_are_public = bound.internal.is_none();
    let shutdown = shutdown(&app.settings.node);
    let (public, latest) = (app.clone(), web::Data::from(Arc::clone(doors)));
    let here_too = Arc::clone(&here);
    let server = HttpServer::new(move || {
        let shared = public.clone();
        WebApp::new()
            .app_data(web::Data::new(public.clone()))
            .app_data(latest.clone())
            .app_data(web::Data::new(here()))
            .wrap(from_fn(correlate))
            .wrap(from_fn(newest))
            .configure(routes::configure_public)
            .configure(|config| {
                if operations_are_public {
                    routes::configure_operations(&shared, config);
                }
            })
            .configure(routes::configure_always)
    });
    let mut handles = vec![serve!(server, bound.public, shutdown)];
    if let Some(listener) = bound.internal {
        let (internal, latest) = (app, web::Data::from(Arc::clone(doors)));
        let here = here_too;
        let server = HttpServer::new(move || {
            let shared = internal.clone();
            WebApp::new()
                .app_data(web::Data::new(internal.clone()))
                .app_data(latest.clone())
                .app_data(web::Data::new(here()))
                .wrap(from_fn(correlate))
                .wrap(from_fn(newest))
                .configure(|config| routes::configure_operations(&shared, config))
                .configure(routes::configure_always)
        });
        handles.push(serve!(server, listener, shutdown));
    }
    Ok(Servers(handles))
}

impl Servers {
    /// Takes no new connections, and waits for requests in hand.
    pub(super) async fn stop(&self) {
        join_all(self.0.iter().map(|handle| handle.stop(true))).await;
    }
}

/// Half of the time that is left after the node has settled; the other half is the leases'.
fn shutdown(node: &Node) -> Duration {
    SHUTDOWN.min(node.drain_timeout.saturating_sub(node.drain_settle) / 2)
}
