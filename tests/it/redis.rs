//! Redis servers that tests start and end: each in a folder of its own, on a port that was free. Alone, behind Sentinels, or as a Cluster.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::hospital::until;

/// A free port may be taken by somebody else before the server has it.
const ATTEMPTS: usize = 10;

/// What Sentinels call the servers that they watch.
pub const SERVICE: &str = "hospital";

/// A server. It is killed when it is dropped.
pub struct Redis {
    process: Child,
    pub port: u16,
    folder: TempDir,
    options: Vec<String>,
}

impl Redis {
    /// A server that syncs every write.
    pub fn start() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server that syncs once a second. What dies with its process alone is nothing, since the system has every answered write by then; and
    /// the disk of a machine that tests is slow.
    pub fn start_syncing_later() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "everysec"])
    }

    pub fn start_with(options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        for _ in 0..ATTEMPTS {
            let port = free_port();
            if let Some(process) = launch(port, &folder, &options) {
                return Self { process, port, folder, options };
            }
        }
        panic!("no redis-server could be started");
    }

    /// One that receives what another one has.
    pub fn replica_of(port: u16) -> Self {
        let port = port.to_string();
        Self::start_with(&[
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--replicaof",
            "127.0.0.1",
            &port,
        ])
    }

    /// One that watches others and lets a replica take over when two of its kind agree.
    pub fn sentinel_of(primary: &Self) -> Self {
        let folder = TempDir::new().unwrap();
        let settings = folder.path().join("sentinel.conf");
        let lines = [
            format!("sentinel monitor {SERVICE} 127.0.0.1 {} 2", primary.port),
            format!("sentinel down-after-milliseconds {SERVICE} 500"),
            format!("sentinel failover-timeout {SERVICE} 3000"),
        ];
        std::fs::write(&settings, lines.join("\n")).unwrap();
        let options = vec![settings.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let mut command = Command::new("redis-server");
            command.args(&options).args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
            if let Some(process) = say(command, "+monitor") {
                return Self { process, port, folder, options };
            }
        }
        panic!("no Sentinel could be started");
    }

    /// Three primaries that share the slots.
    pub async fn cluster() -> Vec<Self> {
        let node = || {
            let bus = free_port().to_string();
            let cluster =
                ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
            let durable = ["--appendonly", "yes", "--appendfsync", "everysec"];
            (Self::start_with(&[&durable[..], &cluster[..]].concat()), bus)
        };
        let nodes: Vec<_> = (0..3).map(|_| node()).collect();
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for ((node, _), (first, last)) in nodes.iter().zip(ranges) {
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]).await;
            for (other, bus) in &nodes {
                node.ask(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string(), bus]).await;
            }
        }
        for (node, _) in &nodes {
            until("the cluster to be whole", Duration::from_secs(20), async || {
                let info: String = redis::from_redis_value(node.ask(&["CLUSTER", "INFO"]).await).unwrap();
                (info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")).then_some(())
            })
            .await;
        }
        nodes.into_iter().map(|(node, _)| node).collect()
    }

    /// What it answers to a command.
    pub async fn ask(&self, command: &[&str]) -> redis::Value {
        self.try_ask(command).await.unwrap()
    }

    /// The same of a server that may close its connections meanwhile, as one does whose role is changed.
    pub async fn try_ask(&self, command: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut asked = redis::cmd(command[0]);
        asked.arg(&command[1..]);
        asked.query_async(&mut connection).await
    }

    /// Kills it without a word and starts another one on its files and its port.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    /// A folder in which its files lie.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Starts one on its port that has nothing but what is in this copy, and then keeps an append-only file as this one did.
    pub async fn put_back(&mut self, copy: &std::path::Path) {
        self.kill();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap()
            } else {
                std::fs::remove_file(path).unwrap()
            }
        }
        std::fs::copy(copy, self.folder.path().join("dump.rdb")).unwrap();
        let without = ["--appendonly".to_owned(), "no".to_owned()];
        self.process = launch(self.port, &self.folder, &without).expect("it did not start on the copy");
        self.ask(&["CONFIG", "SET", "appendonly", "yes"]).await;
        until("the append-only file to be written", Duration::from_secs(20), async || {
            let info: String = redis::from_redis_value(self.ask(&["INFO", "persistence"]).await).unwrap();
            (info.contains("aof_enabled:1") && info.contains("aof_rewrite_in_progress:0")).then_some(())
        })
        .await;
        self.kill_and_restart();
    }

    /// Starts another one on the files and the port of one that was killed.
    pub fn restart(&mut self) {
        let process = launch(self.port, &self.folder, &self.options);
        self.process = process.expect("the server did not start again on its files");
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it takes connections. `None` when it ended before.
fn launch(port: u16, folder: &TempDir, options: &[String]) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]);
    command.arg(folder.path()).args(options);
    say(command, "Ready to accept connections")
}

/// Starts a process and waits until it says something. `None` when it ended before.
fn say(mut command: Command, word: &str) -> Option<Child> {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut process = spawned.expect("redis-server is not installed; tests/run installs it");
    let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    if said.any(|line| line.contains(word)) {
        // Whoever reads no further lets it wait for a reader some day.
        std::thread::spawn(move || said.for_each(drop));
        return Some(process);
    }
    process.wait().unwrap();
    None
}
