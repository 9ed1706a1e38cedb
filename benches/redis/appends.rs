//! Doors that append one event after the other, so many of them at once, beside as many connections of `redis-benchmark` that append as much.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use vestibule_actors::port::store::{Appended, Store};
use vestibule_domain::id::VisitKey;
use vestibule_domain::shard::Shard;

use super::Failed;
use super::common::{Noise, Table};
use super::owner::{ENTRY_BYTES, entry};
use super::server::Server;

const CALLERS: [usize; 4] = [1, 16, 64, 256];
const PASSES: usize = 5;

pub async fn compare(server: &Server, noise: &mut Noise) -> Result<(), Failed> {
    let store = Arc::new(server.store().await?);
    let script = script(server).await?;
    for callers in CALLERS {
        let each = (16_384 / callers).clamp(64, 1_024);
        let title = format!("an event of {ENTRY_BYTES} bytes appended, by {callers} at once");
        let mut table = Table::new(title, "1/s");
        for _ in 0..PASSES {
            noise.sample();
            let (count, clients) = ((callers * each).to_string(), callers.to_string());
            // Their commands go out as ours do: all on one connection, so many under way.
            let (side_by_side, in_one) =
                (["-n", &count, "-c", &clients, "-r", "64"], ["-n", &count, "-c", "1", "-P", &clients]);
            table.add("redis-benchmark, XADD", server.benchmark(&side_by_side, &XADD)?);
            let evalsha = script.each_ref().map(String::as_str);
            table.add("redis-benchmark, the same script", server.benchmark(&side_by_side, &evalsha)?);
            table.add("redis-benchmark, the same script, piped", server.benchmark(&in_one, &evalsha)?);
            table.add("the store", ours(&store, callers, each).await?);
        }
        table.print();
    }
    Ok(())
}

const PAYLOAD: &str = match std::str::from_utf8(&[b'x'; ENTRY_BYTES]) {
    Ok(payload) => payload,
    Err(_) => "",
};
const XADD: [&str; 7] = ["XADD", "plain:__rand_int__", "*", "v", "lakeside/csn/000000000001", "p", PAYLOAD];

/// The script by which the store appends, for a shard of its own.
async fn script(server: &Server) -> Result<[String; 11], Failed> {
    let text = concat!(
        include_str!("../../src/store/redis/lua/prelude.lua"),
        "\n",
        include_str!("../../src/store/redis/lua/append.lua")
    );
    let mut connection = server.connection().await?;
    let hash: String = redis::cmd("SCRIPT").arg("LOAD").arg(text).query_async(&mut connection).await?;
    let keys = ["{plain:00}:head", "{plain:00}:journal", "{plain:00}:hints"];
    let [head, journal, hints] = keys.map(str::to_owned);
    let words = ["", "PUBLISH", "-1", "lakeside/csn/1", PAYLOAD].map(str::to_owned);
    let [now, publish, most, visit, payload] = words;
    Ok(["EVALSHA".to_owned(), hash, "3".to_owned(), head, journal, hints, now, publish, most, visit, payload])
}

async fn ours(store: &Arc<impl Store + 'static>, callers: usize, each: usize) -> Result<f64, Failed> {
    let began = Instant::now();
    let tasks = (0..callers).map(|caller| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let key = VisitKey::from_text(&format!("lakeside/csn/{caller}")).ok_or("no key")?;
            for _ in 0..each {
                match store.append(Shard::of_visit(&key), vec![entry(&key)]).await {
                    Ok(Appended::Done(_)) => {}
                    _ => return Err("an append failed"),
                }
            }
            Ok::<_, &'static str>(())
        })
    });
    for done in join_all(tasks).await {
        done??;
    }
    Ok((callers * each) as f64 / began.elapsed().as_secs_f64())
}
