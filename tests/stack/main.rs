//! The deployed template, from outside: over HTTP through the gateway with its authorizer, with every function confined
//! to its own rights, and with the mails that really left.
//!
//! `make test` deploys a stack and says in `INVITATIONS_STACK` where it is described. Each test has a community and
//! people of its own, so all of them run at the same time; those that change the network's settings run alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this crate is nothing but tests")]

mod access;
mod callers;
mod directory;
mod docs;
mod elements;
mod engine;
mod events;
mod graphql;
mod idempotency;
mod lists;
mod logs;
mod mails;
mod outcomes;
mod page;
mod privacy;
mod refusals;
mod roles;
mod screens;
mod story;
