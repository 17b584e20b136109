//! JSON as it came in a body, and how it is read into types: what does not fit is said in the words of JSON and of the
//! API, never in those of the code.

use std::fmt::{self, Display};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// A value of JSON. Fields keep their order, and repetitions stay to be refused; whole numbers are whole however they
/// are written.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`, which reads as left out.
    Null,
    /// A flag.
    Flag(bool),
    /// A whole number, or the nearest that is kept of one that is too large for any use.
    Whole(i64),
    /// Another number.
    Fraction(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// Why a value does not read as what it is to be.
#[derive(Debug)]
pub enum Unreadable {
    /// It has another JSON type.
    Malformed(String),
    /// It is an object with a field that has no place in it, or that stands twice.
    Field(String, String),
    /// It is out of its range.
    OutOfRange(String),
    /// It is an object without a field that must be there.
    Missing(&'static str),
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(detail) | Self::Field(_, detail) | Self::OutOfRange(detail) => f.write_str(detail),
            Self::Missing(_) => f.write_str("is required"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    /// What types say of text and numbers that are not theirs.
    fn custom<T: Display>(detail: T) -> Self {
        Self::OutOfRange(detail.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Malformed(must_be(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Malformed(must_be(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::OutOfRange(format!("must be {}", one_of(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// What a type expects, in the words of JSON.
fn must_be(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    let numbers = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize"];
    let plain = match expected.as_str() {
        number if numbers.contains(&number) => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        of_the_code if of_the_code.starts_with("struct ") => "an object",
        plain => plain,
    };
    format!("must be {plain}")
}

/// Lists names of which one is meant.
fn one_of(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [only] => only.clone(),
        [one, other] => format!("{one} or {other}"),
        _ => format!("one of {}", quoted.join(", ")),
    }
}

impl Unreadable {
    /// A field that has no place among the `known` ones.
    pub fn unknown(field: &str, known: &[&str]) -> Self {
        let fields = if known.is_empty() { "there are none".to_owned() } else { format!("expected {}", one_of(known)) };
        Self::Field(field.to_owned(), format!("unknown field, {fields}"))
    }

    /// A field that stands twice.
    pub fn repeated(field: &str) -> Self {
        Self::Field(field.to_owned(), "stands twice".to_owned())
    }
}

/// Returns the name of a field that stands twice among `fields`.
pub fn repeated(fields: &[(String, Json)]) -> Option<&str> {
    let mut names = std::collections::HashSet::new();
    fields.iter().map(|(name, _)| name.as_str()).find(|name| !names.insert(*name))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyJson;

        impl<'de> Visitor<'de> for AnyJson {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
                Ok(Json::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Whole(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            #[expect(
                clippy::cast_possible_truncation,
                reason = "the number is whole, and what is too large is out of any range"
            )]
            fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
                Ok(if number.fract() == 0.0 { Json::Whole(number as i64) } else { Json::Fraction(number) })
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Json::Object(fields))
            }
        }

        deserializer.deserialize_any(AnyJson)
    }
}

impl IntoDeserializer<'_, Unreadable> for Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Flag(flag) => visitor.visit_bool(flag),
            Self::Whole(number) => visitor.visit_i64(number),
            Self::Fraction(number) => visitor.visit_f64(number),
            Self::Text(text) => visitor.visit_string(text),
            Self::List(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
            Self::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Self::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self {
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(Unreadable::Malformed("must be a string".to_owned())),
        }
    }

    /// Refuses fields that the type does not have, and reads those that are null as left out.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let Self::Object(mut fields) = self else { return Err(Unreadable::Malformed("must be an object".to_owned())) };
        if let Some((name, _)) = fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(Unreadable::unknown(name, known));
        }
        if let Some(name) = repeated(&fields) {
            return Err(Unreadable::repeated(name));
        }
        fields.retain(|(_, value)| *value != Self::Null);
        Self::Object(fields).deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}
