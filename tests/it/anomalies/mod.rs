//! What Zoom's events and calls do that one would not expect, each by its number in `docs/zoom-anomalies.md`, over HTTP: against one node
//! on a file, and against two nodes on one Redis, where each event goes to the other node than the one before.

mod ground;
mod play;
mod rows_folding;
mod rows_people;
mod rows_rooms;
mod scene;
mod wire;

use ground::Kept;
use play::{Row, play_all};

/// Everything that is a sequence of events and nothing else.
fn rows() -> Vec<Row> {
    [rows_folding::rows(), rows_rooms::rows(), rows_people::rows()].into_iter().flatten().collect()
}

#[actix_web::test]
async fn sequences_of_events_on_one_node() {
    play_all(Kept::OnFile, &rows()).await;
}

#[actix_web::test]
async fn sequences_of_events_on_two_nodes() {
    play_all(Kept::OnRedis, &rows()).await;
}
