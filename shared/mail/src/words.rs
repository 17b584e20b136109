//! What the languages write their own way: dates, numbers, and people whose names are gone.

use jiff::tz::TimeZone;

use domain::{Timestamp, community::CommunityType, settings::Locale};

const ENGLISH_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const GERMAN_DAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const ENGLISH_MONTHS: [&str; 12] = [
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
];
const GERMAN_MONTHS: [&str; 12] = [
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
];

/// The tag of the language, for `lang` attributes and `Content-Language`.
pub fn language_tag(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "en",
        Locale::De => "de",
    }
}

/// A moment in words, to the minute and in UTC, because the reader's time zone is not known.
pub fn moment(at: Timestamp, locale: Locale) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let pick = |names: &'static [&'static str], one_based: i8| {
        usize::try_from(one_based - 1).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
    };
    let (weekday, month) = (at.weekday().to_monday_one_offset(), at.month());
    let (day, year, hour, minute) = (at.day(), at.year(), at.hour(), at.minute());
    match locale {
        Locale::En => {
            let (weekday, month) = (pick(&ENGLISH_DAYS, weekday), pick(&ENGLISH_MONTHS, month));
            format!("{weekday}, {day} {month} {year} at {hour:02}:{minute:02} UTC")
        }
        Locale::De => {
            let (weekday, month) = (pick(&GERMAN_DAYS, weekday), pick(&GERMAN_MONTHS, month));
            format!("{weekday}, {day}. {month} {year} um {hour:02}:{minute:02} Uhr (UTC)")
        }
    }
}

/// How many members there are, such as "1,204 members".
pub fn members(count: u64, locale: Locale) -> String {
    let (separator, one, many) = match locale {
        Locale::En => (',', "member", "members"),
        Locale::De => ('.', "Mitglied", "Mitglieder"),
    };
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if count == 1 { one } else { many })
}

/// What the language calls a community of that type: the value of `%type%`.
pub fn community_type(kind: CommunityType, locale: Locale) -> &'static str {
    match (kind, locale) {
        (CommunityType::Community, Locale::En) => "community",
        (CommunityType::Community, Locale::De) => "Community",
        (CommunityType::Network, Locale::En) => "network",
        (CommunityType::Network, Locale::De) => "Netzwerk",
    }
}

/// A sender whose name is gone. Stands at the beginning of sentences.
pub(crate) fn unnamed_sender(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "A member",
        Locale::De => "Ein Mitglied",
    }
}

/// An invitee whose name is gone. Stands within sentences.
pub(crate) fn unnamed_invitee(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "someone",
        Locale::De => "jemand",
    }
}

/// An administrator whose name is gone. Stands within sentences, behind "by".
pub(crate) fn unnamed_administrator(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "a moderator",
        Locale::De => "der Moderation",
    }
}

/// A community without a title that could be shown.
pub(crate) fn untitled(kind: CommunityType, locale: Locale) -> &'static str {
    community_type(kind, locale)
}
