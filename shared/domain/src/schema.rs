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
    id::{CommunityId, InvitationId, MAX_ID_LENGTH, UserId},
    settings::LanguageTag,
};

/// Text that is read into a type of ours.
fn text(description: &str, length: RangeInclusive<usize>, pattern: Option<impl Display>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .min_length(Some(*length.start()))
        .max_length(Some(*length.end()))
        .pattern(pattern.map(|pattern| pattern.to_string()))
}

macro_rules! described {
    ($($type:ident: $build:expr,)*) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::from($build).build().into()
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    stringify!($type).into()
                }
            }
        )*
    };
}

/// As `domain::id` checks it.
const FOREIGN_ID: &str = r"^[A-Za-z0-9\-_.:@~|+=]+$";
/// Crockford's base 32, 128 bits.
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";

described! {
    UserId: text("A person, as the platform names them.", 1..=MAX_ID_LENGTH, Some(FOREIGN_ID)),
    CommunityId: text("A community, as the platform names it.", 1..=MAX_ID_LENGTH, Some(FOREIGN_ID)),
    InvitationId: text("One invitation: a ULID.", 26..=26, Some(ULID)),
    EmailAddress: text("An email address.", 3..=MAX_EMAIL_LENGTH, None::<&str>)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email))),
    LanguageTag: text("A language such as `en` or `de-AT`.", 2..=35, Some("^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")),
}
