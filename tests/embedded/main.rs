//! The functions' handlers, called as the gateway and the stream call them, against an embedded `DynamoDB`.
//!
//! Nothing is faked but the mail service and the event bus, behind their real clients. Each test has a world of its
//! own, with the table and the routes that `template.yaml` describes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this crate is nothing but tests")]

mod actions;
mod addresses;
mod approvals;
mod backlog;
mod budgets;
mod bulk;
mod copies;
mod day_stats;
mod engine;
mod erasure;
mod events;
mod expiry;
mod export;
mod feedback;
mod gate;
mod graphql;
mod idempotency;
mod input;
mod interleavings;
mod labels;
mod leases;
mod life;
mod links;
mod list_order;
mod lists;
mod logs;
mod mail_service;
mod mailbox_days;
mod mailboxes;
mod mails;
mod matrix;
mod membership;
mod model;
mod notices;
mod options;
mod out_of_time;
mod parked;
mod parsers;
mod people;
mod quota;
mod races;
mod refusals;
mod reminders;
mod samples;
mod searched_lists;
mod silence;
mod start_up;
mod stats;
mod story;
mod suppressions;
mod typed_addresses;
mod unreached;
mod unsubscribing;
mod waiting;
mod withdrawal;
