//! A Redis server of a benchmark's own, in a folder below `target`, and what it tells of itself.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use vestibule::store::redis::{Address, Durability, RedisSettings, RedisStore};
use vestibule_actors::port::store::StoreLimits;

type Failed = Box<dyn std::error::Error>;

/// A free port may be taken by somebody else before the server has it.
const ATTEMPTS: usize = 10;

/// A server. It is killed when it is dropped.
pub struct Server {
    process: Child,
    port: u16,
    durability: Durability,
    _folder: TempDir,
}

#[allow(dead_code, reason = "not every benchmark asks for everything")]
impl Server {
    /// One that syncs as the durability asks. It never rewrites its file, so that no rewriting falls into one pass and not into another.
    pub fn start(durability: Durability) -> Result<Self, Failed> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let sync = if durability == Durability::EverySecond { "everysec" } else { "always" };
        for _ in 0..ATTEMPTS {
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            let mut command = Command::new("redis-server");
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]);
            command.arg(folder.path()).args(["--appendonly", "yes", "--appendfsync", sync]);
            command.args(["--auto-aof-rewrite-percentage", "0"]);
            let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
            let output = process.stdout.take().ok_or("no output")?;
            let mut said = BufReader::new(output).lines().map_while(Result::ok);
            if said.any(|line| line.contains("Ready to accept connections")) {
                std::thread::spawn(move || said.for_each(drop));
                return Ok(Self { process, port, durability, _folder: folder });
            }
            process.wait()?;
        }
        Err("no redis-server could be started".into())
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What stands in a node's settings of a store on it.
    pub fn settings(&self) -> String {
        let durability = if self.durability == Durability::EverySecond { "everysec" } else { "fsync" };
        format!("url = \"{}\"\ndurability = \"{durability}\"", self.url())
    }

    /// The store on it.
    pub async fn store(&self) -> Result<RedisStore, Failed> {
        let limits = StoreLimits { journal_entries: 10_000_000, ..StoreLimits::default() };
        let address = Address::parse(&self.url())?;
        let settings = RedisSettings { durability: self.durability, limits, ..RedisSettings::new(address) };
        Ok(RedisStore::open(settings).await?)
    }

    pub async fn connection(&self) -> Result<MultiplexedConnection, Failed> {
        Ok(redis::Client::open(self.url())?.get_multiplexed_async_connection().await?)
    }

    /// What `INFO` says, by name.
    pub async fn info(&self) -> Result<BTreeMap<String, String>, Failed> {
        let mut connection = self.connection().await?;
        let text: String = redis::cmd("INFO").arg("everything").query_async(&mut connection).await?;
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// What `redis-benchmark` reaches with a command, in commands a second.
    pub fn benchmark(&self, options: &[&str], command: &[&str]) -> Result<f64, Failed> {
        let mut benchmark = Command::new("redis-benchmark");
        benchmark.args(["-p", &self.port.to_string(), "--csv", "-e"]).args(options).args(command);
        let output = benchmark.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().last().ok_or("redis-benchmark says nothing")?;
        let rate = line.split("\",\"").nth(1).and_then(|rate| rate.parse().ok());
        rate.ok_or_else(|| format!("redis-benchmark says: {text}").into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
