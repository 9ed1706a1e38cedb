//! What Zoom's events and calls do that one would not expect, each by its number in `docs/zoom-anomalies.md`, over HTTP: against one node
//! on a file, and against two nodes on one Redis, where each event goes to the other node than the one before.

/// Plays what is no mere sequence of events one after the other on either ground. The names begin with the numbers of their rows.
macro_rules! on_both {
    ($open:expr; $($play:ident),+ $(,)?) => {
        pub const PLAYED: &[&str] = &[$(stringify!($play)),+];

        async fn play_all(kept: $crate::anomalies::ground::Kept) {
            let began = std::time::Instant::now();
            let ground = $open(kept).await;
            $(
                // A test that fails says this last.
                eprintln!("{kept:?}, {:?}: {}", began.elapsed(), stringify!($play));
                $play(&ground).await;
            )+
            ground.close().await;
        }

        #[actix_web::test]
        async fn on_one_node() {
            play_all($crate::anomalies::ground::Kept::OnFile).await;
        }

        #[actix_web::test]
        async fn on_two_nodes() {
            play_all($crate::anomalies::ground::Kept::OnRedis).await;
        }
    };
}

/// The same for what needs a ground of its own.
macro_rules! each_alone_on_both {
    ($($play:ident),+ $(,)?) => {
        pub const PLAYED: &[&str] = &[$(stringify!($play)),+];

        mod on_one_node {
            $(#[actix_web::test]
            async fn $play() {
                super::$play($crate::anomalies::ground::Kept::OnFile).await;
            })+
        }

        mod on_two_nodes {
            $(#[actix_web::test]
            async fn $play() {
                super::$play($crate::anomalies::ground::Kept::OnRedis).await;
            })+
        }
    };
}

mod accounts;
mod attendance;
mod calls;
mod covered;
mod doors;
mod ground;
mod play;
mod rows_folding;
mod rows_people;
mod rows_rooms;
mod scene;
mod times;
mod trouble;
mod users;
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
