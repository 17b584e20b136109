//! A deployed stack, and for each test a community and people of its own in it.

mod account;
mod deployed;
mod fixtures;
mod http;
mod identity;
mod mail;
mod person;
mod table;
mod world;

pub use self::{
    deployed::{Stack, stack},
    fixtures::{free_address, serial},
    http::{call, page},
    mail::Mail,
    person::{Part, Person},
    world::World,
};
