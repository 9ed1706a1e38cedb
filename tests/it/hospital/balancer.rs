//! What stands before several nodes: connections go to those that want work, one after the other, and leave those that are dead.
//!
//! It asks `/readyz` as any balancer does. A node that says that it drains keeps the connections that it has.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ASKS_EVERY: Duration = Duration::from_millis(100);
const ANSWERS_WITHIN: Duration = Duration::from_millis(1_000);

pub struct Balancer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    nodes: Vec<Node>,
    next: AtomicUsize,
    over: AtomicBool,
}

struct Node {
    address: SocketAddr,
    wants_work: AtomicBool,
    /// Both ends of each connection that goes there.
    connections: Mutex<Vec<(TcpStream, TcpStream)>>,
}

impl Balancer {
    pub fn before(nodes: impl Iterator<Item = SocketAddr>) -> Self {
        let node =
            |address| Node { address, wants_work: AtomicBool::new(false), connections: Mutex::default() };
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let nodes = nodes.map(node).collect();
        let shared = Arc::new(Shared { nodes, next: AtomicUsize::new(0), over: AtomicBool::new(false) });
        for number in 0..shared.nodes.len() {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.ask_again_and_again(number));
        }
        let through = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if through.over.load(Ordering::Acquire) {
                    return;
                }
                through.connect(client);
            }
        });
        Self { address, shared }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        self.shared.nodes.iter().for_each(Node::end_connections);
        // Wakes who accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn ask_again_and_again(&self, number: usize) {
        let node = &self.nodes[number];
        while !self.over.load(Ordering::Acquire) {
            let answer = node.ready();
            node.wants_work.store(answer.as_ref().is_ok_and(|ready| *ready), Ordering::Release);
            if answer.is_err() {
                node.end_connections();
            }
            std::thread::sleep(ASKS_EVERY);
        }
    }

    /// To the next node that wants work; nowhere when there is none.
    fn connect(&self, client: TcpStream) {
        for _ in 0..self.nodes.len() {
            let node = &self.nodes[self.next.fetch_add(1, Ordering::Relaxed) % self.nodes.len()];
            if node.wants_work.load(Ordering::Acquire)
                && let Ok(server) = TcpStream::connect_timeout(&node.address, ANSWERS_WITHIN)
            {
                return node.join(client, server);
            }
        }
    }
}

impl Node {
    /// Whether it wants work; an error when it does not answer at all.
    fn ready(&self) -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&self.address, ANSWERS_WITHIN)?;
        stream.set_read_timeout(Some(ANSWERS_WITHIN))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address)?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b"200"))
    }

    fn join(&self, client: TcpStream, server: TcpStream) {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let clone = |stream: &TcpStream| stream.try_clone().unwrap();
        for (mut read, mut write) in [(clone(&client), clone(&server)), (clone(&server), clone(&client))] {
            std::thread::spawn(move || {
                // However it ends, both ends end.
                let _ = io::copy(&mut read, &mut write);
                let _ = (read.shutdown(Shutdown::Both), write.shutdown(Shutdown::Both));
            });
        }
        let mut connections = self.connections.lock().unwrap();
        connections.retain(|(client, _)| client.peer_addr().is_ok());
        connections.push((client, server));
    }

    fn end_connections(&self) {
        for (client, server) in self.connections.lock().unwrap().drain(..) {
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        }
    }
}
