//! Every parser, with whatever anyone may send: it never panics, and what it takes it gives back.

use std::collections::HashMap;

use lambda_http::{Request, RequestExt};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use crate::{
    cursor,
    function::{invitation_id, parameter, path},
};
use domain::{
    Timestamp,
    email::EmailAddress,
    id::{CommunityId, InvitationId, UserId},
    invitation::Status,
    link::{LinkToken, TOKEN_CHARS},
    message::{Message, Segment, segments},
    settings::LanguageTag,
    stats::rounded_seconds,
};
use service::lists::{Place, Position};
use store::{
    keys::Key,
    listing::{Range, listing},
};

/// What some clients encode in a path.
const SOME: AsciiSet = CONTROLS.add(b'|').add(b'@').add(b'+');

/// Text of a kind that parsers meet: any, or close to what they take.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,80}",
        "[a-z0-9.+_\"\\\\ -]{0,20}@[a-z0-9.\\[\\]:-]{0,20}",
        "[a-z0-9.]{1,9}@[A-Za-zäÖüß例。\u{200C}\u{200D}-]{1,9}\\.(test|テスト|xn--p1ai)",
        "[0-9A-HJKMNP-TV-Z]{24,28}",
        "[A-Za-z0-9_-]{60,72}",
        "(%[a-z_]{0,9}%?|[ a-z\n]{0,9}){0,9}",
    ]
}

