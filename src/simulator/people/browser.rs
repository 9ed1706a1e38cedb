//! A browser without a screen: follows redirects, keeps cookies as browsers do, and reads server-sent events.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::cookie::Cookie;
use awc::error::{ConnectError, SendRequestError};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;
use url::Url;

/// Bounds of a page load.
const MOST_REDIRECTS: usize = 10;
const MOST_PAGE_BYTES: usize = 2 * 1024 * 1024;
const MOST_EVENT_BYTES: usize = 64 * 1024;
const PAGE_DEADLINE: Duration = Duration::from_secs(30);

/// Kept connections that may turn out to be closed before one request.
const MOST_DEAD_CONNECTIONS: usize = 3;

/// Connections that all people of a thread share; an open event stream takes one each.
const CONNECTIONS: usize = 4_096;

#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("{0} is no address")]
    Address(String),
    #[error("no answer: {0}")]
    NoAnswer(String),
    #[error("redirected more than {MOST_REDIRECTS} times")]
    Loop,
}

/// Where a click ended.
#[derive(Clone, Debug)]
pub enum Landing {
    /// A link of the fake Zoom, not opened yet.
    Zoom(String),
    Page {
        url: String,
        status: u16,
        body: Bytes,
    },
}

impl Landing {
    /// The ticket of a waiting page.
    pub fn ticket(&self) -> Option<&str> {
        match self {
            Self::Page { url, status: 200, .. } => {
                let rest = url.split_once("/visit/")?.1;
                rest.split(['/', '?', '#']).next().filter(|ticket| !ticket.is_empty())
            }
            _ => None,
        }
    }

    /// A page that asks people to press the button again: the service has too much to do, or its neighbours do not answer in time.
    pub fn asks_to_come_again(&self) -> bool {
        matches!(self, Self::Page { status: 502 | 503, .. })
    }
}

/// One person's browser. The connections are shared, the cookies are its own.
#[derive(Clone)]
pub struct Browser {
    http: awc::Client,
    zoom_base: String,
    /// Per host, ports aside, as browsers keep them: name to (path, value).
    cookies: BTreeMap<String, BTreeMap<String, (String, String)>>,
}

/// The connections of all browsers of a thread; making them is slow, so share them.
pub fn connections() -> awc::Client {
    let connector = awc::Connector::new().limit(CONNECTIONS);
    awc::Client::builder().connector(connector).disable_redirects().timeout(PAGE_DEADLINE).finish()
}

impl Browser {
    /// `fakes` is the fakes' public URL: links below its `/zoom/` are Zoom's.
    pub fn new(http: awc::Client, fakes: &str) -> Self {
        Self { http, zoom_base: format!("{fakes}/zoom/"), cookies: BTreeMap::new() }
    }

