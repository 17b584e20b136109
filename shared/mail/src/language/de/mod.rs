//! German.

use super::words::{Moment, Words, grouped, wording};
use crate::direction::Direction;

wording!("../src/language/de/mail.txt", "../src/language/de/page.html");

pub(super) const WORDS: &Words = &Words {
    direction: Direction::LeftToRight,
    default_message: include_str!("default_message.txt"),
    community: "Community",
    network: "Netzwerk",
    unnamed_sender: "Ein Mitglied",
    unnamed_invitee: "jemand",
    unnamed_administrator: "der Moderation",
    weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    moment: |Moment { weekday, day, month, year, hour, minute }| {
        format!("{weekday}, {day}. {month} {year} um {hour:02}:{minute:02} Uhr (UTC)")
    },
    members: |count| format!("{} {}", grouped(count, '.'), if count == 1 { "Mitglied" } else { "Mitglieder" }),
};
