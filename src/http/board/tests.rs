//! The stream over a real websocket.
