//! Server-sent events of a waiting page: the state at once, then whenever it changes, on whatever node the visit lives.
//!
//! An open stream is no sign of a person: a phone that lost its network leaves one behind that looks alive for many minutes. The page
//! gives its signs by asking for the state.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::{Instant, timeout_at};
use vestibule_actors::port::clock::instant;
use vestibule_actors::port::store::Hint;
use vestibule_domain::shard::Shard;

use super::super::app::App;
use super::super::metrics::Open;
use super::super::person::PersonError;
use super::{EVENT_STREAM, KEEP_ALIVE, Place};
use crate::web::VisitStatus;

/// Without a hint the visit is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// One open page.
struct Page {
    app: web::Data<App>,
    request: HttpRequest,
    name: String,
    hints: broadcast::Receiver<Hint>,
    told: Option<VisitStatus>,
    /// When something was last said, whatever it was.
    spoke: Instant,
    _permit: OwnedSemaphorePermit,
    /// Counts this page as open.
    _open: Open,
}

pub(super) async fn events(
    app: web::Data<App>,
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, PersonError> {
    // Looked up once before the stream is opened, so that a wrong ticket gets an answer that ends the browser's reconnecting.
    Place::find(&app, &request, &name).await.map_err(|error| error.for_program(&request))?;
    let Ok(permit) = app.limits.page_streams.clone().try_acquire_owned() else {
        app.metrics.refused("page_streams");
        // The page polls in place of the stream.
        return Ok(HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "10")).finish());
    };
    let hints = app.desk.ports().store.hints();
    let open = app.metrics.waiting_page();
    let page = Page {
        app,
        request,
        name: name.into_inner(),
        hints,
        told: None,
        spoke: instant(),
        _permit: permit,
        _open: open,
    };
    let frames = stream::unfold(Some(page), |page| async move {
        let mut page = page?;
        let frame = page.next().await?;
        Some((Ok::<_, actix_web::Error>(frame), Some(page)))
    });
    Ok(HttpResponse::Ok()
        .insert_header(EVENT_STREAM)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(frames))
}

impl Page {
    /// The next frame; `None` when the ticket has expired or the node goes down, after which the browser comes again.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.app.readiness.is_draining() {
                return None;
            }
            let app = self.app.clone();
            let place = Place::find(&app, &self.request, &self.name).await.ok()?;
            if let Ok(snapshot) = place.snapshot(&self.request).await {
                let status = place.status(snapshot.as_ref());
                if self.told.as_ref() != Some(&status) {
                    let data = serde_json::to_string(&status).ok()?;
                    self.told = Some(status);
                    self.spoke = instant();
                    return Some(Bytes::from(format!("event: visit\ndata: {data}\n\n")));
                }
            }
            let (now, due) = (instant(), self.spoke + KEEP_ALIVE);
            if now >= due {
                self.spoke = now;
                return Some(Bytes::from_static(b": still here\n\n"));
            }
            let changed = Hint::Changed(Shard::of_visit(&place.ticket.visit));
            // Whether a hint comes or not, the next round looks.
            let _ = timeout_at(due.min(now + LOOK_EVERY), hinted(&mut self.hints, changed)).await;
        }
    }
}

async fn hinted(hints: &mut broadcast::Receiver<Hint>, wanted: Hint) {
    loop {
        match hints.recv().await {
            Ok(hint) if hint == wanted => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests;
