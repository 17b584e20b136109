//! English.

use super::words::{Moment, Words, grouped, wording};
use crate::direction::Direction;

wording!("../src/language/en/mail.txt", "../src/language/en/page.html");

pub(super) const WORDS: &Words = &Words {
    direction: Direction::LeftToRight,
    default_message: include_str!("default_message.txt"),
    community: "community",
    network: "network",
    unnamed_sender: "A member",
    unnamed_invitee: "someone",
    unnamed_administrator: "a moderator",
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    moment: |Moment { weekday, day, month, year, hour, minute }| {
        format!("{weekday}, {day} {month} {year} at {hour:02}:{minute:02} UTC")
    },
    members: |count| format!("{} {}", grouped(count, ','), if count == 1 { "member" } else { "members" }),
};
