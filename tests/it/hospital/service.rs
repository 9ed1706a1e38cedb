//! The program as a child process: started, killed, told to end, and asked how it ended.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use super::until;

const STARTS_WITHIN: Duration = Duration::from_secs(20);
/// Of the child's log, so much is shown where a test fails.
const LOG_TAIL: usize = 4_000;

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VESTIBULE__") {
            command.env_remove(name);
        }
    }
    command
}

/// The program, which is told where a file must not grow, as it is on a disk that is full, and is not ended for it.
fn deaf_to_limits() -> Command {
    let program = program();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// An address that nobody listens on, and that no outgoing connection is given as its own: a client that keeps knocking at a port of
/// the ephemeral range may be given that very port, and then holds it against the service.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 700).unwrap() * 15;
    for _ in 0..1_000 {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free below the ephemeral range");
}

/// A service whose process comes and goes while its address, settings and store stay.
pub struct Service {
    url: String,
    /// Later ones go over earlier ones.
    settings: Vec<PathBuf>,
    log: PathBuf,
    /// Processes that start from now on go on where a file must not grow.
    outlives_full_disks: bool,
    child: Option<Child>,
}

impl Service {
    pub fn new(address: SocketAddr, settings: &Path) -> Self {
        Self {
            url: format!("http://{address}"),
            settings: vec![settings.to_owned()],
            log: settings.with_extension("log"),
            outlives_full_disks: false,
            child: None,
        }
    }

    /// Processes that start from now on read this file, too.
    pub fn add_settings(&mut self, file: &Path) {
        self.settings.push(file.to_owned());
    }

    /// Processes that start from now on can be given a full disk, see [`Self::fill_disk`].
    pub fn outlive_full_disks(&mut self) {
        self.outlives_full_disks = true;
    }

    /// Where it answers, whether it runs or not.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "the process runs already");
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let files = self.settings.iter().flat_map(|file| [OsStr::new("--config"), file.as_os_str()]);
        let mut command = if self.outlives_full_disks { deaf_to_limits() } else { program() };
        let child = command
            .arg("serve")
            .args(files)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("the program starts"));
    }

    /// Until the service wants work.
    pub async fn ready(&mut self) {
        let http = awc::Client::default();
        let url = format!("{}/readyz", self.url);
        until("the service to be ready", STARTS_WITHIN, async || {
            if let Some(ended) = self.child.as_mut().and_then(|child| child.try_wait().unwrap()) {
                panic!("the process ended by itself: {ended}\n{}", self.log());
            }
            let answer = http.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    pub async fn start(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a process");
        if let Some(ended) = child.try_wait().unwrap() {
            panic!("the process ended before it was killed: {ended}\n{}", self.log());
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// `kill -TERM`.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        let child = self.child.as_ref().expect("a process");
        let told = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(told.unwrap().success(), "the signal was not sent");
    }

    /// `kill -STOP`, and with `false` `kill -CONT`.
    pub fn freeze(&self, frozen: bool) {
        self.signal(if frozen { "-STOP" } else { "-CONT" });
    }

    /// As on a disk that is full, and with `false` as on one with room.
    pub fn fill_disk(&self, full: bool) {
        let child = self.child.as_ref().expect("a process");
        let limit = if full { "--fsize=1:unlimited" } else { "--fsize=unlimited:unlimited" };
        let told = Command::new("prlimit").args(["--pid", &child.id().to_string(), limit]).status();
        assert!(told.unwrap().success(), "no limit was set");
    }

    /// How the process ended, which it must do in time.
    pub async fn ended(&mut self, most: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("a process");
        let ended = until("the process to end", most, async || child.try_wait().unwrap());
        ended.await
    }

    /// What the process has said, the newest of it.
    pub fn log(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let tail = log.len().saturating_sub(LOG_TAIL);
        String::from_utf8_lossy(&log[tail..]).into_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("the service's log ends with:\n{}", self.log());
        }
    }
}

/// Runs a command of the program that must end by itself, and soon.
pub async fn run_to_the_end(arguments: &[&str], folder: &Path) -> Output {
    let (out, err) = (folder.join("out"), folder.join("err"));
    let mut child = program()
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let status =
        until("the program to end by itself", STARTS_WITHIN, async || child.try_wait().unwrap()).await;
    Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
}
