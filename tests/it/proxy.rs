//! A way over TCP that tests hold up, slow down and break: what a network does to a store's answers.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How the way is.
#[derive(Clone, Default, Debug)]
struct Way {
    /// Nothing passes; what is on its way passes once it is open again, however late.
    held: bool,
    /// Connections end, and new ones at once.
    cut: bool,
    /// So many answers are lost, each with its connection, after what was asked has arrived.
    lose_answers: u32,
    /// Everything takes so long, each way.
    delay: Duration,
    /// In answers the one is replaced by the other, which is as long.
    rewrite: Option<(&'static [u8], &'static [u8])>,
    /// It is gone: the test is over.
    over: bool,
}

#[derive(Default)]
struct Shared {
    way: Mutex<Way>,
    changed: Condvar,
}

/// The way to a port. It goes with this.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let through = Arc::clone(&shared);
        std::thread::spawn(move || {
            for from in listener.incoming().map_while(Result::ok) {
                match through.now() {
                    Way { over: true, .. } => return,
                    Way { cut: true, .. } => continue,
                    _ => {}
                }
                let Ok(to) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                join(&through, &from, &to);
            }
        });
        Self { port: own, shared }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Nothing passes any more.
    pub fn hold(&self) {
        self.change(|way| way.held = true);
    }

    /// Connections end, and none is made.
    pub fn cut(&self) {
        self.change(|way| way.cut = true);
    }

    /// All is well again.
    pub fn mend(&self) {
        self.change(|way| *way = Way::default());
    }

    pub fn lose_answers(&self, number: u32) {
        self.change(|way| way.lose_answers = number);
    }

    pub fn slow(&self, delay: Duration) {
        self.change(|way| way.delay = delay);
    }

    pub fn rewrite(&self, what: &'static str, with: &'static str) {
        assert_eq!(what.len(), with.len(), "lengths stand in the protocol");
        self.change(|way| way.rewrite = Some((what.as_bytes(), with.as_bytes())));
    }

    fn change(&self, change: impl FnOnce(&mut Way)) {
        change(&mut self.shared.way.lock().unwrap());
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.change(|way| way.over = true);
        // Wakes who accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Asked,
    Answered,
}

fn join(shared: &Arc<Shared>, from: &TcpStream, to: &TcpStream) {
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    let clones = |stream: &TcpStream| stream.try_clone().unwrap();
    for (read, write, direction) in
        [(clones(from), clones(to), Direction::Asked), (clones(to), clones(from), Direction::Answered)]
    {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            shared.pump(&read, &write, direction);
            let _ = (read.shutdown(Shutdown::Both), write.shutdown(Shutdown::Both));
        });
    }
    // Ends connections that say nothing when the way is cut.
    let (shared, from, to) = (Arc::clone(shared), clones(from), clones(to));
    std::thread::spawn(move || {
        let way = shared.way.lock().unwrap();
        let way = shared.changed.wait_while(way, |way| !way.cut && !way.over).unwrap();
        drop(way);
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

impl Shared {
    fn now(&self) -> Way {
        self.way.lock().unwrap().clone()
    }

    fn pump(&self, mut read: &TcpStream, mut write: &TcpStream, direction: Direction) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let Ok(length @ 1..) = read.read(&mut buffer) else { return };
            let bytes = &mut buffer[..length];
            let delay = match self.pass(direction) {
                Some(delay) => delay,
                None => return,
            };
            std::thread::sleep(delay);
            if let (Direction::Answered, Some((what, with))) = (direction, self.now().rewrite) {
                let found: Vec<usize> = bytes
                    .windows(what.len())
                    .enumerate()
                    .filter(|(_, w)| *w == what)
                    .map(|(at, _)| at)
                    .collect();
                found.into_iter().for_each(|at| bytes[at..at + with.len()].copy_from_slice(with));
            }
            if write.write_all(bytes).is_err() {
                return;
            }
        }
    }

    /// Waits until something may pass, and says how long it takes; nothing when its connection ends instead.
    fn pass(&self, direction: Direction) -> Option<Duration> {
        let mut way = self.changed.wait_while(self.way.lock().unwrap(), |way| way.held && !way.over).unwrap();
        if way.over || way.cut {
            return None;
        }
        if direction == Direction::Answered && way.lose_answers > 0 {
            way.lose_answers -= 1;
            return None;
        }
        Some(way.delay)
    }
}
