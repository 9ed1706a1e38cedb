//! The service as its neighbours see it: a real node on an embedded store, a fake Epic and a fake Zoom, people with browsers, and
//! nothing between them but HTTP.

mod access;
mod bookings;
mod changes;
mod clocks;
mod commands;
mod device_tests;
mod dialects;
mod encrypted;
mod epic;
mod groups;
mod guest_birth_dates;
mod guests;
mod house;
mod keys;
mod kinds;
mod launches;
mod logs;
mod metrics;
mod morning;
mod odd_zoom;
mod pages;
mod people;
mod reads;
mod restart;
mod sites;
mod story;
mod text_messages;
mod ways;
mod weather;
mod webhooks;
mod whose;
mod windows;
mod words;
mod zoom;
mod zoom_account;
