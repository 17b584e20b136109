//! Arabic, with the digits that most of the Arabic web uses. It speaks to readers of either gender in the same words.

use super::words::{Moment, Words, grouped, wording};
use crate::direction::Direction;

wording!("../src/language/ar/mail.txt", "../src/language/ar/page.html");

pub(super) const WORDS: &Words = &Words {
    direction: Direction::RightToLeft,
    default_message: include_str!("default_message.txt"),
    community: "مجتمع",
    network: "شبكة",
    unnamed_sender: "أحد الأعضاء",
    unnamed_invitee: "شخص ما",
    unnamed_administrator: "أحد المشرفين",
    weekdays: ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"],
    months: [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
    moment: |Moment { weekday, day, month, year, hour, minute }| {
        format!("{weekday}، {day} {month} {year}، الساعة {hour:02}:{minute:02} بالتوقيت العالمي المنسق (UTC)")
    },
    members,
};

/// The noun takes one of six forms; from three on, the last two digits decide.
fn members(count: u64) -> String {
    let noun = match (count, count % 100) {
        (0, _) => return "لا أعضاء".to_owned(),
        (1, _) => return "عضو واحد".to_owned(),
        (2, _) => return "عضوان".to_owned(),
        (_, 3..=10) => "أعضاء",
        (_, 11..=99) => "عضوًا",
        _ => "عضو",
    };
    format!("{} {noun}", grouped(count, ','))
}