    fn cookie_header(&self, url: &Url) -> Option<String> {
        let jar = self.cookies.get(url.host_str()?)?;
        let fits = jar.iter().filter(|(_, (path, _))| url.path().starts_with(path.as_str()));
        let pairs: Vec<String> = fits.map(|(name, (_, value))| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep_cookies<S>(&mut self, url: &Url, response: &awc::ClientResponse<S>) {
        let Some(host) = url.host_str() else { return };
        let jar = self.cookies.entry(host.to_owned()).or_default();
        for header in response.headers().get_all("set-cookie") {
            let Some(cookie) = header.to_str().ok().and_then(|text| Cookie::parse(text.to_owned()).ok())
            else {
                continue;
            };
            // A secure cookie over plain http is refused, as a browser refuses it.
            if cookie.secure() == Some(true) && url.scheme() != "https" {
                continue;
            }
            if cookie.max_age().is_some_and(|age| age.whole_seconds() <= 0) {
                jar.remove(cookie.name());
                continue;
            }
            let path = cookie.path().unwrap_or("/").to_owned();
            jar.insert(cookie.name().to_owned(), (path, cookie.value().to_owned()));
        }
    }

    fn request(&self, method: awc::http::Method, url: &Url) -> awc::ClientRequest {
        let mut request = self.http.request(method, url.as_str());
        if let Some(cookies) = self.cookie_header(url) {
            request = request.insert_header(("cookie", cookies));
        }
        request
    }

    /// Opens an address and follows where it leads, up to a page or a link of Zoom's.
    pub async fn open(&mut self, address: &str) -> Result<Landing, BrowserError> {
        let url = Url::parse(address).map_err(|_| BrowserError::Address(address.to_owned()))?;
        self.follow(url, None).await
    }

    /// Posts an empty form, as a button does.
    pub async fn press(&mut self, address: &str) -> Result<Landing, BrowserError> {
        self.fill_in(address, &[]).await
    }

    /// Posts a form.
    pub async fn fill_in(&mut self, address: &str, fields: &[(&str, &str)]) -> Result<Landing, BrowserError> {
        let url = Url::parse(address).map_err(|_| BrowserError::Address(address.to_owned()))?;
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.follow(url, Some(form)).await
    }

    /// A form is posted once; where it leads is then opened.
    async fn follow(&mut self, mut url: Url, mut form: Option<String>) -> Result<Landing, BrowserError> {
        for _ in 0..MOST_REDIRECTS {
            if url.as_str().starts_with(&self.zoom_base) {
                return Ok(Landing::Zoom(url.into()));
            }
            let form = form.take();
            let mut sent = self.send(&url, form.clone()).await;
            // The server closed a connection that was kept while it was taken up again: nothing was sent, and another is tried.
            for _ in 0..MOST_DEAD_CONNECTIONS {
                if !matches!(sent, Err(SendRequestError::Connect(ConnectError::Disconnected))) {
                    break;
                }
                sent = self.send(&url, form.clone()).await;
            }
            let mut response = sent.map_err(|why| BrowserError::NoAnswer(why.to_string()))?;
            self.keep_cookies(&url, &response);
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            let next =
                location.filter(|_| response.status().is_redirection()).and_then(|to| url.join(to).ok());
            match next {
                Some(next) => url = next,
                None => {
                    let status = response.status().as_u16();
                    let body = response.body().limit(MOST_PAGE_BYTES).await;
                    let body = body.map_err(|why| BrowserError::NoAnswer(why.to_string()))?;
                    return Ok(Landing::Page { url: url.into(), status, body });
                }
            }
        }
        Err(BrowserError::Loop)
    }

    fn send(&self, url: &Url, form: Option<String>) -> awc::SendClientRequest {
        let method = if form.is_some() { awc::http::Method::POST } else { awc::http::Method::GET };
        let request = self.request(method, url).insert_header(("accept", "text/html,*/*;q=0.8"));
        match form {
            Some(form) => request
                .insert_header(("origin", url.origin().ascii_serialization()))
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .send_body(form),
            None => request.send(),
        }
    }

    /// Opens a stream of events.
    pub async fn events(&mut self, address: &str) -> Result<Events, BrowserError> {
        let url = Url::parse(address).map_err(|_| BrowserError::Address(address.to_owned()))?;
        let request =
            self.request(awc::http::Method::GET, &url).insert_header(("accept", "text/event-stream"));
        let response = request.send().await.map_err(|why| BrowserError::NoAnswer(why.to_string()))?;
        if !response.status().is_success() {
            return Err(BrowserError::NoAnswer(format!("status {}", response.status().as_u16())));
        }
        Ok(Events { stream: Box::pin(response.map(|chunk| chunk.ok())), text: String::new() })
    }
}

/// The running text of an event stream.
pub struct Events {
    stream: std::pin::Pin<Box<dyn futures_util::Stream<Item = Option<Bytes>>>>,
    text: String,
}

impl Events {
    /// The data of the next event as JSON; none when the stream has ended or makes no sense.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data: String =
                    event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).collect();
                let rest = rest.to_owned();
                self.text = rest;
                if let Ok(value) = serde_json::from_str(&data) {
                    return Some(value);
                }
                continue;
            }
            let chunk = self.stream.next().await.flatten()?;
            self.text.push_str(&String::from_utf8_lossy(&chunk).replace('\r', ""));
            if self.text.len() > MOST_EVENT_BYTES {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn events_are_read_across_chunks() {
        let chunks =
            ["event: visit\r\ndata: {\"can_j", "oin\":true}\r\n\r\n: still here\n\ndata: {\"a\":1}\n\n"];
        let stream =
            futures_util::stream::iter(chunks.map(|chunk| Some(Bytes::from_static(chunk.as_bytes()))));
        let mut events = Events { stream: Box::pin(stream), text: String::new() };
        assert_eq!(events.next().await, Some(serde_json::json!({"can_join": true})));
        assert_eq!(events.next().await, Some(serde_json::json!({"a": 1})));
        assert_eq!(events.next().await, None);
    }

    #[test]
    fn a_waiting_page_is_known_by_its_ticket() {
        let page = |url: &str, status| Landing::Page { url: url.into(), status, body: Bytes::new() };
        assert_eq!(page("http://h/visit/abc?x=1", 200).ticket(), Some("abc"));
        assert_eq!(page("http://h/visit/abc", 403).ticket(), None);
        assert_eq!(page("http://h/ops", 200).ticket(), None);
    }
}
