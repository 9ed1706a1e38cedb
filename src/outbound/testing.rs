//! A small server on loopback for tests of the edges: it answers by a function of the request, and can break off at any point.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query, as they were on the wire.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The body as a form.
    pub fn form(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// `GET /path`, without the query.
    pub fn line(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

/// What happens to a request.
pub enum Reply {
    Json(u16, Value),
    /// JSON with 200, after a while.
    Slow(Duration, Value),
    With(u16, Vec<(&'static str, String)>, String),
    /// A status and half of the body that was announced.
    Half(u16),
    /// The connection is closed without a word.
    Close,
    /// Nothing ever comes.
    Hang,
}

pub struct Server {
    /// `http://127.0.0.1:port`
    pub base: String,
    seen: Rc<RefCell<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts on the calling test's thread and ends with it.
    pub async fn start(answer: impl Fn(&Seen) -> Reply + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (seen, answer) = (Rc::<RefCell<Vec<Seen>>>::default(), Rc::new(answer));
        let kept = Rc::clone(&seen);
        let task = actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answer) = (Rc::clone(&kept), Rc::clone(&answer));
                actix_web::rt::spawn(async move { serve(stream, &kept, answer.as_ref()).await });
            }
        });
        Self { base, seen, task }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// How many requests had this method and path.
    pub fn count(&self, line: &str) -> usize {
        self.seen.borrow().iter().filter(|seen| seen.line() == line).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address at which nobody listens.
pub async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(mut stream: TcpStream, kept: &RefCell<Vec<Seen>>, answer: &dyn Fn(&Seen) -> Reply) {
    let mut buffer = Vec::new();
    while let Some(seen) = read(&mut stream, &mut buffer).await {
        kept.borrow_mut().push(seen.clone());
        let (status, headers, body, whole) = match answer(&seen) {
            Reply::Json(status, body) => (status, Vec::new(), body.to_string(), true),
            Reply::Slow(wait, body) => {
                tokio::time::sleep(wait).await;
                (200, Vec::new(), body.to_string(), true)
            }
            Reply::With(status, headers, body) => (status, headers, body, true),
            Reply::Half(status) => (status, Vec::new(), r#"{"half":"#.to_owned(), false),
            Reply::Close => return,
            Reply::Hang => pending().await,
        };
        let announced = if whole { body.len() } else { body.len() * 2 };
        let mut head = format!("HTTP/1.1 {status} x\r\n");
        if status != 204 {
            head.push_str(&format!("content-length: {announced}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = if status == 204 { String::new() } else { body };
        if stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.is_err() || !whole {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..head_end + 4).collect()).ok()?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(buffer.drain(..length).collect()).ok()?;
    Some(Seen { method, target, headers, body })
}
