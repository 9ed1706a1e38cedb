//! Redis servers that tests start and end: each in a folder of its own, on a port that was free.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A free port may be taken by somebody else before the server has it.
const ATTEMPTS: usize = 10;

/// A server. It is killed when it is dropped.
pub struct Redis {
    process: Child,
    pub port: u16,
    folder: TempDir,
    options: Vec<String>,
}

impl Redis {
    /// A server that keeps an append-only file, as it must, and leaves syncing to the system, as tests may.
    pub fn start() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
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

    /// Kills it without a word and starts another one on its files and its port.
    pub fn kill_and_restart(&mut self) {
        self.kill();
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
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder.path())
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is not installed; tests/run installs it");
    let said = BufReader::new(process.stdout.take().unwrap());
    for line in said.lines().map_while(Result::ok) {
        if line.contains("Ready to accept connections") {
            return Some(process);
        }
    }
    process.wait().unwrap();
    None
}
