//! How the contract describes the types that read themselves from text. Only the feature `openapi` has this module; no
//! deployed function carries it.

use std::{borrow::Cow, fmt::Display, ops::RangeInclusive};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, SchemaFormat,
        schema::{Schema, Type},
    },
};

use crate::{
    email::{EmailAddress, MAX_EMAIL_LENGTH},
    field::{Count, Line, MAX_URL_CHARS, Prose, WebUrl, Whole},
    id::{CommunityId, InvitationId, MAX_ID_LENGTH, UserId},
    message::{MAX_MESSAGE_CHARS, Message},
    settings::LanguageTag,
};

/// Text that is read into a type of ours.
fn text(description: &str, length: RangeInclusive<usize>, pattern: Option<impl Display>) -> ObjectBuilder {
    characters(length).description(Some(description)).pattern(pattern.map(|pattern| pattern.to_string()))
}

/// Text of that many characters.
fn characters(length: RangeInclusive<usize>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(*length.start())).max_length(Some(*length.end()))
}

/// A whole number.
fn whole(least: u32) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(least))
}

macro_rules! described {
    ($($type:ident $(<$(const $limit:ident: $number:ty),*>)?: $build:expr,)*) => {
        $(
            impl $(<$(const $limit: $number),*>)? PartialSchema for $type $(<$($limit),*>)? {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::from($build).build().into()
                }
            }

            impl $(<$(const $limit: $number),*>)? ToSchema for $type $(<$($limit),*>)? {
                fn name() -> Cow<'static, str> {
                    stringify!($type).into()
                }
            }
        )*
    };
}

/// As `domain::id` checks it.
const FOREIGN_ID: &str = r"^[A-Za-z0-9\-_.:@~|+=]+$";
/// What `domain::field` lets pass as a URL, more or less.
const WEB_URL: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/\s\\]\S*$";
/// Crockford's base 32, 128 bits.
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";

described! {
    UserId: text("A person, as the platform names them.", 1..=MAX_ID_LENGTH, Some(FOREIGN_ID)),
    CommunityId: text("A community, as the platform names it.", 1..=MAX_ID_LENGTH, Some(FOREIGN_ID)),
    InvitationId: text("One invitation: a ULID.", 26..=26, Some(ULID)),
    EmailAddress: text(
        "An email address. Its domain may be internationalised, in its own script or in ASCII: either is the same address.",
        3..=MAX_EMAIL_LENGTH,
        None::<&str>,
    )
    .format(Some(SchemaFormat::Custom("idn-email".to_owned()))),
    LanguageTag: text("A language such as `en` or `de-AT`.", 2..=35, Some("^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")),
    // Blank text reads as left out.
    Message: characters(0..=MAX_MESSAGE_CHARS),
    Line<const MOST: usize>: characters(1..=MOST),
    Prose<const MOST: usize>: characters(0..=MOST),
    WebUrl: ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uri".to_owned())))
        .pattern(Some(WEB_URL))
        .max_length(Some(MAX_URL_CHARS)),
    Whole<const LEAST: u32, const MOST: u32>: whole(LEAST).maximum(Some(MOST)),
    Count: whole(0),
}
