//! Delivery of the mails in the outbox: what comes next for one, its lease, its content, and what came of it.
//!
//! The mail service itself is the caller's. What `domain::delivery` decides is carried out here, as far as the table
//! goes; a mail that is to be sent comes back as a [`Draft`].

mod attempt;
mod content;
mod error;
mod next;
mod parking;
mod recipient;
mod tracking;

pub(crate) use self::parking::reach_again;
pub use self::{
    attempt::{OutgoingMail, busy, lease, postpone, put_off, rejected, sent, unanswered, untried},
    error::DeliveryError,
    next::{Draft, next},
    parking::{park_unwritable, release},
    tracking::track,
};