proptest! {
    #[test]
    fn ids_come_back_as_they_were_and_need_no_escaping(text in texts()) {
        if let Ok(id) = text.parse::<UserId>() {
            prop_assert_eq!(id.as_str(), &text);
            prop_assert!((1..=128).contains(&text.len()) && !text.contains(['#', '/', ' ']));
        }
        prop_assert_eq!(text.parse::<CommunityId>().is_ok(), text.parse::<UserId>().is_ok());
    }

    #[test]
    fn ids_in_a_path_mean_the_same_encoded_decoded_or_both(id in "[A-Za-z0-9_.:@~|+=-]{1,128}", text in texts()) {
        // Browsers encode little, most clients everything that is no letter or digit.
        for set in [CONTROLS, &SOME, NON_ALPHANUMERIC] as [&'static AsciiSet; 3] {
            let request = asking("userId", &utf8_percent_encode(&id, set).to_string());
            prop_assert_eq!(String::from(path::<UserId>(&request, "userId").unwrap()), &*id);
        }
        for asked in [&text, &utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()] {
            let request = asking("invitationId", asked);
            prop_assert!(parameter(&request, "userId").is_none());
            let meant = parameter(&request, "invitationId").unwrap();
            prop_assert!(meant == text || text.contains('%'), "{} was read as {}", asked, meant);
            prop_assert_eq!(invitation_id(&request).ok(), meant.parse::<InvitationId>().ok());
        }
    }

    #[test]
    fn invitation_ids_come_back_as_they_were(millis in 0..(1_u64 << 48), entropy: [u8; 10], text in texts()) {
        let id = InvitationId::new(millis, entropy);
        prop_assert_eq!(id.to_string().parse::<InvitationId>(), Ok(id));
        prop_assert_eq!(InvitationId::from_bytes(id.to_bytes()), id);
        prop_assert_eq!(id.to_string().len(), 26);
        if let Ok(id) = text.parse::<InvitationId>() {
            prop_assert_eq!(id.to_string(), text.to_uppercase());
        }
    }

    #[test]
    fn addresses_keep_their_spelling_and_are_known_by_one_key_in_every_other(text in texts()) {
        if let Ok(address) = text.parse::<EmailAddress>() {
            prop_assert_eq!(address.as_str(), text.trim());
            prop_assert!(address.as_mailed().is_ascii() && address.as_mailed().len() <= 254);
            // Nothing in it could end a header or begin another address.
            prop_assert!(!address.as_str().contains(['\r', '\n', ',', ';', '<', '>', ' ']));
            let shouted: EmailAddress = text.to_ascii_uppercase().parse().unwrap();
            prop_assert_eq!(&shouted, &address);
            prop_assert_eq!(shouted.key(), address.key());
            let in_ascii: EmailAddress = address.as_mailed().parse().unwrap();
            prop_assert_eq!(&in_ascii, &address);
            prop_assert_eq!(in_ascii.key(), address.key());
            let shown = format!("{address:?}");
            prop_assert!(!shown.contains(address.as_str()));
        }
    }

    #[test]
    fn tokens_come_back_as_they_were_and_only_they_have_their_digest(
        millis in 0..(1_u64 << 48), entropy: [u8; 10], revision: u32, secret: [u8; 32], other: [u8; 32],
        text in texts(),
    ) {
        let id = InvitationId::new(millis, entropy);
        let token = LinkToken::new(id, revision, secret);
        let revealed = token.reveal();
        prop_assert_eq!(revealed.len(), TOKEN_CHARS);
        prop_assert!(revealed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(revealed.parse::<LinkToken>(), Ok(token.clone()));
        prop_assert_eq!(token.digest() == LinkToken::new(id, revision, other).digest(), secret == other);
        let shown = format!("{token:?}");
        prop_assert!(!shown.contains(&revealed[22..]));
        if let Ok(token) = text.parse::<LinkToken>() {
            prop_assert_eq!(token.reveal(), text);
        }
    }

    #[test]
    fn a_token_is_found_whatever_a_mail_program_has_put_around_it(
        millis in 0..(1_u64 << 48), entropy: [u8; 10], revision: u32, secret: [u8; 32],
        before in "[^A-Za-z0-9_-]{0,3}", signs in "[-_]{0,3}", after in "([^A-Za-z0-9_-].{0,20})?",
    ) {
        let token = LinkToken::new(InvitationId::new(millis, entropy), revision, secret);
        prop_assert_eq!(LinkToken::find(&format!("{before}{}{signs}{after}", token.reveal())), Some(token));
    }

    #[test]
    fn no_token_is_found_in_garbage_or_in_one_that_is_cut_off_or_runs_on(
        millis in 0..(1_u64 << 48), entropy: [u8; 10], revision: u32, secret: [u8; 32],
        length in 0..TOKEN_CHARS, more in "[A-Za-z0-9]{1,9}", text in texts(),
    ) {
        let whole = LinkToken::new(InvitationId::new(millis, entropy), revision, secret).reveal();
        prop_assert_eq!(LinkToken::find(&whole[..length]), None);
        prop_assert_eq!(LinkToken::find(&format!("{whole}{more}")), None);
        // What has a token's length stands there letter by letter, and is no link's without its digest.
        prop_assert!(LinkToken::find(&text).is_none_or(|token| text.contains(&token.reveal())));
    }

    #[test]
    fn messages_are_their_segments_and_hold_no_unknown_token(text in texts()) {
        let pieces: String = segments(&text)
            .map(|segment| match segment {
                Segment::Text(text) | Segment::Unknown(text) => text,
                Segment::Sender => "%sender%",
                Segment::Community => "%community%",
                Segment::Type => "%type%",
            })
            .collect();
        prop_assert_eq!(pieces, text.as_str());
        if let Ok(message) = text.parse::<Message>() {
            prop_assert!(message.as_str().chars().count() <= 2_000);
            prop_assert!(message.segments().all(|segment| !matches!(segment, Segment::Unknown(_))));
            prop_assert_eq!(String::from(message).parse::<Message>().is_ok(), true);
        }
    }

    #[test]
    fn a_link_holds_no_token_whatever_it_says(text in any::<String>(), small: bool, cut in 0..3_usize) {
        let link = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        let link = if small { link.to_lowercase() } else { link };
        // A line may end within what was encoded, too.
        for link in [&*link, &link[..link.len().saturating_sub(cut)]] {
            let written = format!("%sender% says https://x.test/{link}\n%community%%type%");
            let known = [Segment::Sender, Segment::Community, Segment::Type];
            let tokens: Vec<_> = segments(&written).filter(|one| !matches!(one, Segment::Text(_))).collect();
            prop_assert_eq!(tokens, known, "{}", written);
            prop_assert!(link.len() > 1_900 || written.parse::<Message>().is_ok(), "{}", written);
        }
    }

    #[test]
    fn language_tags_never_panic(text in texts()) {
        if let Ok(tag) = text.parse::<LanguageTag>() {
            prop_assert_eq!(String::from(tag), text);
        }
    }

    #[test]
    fn cursors_come_back_as_they_were_to_their_own_query_alone(
        position in positions(), query in ".{0,40}", other in ".{0,40}", text in texts(),
    ) {
        let sealed = cursor::seal(&position, &query);
        prop_assert_eq!(cursor::open(&sealed, &query).ok(), Some(position));
        prop_assert_eq!(cursor::open(&sealed, &other).is_ok(), query == other);
        prop_assert!(cursor::open(&text, &query).is_err());
    }

    #[test]
    fn a_damaged_cursor_is_noticed(position in positions(), at: prop::sample::Index, letter in "[A-Za-z0-9_-]") {
        let sealed = cursor::seal(&position, "query");
        let mut damaged = sealed.clone();
        let at = at.index(sealed.len());
        damaged.replace_range(at..=at, &letter);
        prop_assert_eq!(cursor::open(&damaged, "query").is_ok(), damaged == sealed);
    }

    #[test]
    fn keys_of_idempotent_requests_are_short_whatever_the_key(text in texts()) {
        let user: UserId = "ann".parse().unwrap();
        let key = Key::idempotency(&user, &text);
        prop_assert!(key.sk.len() < 100);
    }

    #[test]
    fn the_range_of_a_status_holds_what_is_stored_with_it_and_ends_at_any_place(
        stored in prop::sample::select(Status::ALL.to_vec()),
        asked in prop::option::of(prop::sample::select(Status::ALL.to_vec())),
        expiry in 1_700_000_000_000..1_900_000_000_000_i64,
        distance in prop_oneof![-2..=2_i64, -90_000_000_000..90_000_000_000_i64],
        position in positions(),
    ) {
        let invitation = stored_as(stored, expiry);
        let (place, range) = (Place::new(stored, invitation.id), Range::of(asked));
        prop_assert_eq!(listing(&invitation), place.to_string());
        prop_assert_eq!(place.to_string().parse(), Ok(place));
        prop_assert_eq!(range.contains(place), asked.is_none_or(|asked| asked == stored));
        for end in [position.after, place] {
            let rest = range.clone().after(Some(end));
            let listed = rest.is_some_and(|rest| rest.contains(place));
            prop_assert_eq!(listed, range.contains(place) && place < end, "{} after {}", place, end);
        }
        let now = Timestamp::from_millisecond(expiry - distance).unwrap();
        let shown = Place::at(&invitation, now);
        prop_assert_eq!((shown.id(), shown.is_among(invitation.status_at(now))), (invitation.id, true));
    }

    #[test]
    fn rounded_seconds_are_close_and_keep_their_order(seconds: u64, more: u64) {
        let rounded = rounded_seconds(seconds);
        prop_assert!(rounded <= seconds && seconds - rounded <= seconds / 64);
        prop_assert!(rounded_seconds(seconds.saturating_add(more)) >= rounded);
    }
}

fn positions() -> impl Strategy<Value = Position> {
    let place = (prop::sample::select(Status::ALL.to_vec()), any::<[u8; 16]>());
    let place = place.prop_map(|(status, id)| Place::new(status, InvitationId::from_bytes(id)));
    let clock = 0..1_900_000_000_000_i64;
    (place, clock, any::<bool>(), prop::option::of(0..=100_u32)).prop_map(|(after, clock, lapsed, pending)| Position {
        after,
        clock: Timestamp::from_millisecond(clock).unwrap(),
        lapsed,
        pending,
    })
}

fn stored_as(status: Status, expiry: i64) -> domain::invitation::Invitation {
    let expires_at = Timestamp::from_millisecond(expiry).unwrap();
    let id = InvitationId::new(expiry.unsigned_abs(), [9; 10]);
    serde_json::from_value(serde_json::json!({
        "id": id.to_string(),
        "community": { "id": "chess", "title": "Chess", "type": "community" },
        "sender": { "id": "mona" },
        "invitee": { "user": { "id": "ann" } },
        "status": status.as_str(),
        "createdAt": expiry,
        "expiresAt": expires_at.as_millisecond(),
        "lifetimeDays": 30,
        "revision": 1,
    }))
    .unwrap()
}

fn asking(parameter: &str, text: &str) -> Request {
    Request::default().with_path_parameters(HashMap::from([(parameter.to_owned(), text.to_owned())]))
}
