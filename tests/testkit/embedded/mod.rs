//! The embedded world: one deployment as small as it gets, with the table in memory, the handlers behind their routes,
//! the stream, and fakes of the mail service and the event bus. Nothing else is faked.

mod calls;
mod conformance;
mod delivery;
pub mod engine;
mod fakes;
mod faults;
mod fixtures;
mod meter;
mod person;
mod request;
mod storage;
mod stream;
mod table;
mod world;

pub use self::{
    delivery::kind_of,
    fakes::{BASE_URL, Fakes, Mail, SesFault, credentials, recipients},
    faults::{Faults, Stop},
    fixtures::chess,
    meter::{Meter, Usage},
    person::{Person, person, platform},
    request::Request,
    table::Place,
    world::World,
};
