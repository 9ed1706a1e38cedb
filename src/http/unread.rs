//! Answers to requests whose body was not read to its end.
//!
//! The server reads on behind an answer when a body in chunks was let go, for as long as somebody sends; then a connection that dribbles
//! would be open for ever. While the answer itself holds the body, the connection is closed a moment after it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Payload};

use super::problem;

/// A refusal as a problem document, after which the connection is closed unless the body had been read.
pub(super) fn refuse(response: HttpResponse, payload: Payload) -> HttpResponse {
    let bytes = match problem::of_status(response.status()) {
        Some(problem) => problem.document_bytes(),
        None => Bytes::new(),
    };
    let mut response = response.set_body(BoxBody::new(Holding { bytes, _payload: payload }));
    let kind = HeaderValue::from_static(problem::PROBLEM_JSON);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

struct Holding {
    bytes: Bytes,
    _payload: Payload,
}

impl MessageBody for Holding {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}
