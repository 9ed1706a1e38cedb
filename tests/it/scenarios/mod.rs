//! The service as its neighbours see it: a real node on an embedded store, a fake Epic and a fake Zoom, people with browsers, and
//! nothing between them but HTTP.

mod house;
mod people;
mod story;
