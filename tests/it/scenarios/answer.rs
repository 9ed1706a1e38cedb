//! An answer of the service or of the fakes.

use awc::http::header::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or_default())
    }
}

pub async fn read<S>(response: Result<awc::ClientResponse<S>, awc::error::SendRequestError>) -> Answer
where
    S: futures_util::Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin,
{
    let mut response = response.unwrap_or_else(|error| panic!("no answer: {error}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.body().limit(4 * 1024 * 1024).await.unwrap();
    Answer { status, headers, body }
}
