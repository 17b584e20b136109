//! The functions' handlers, called as the gateway and the stream call them, against an embedded `DynamoDB`.
//!
//! Nothing is mocked but the outside: mails and events are captured at the HTTP client of their services. Each test
//! has a world of its own, with the table and the routes that `template.yaml` describes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this crate is nothing but tests")]

mod aftermath;
mod budgets;
mod bulk;
#[path = "../canary.rs"]
mod canary;
mod conformance;
mod crash;
mod engine;
mod lists;
mod logs;
mod mails;
mod matrix;
mod model;
mod parsers;
mod races;
mod refusals;
mod samples;
mod story;
mod world;
