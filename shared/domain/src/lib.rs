//! The rules of invitations as pure functions: facts, a command and the time in; a transition or a refusal out.
//!
//! Nothing here reads a clock, draws a random number, or knows how facts are stored and transported. That is what
//! lets the tests walk every combination of the rules.

pub mod actions;
pub mod community;
pub mod delivery;
pub mod digest;
pub mod email;
pub mod event;
pub mod fact;
pub mod field;
pub mod gate;
pub mod id;
pub mod invitation;
pub mod invitee_query;
pub mod lifecycle;
pub mod link;
pub mod mailbox;
pub mod message;
mod named;
pub mod outbox;
pub mod person;
pub mod refusal;
#[cfg(feature = "openapi")]
mod schema;
pub mod search;
pub mod sending;
pub mod settings;
pub mod stats;
pub mod surroundings;
pub mod text;
pub mod time;
pub mod transition;
pub mod viewing;

pub use time::Timestamp;
