//! The fakes' own thread: it sends Zoom's events and moves what falls due by itself, whatever the server's threads do.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use super::config::SimulatorError;
use super::zoom::{FakeZoom, run_sender};

/// How often rooms are looked at for what has fallen due.
const TICK: Duration = Duration::from_millis(50);

pub(super) struct Engine {
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    pub fn start(zoom: FakeZoom) -> Result<Self, SimulatorError> {
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("fakes".to_owned()).spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                actix_web::rt::spawn(run_sender(zoom.clone()));
                let mut ticks = tokio::time::interval(TICK);
                ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
                loop {
                    tokio::select! {
                        () = stopped.notified() => break,
                        _ = ticks.tick() => zoom.tick(),
                    }
                }
            });
        });
        Ok(Self { stop, thread: Some(thread.map_err(SimulatorError::Thread)?) })
    }

    /// Ends the thread; deliveries that wait for a retry are dropped.
    pub async fn stop(mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // Joining blocks for a tick at most, on a thread of its own. A panic there has been printed already.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}
