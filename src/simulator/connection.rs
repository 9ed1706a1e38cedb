//! A hold on the client's socket, so that a fake can break a connection without an answer, as a failing network does.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;

#[derive(Clone)]
struct Socket(Arc<TcpStream>);

/// Called once per connection by the server.
pub(super) fn remember(io: &dyn Any, extensions: &mut Extensions) {
    if let Some(stream) = io.downcast_ref::<actix_web::rt::net::TcpStream>()
        && let Ok(copy) = stream.as_fd().try_clone_to_owned()
    {
        extensions.insert(Socket(Arc::new(TcpStream::from(copy))));
    }
}

/// Breaks the connection at once; whatever the handler then answers never arrives.
pub(super) fn break_off(request: &HttpRequest) {
    if let Some(Socket(stream)) = request.conn_data::<Socket>() {
        // An error means that the other side was faster.
        let _ = stream.shutdown(Shutdown::Both);
    }
}
