//! Reads the fields of a JSON object straight into a record, and tells all faults of the record at once.
//!
//! The types of the fields carry their range. A value of another JSON type and a field that the record does not have
//! make the request malformed. A value that is missing or out of its range is a fault among others.

use std::{
    fmt::{self, Display},
    vec,
};

use http_api::problem::{Fault, Problem};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Unexpected, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

/// A record that is read from the fields of a body.
pub(crate) trait FromFields: DeserializeOwned {
    /// The fields that must be there.
    const REQUIRED: &[&str];
}

/// The fields of a JSON object, in their order. `null` reads as left out.
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Returns the value of a field that is there.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, value)| known == name && !value.is_null()).map(|(_, value)| value)
    }

    /// Reads a record. `given` are the fields that stand elsewhere in the request, `faults` those that are known already.
    pub(crate) fn read<T: FromFields>(&self, given: &[(&str, &str)], mut faults: Vec<Fault>) -> Result<T, Problem> {
        let given: Vec<_> = given.iter().map(|(name, text)| (*name, Value::from(*text))).collect();
        let missing = T::REQUIRED.iter().filter(|name| self.get(name).is_none());
        faults.extend(missing.map(|name| Fault::new(*name, "is required")));
        let mut order: &[&str] = &[];
        // Reading ends at the first fault; what is at fault is then left out, until nothing more is found.
        for _ in 0..=self.0.len() {
            let mut attempt = Attempt::new(self, &given, &faults);
            let read = T::deserialize(&mut attempt);
            let at = attempt.at.unwrap_or("record");
            order = attempt.known;
            match read {
                Ok(record) if faults.is_empty() => return Ok(record),
                Err(Error::Malformed(detail)) => return Err(Problem::malformed(at, detail)),
                Err(Error::OutOfRange(detail)) => faults.push(Fault::new(at, detail)),
                Ok(_) | Err(Error::Missing) => break,
            }
        }
        faults.sort_by_key(|fault| order.iter().position(|name| *name == fault.param));
        Err(Problem::invalid(faults))
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Why an attempt at a record has ended.
#[derive(Debug)]
enum Error {
    /// A field has another JSON type, or is none of the record's.
    Malformed(String),
    /// A value is out of its range.
    OutOfRange(String),
    /// A field that must be there is not. All others have been read.
    Missing,
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(detail) | Self::OutOfRange(detail) => f.write_str(detail),
            Self::Missing => f.write_str("a field is missing"),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    /// What the types of the fields say of text and numbers that are not theirs.
    fn custom<T: Display>(detail: T) -> Self {
        Self::OutOfRange(detail.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Malformed(format!("invalid type: {found}, expected {expected}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Malformed(format!("invalid value: {found}, expected {expected}"))
    }

    fn missing_field(_: &'static str) -> Self {
        Self::Missing
    }
}

/// One attempt at a record, which leaves out the fields that are known to be at fault.
struct Attempt<'a> {
    fields: &'a Fields,
    given: &'a [(&'a str, Value)],
    left: vec::IntoIter<(&'a str, &'a Value)>,
    value: &'a Value,
    /// The field that is being read.
    at: Option<&'a str>,
    /// The fields of the record.
    known: &'static [&'static str],
}

impl<'a> Attempt<'a> {
    fn new(fields: &'a Fields, given: &'a [(&str, Value)], faults: &[Fault]) -> Self {
        let at_fault = |name: &str| faults.iter().any(|fault| fault.param == name);
        let good = fields.0.iter().filter(|(name, value)| !value.is_null() && !at_fault(name));
        let all = given.iter().map(|(name, value)| (*name, value)).chain(good.map(|(name, value)| (&**name, value)));
        let left = all.collect::<Vec<_>>().into_iter();
        Self { fields, given, left, value: &Value::Null, at: None, known: &[] }
    }

    fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// A field that the record does not have, or has from elsewhere.
    fn unknown(&self) -> Option<&'a str> {
        let mut names = self.fields.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| !self.known.contains(name) || self.is_given(name))
    }
}

impl<'de> Deserializer<'de> for &mut Attempt<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.known = known;
        if let Some(name) = self.unknown() {
            self.at = Some(name);
            let own: Vec<_> =
                known.iter().filter(|name| !self.is_given(name)).map(|name| format!("`{name}`")).collect();
            let expected = match own.as_slice() {
                [] => "there are no fields".to_owned(),
                [only] => format!("expected {only}"),
                _ => format!("expected one of {}", own.join(", ")),
            };
            return Err(Error::Malformed(format!("unknown field `{name}`, {expected}")));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for &mut Attempt<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        (self.at, self.value) = (Some(name), value);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(FieldValue(self.value))
    }
}

/// The value of one field.
struct FieldValue<'a>(&'a Value);

impl FieldValue<'_> {
    fn unexpected(&self) -> Unexpected<'_> {
        match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(flag) => Unexpected::Bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Unexpected::Unsigned(number),
                (None, Some(number)) => Unexpected::Signed(number),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for FieldValue<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.unexpected() {
            Unexpected::Bool(flag) => visitor.visit_bool(flag),
            Unexpected::Unsigned(number) => visitor.visit_u64(number),
            Unexpected::Signed(number) => visitor.visit_i64(number),
            Unexpected::Float(number) => visitor.visit_f64(number),
            Unexpected::Str(text) => visitor.visit_str(text),
            other => Err(de::Error::invalid_type(other, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"a string")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}
