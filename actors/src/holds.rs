//! Counting what was begun and has not ended, so that somebody can wait until nothing goes on.

use tokio::sync::watch;

/// How many hold something.
#[derive(Clone, Debug)]
pub struct Holds(watch::Sender<usize>);

/// Something that was begun and has not ended; dropping it ends it.
#[derive(Debug)]
pub struct Hold(watch::Sender<usize>);

impl Default for Holds {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Holds {
    /// Something begins.
    #[must_use]
    pub fn hold(&self) -> Hold {
        self.0.send_modify(|holds| *holds += 1);
        Hold(self.0.clone())
    }

    /// Resolves when nothing goes on.
    pub async fn quiet(&self) {
        // The sender lives as long as this does.
        let _ = self.0.subscribe().wait_for(|holds| *holds == 0).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.send_modify(|holds| *holds = holds.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_is_quiet_when_all_has_ended() {
        let holds = Holds::default();
        holds.quiet().await;
        let (one, other) = (holds.hold(), holds.hold());
        drop(one);
        let waiting = tokio::time::timeout(Duration::from_secs(1), holds.quiet());
        assert!(waiting.await.is_err(), "something goes on");
        drop(other);
        holds.quiet().await;
    }
}
