//! Asking this node to look now for changed settings, rather than at its next turn.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// So many may wait for a look; each shard asks for one at a time.
const MOST: usize = 256;
/// A look that takes longer is not waited for.
const WITHIN: Duration = Duration::from_secs(2);

/// Asks for looks. Copies ask the same node.
#[derive(Clone)]
pub struct Looks(mpsc::Sender<oneshot::Sender<()>>);

/// Where a node hears that somebody wants it to look. Whoever asked is told once what was found is in force.
pub type Wanted = mpsc::Receiver<oneshot::Sender<()>>;

impl Looks {
    /// Looks, and the end of the node that takes them.
    pub fn new() -> (Self, Wanted) {
        let (ask, asked) = mpsc::channel(MOST);
        (Self(ask), asked)
    }

    /// Has the node look. Resolves once what it found is in force; at once where nobody looks (any more) or too many ask, and after two seconds
    /// in any case.
    pub async fn now(&self) {
        let (tell, told) = oneshot::channel();
        if self.0.try_send(tell).is_ok() {
            // Not told in time, or never: the next turn finds it.
            let _ = timeout(WITHIN, told).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn whoever_asks_waits_for_the_look_and_not_for_a_node_that_has_gone() {
        let (looks, mut asked) = Looks::new();
        let asks = looks.clone();
        let asker = actix_rt::spawn(async move { asks.now().await });
        let tell = asked.recv().await.unwrap();
        assert!(!asker.is_finished());
        tell.send(()).unwrap();
        asker.await.unwrap();
        drop(asked);
        looks.now().await;
    }
}
