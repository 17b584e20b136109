//! Reads the fields of a JSON object straight into a record, and tells all faults of the record at once.
//!
//! The types of the fields carry their range. A value of another JSON type and a field that the record does not have
//! make the request malformed. A value that is missing or out of its range is a fault among others.

use std::vec;

use http_api::{
    json::{self, Json, Unreadable},
    problem::{Fault, Problem},
};
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor},
    forward_to_deserialize_any,
};

/// A record that is read from the fields of a body.
pub(crate) trait FromFields: DeserializeOwned {
    /// The fields that must be there.
    const REQUIRED: &[&str];
}

/// The fields of a JSON object, in their order. `null` reads as left out.
pub(crate) struct Fields(Vec<(String, Json)>);

impl Fields {
    /// Returns the value of a field that is there.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(known, value)| known == name && *value != Json::Null).map(|(_, value)| value)
    }

    /// Takes a field that says which record is meant.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Problem> {
        let place = self.0.iter().position(|(known, _)| known == name);
        let value = place.map_or(Json::Null, |place| self.0.remove(place).1);
        match value {
            Json::Null => Err(Problem::malformed(name, "is required")),
            value => T::deserialize(value).map_err(|error| Problem::malformed(name, error)),
        }
    }

    /// Reads a record. `given` are the fields that stand elsewhere in the request, `faults` those that are known
    /// already.
    pub(crate) fn read<T: FromFields>(&self, given: &[(&str, &str)], mut faults: Vec<Fault>) -> Result<T, Problem> {
        if let Some(name) = json::repeated(&self.0) {
            return Err(Problem::malformed(name, Unreadable::repeated(name)));
        }
        let given: Vec<_> = given.iter().map(|(name, text)| (*name, Json::Text((*text).to_owned()))).collect();
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
                Err(Unreadable::OutOfRange(detail)) => faults.push(Fault::new(at, detail)),
                Ok(_) | Err(Unreadable::Missing(_)) => break,
                Err(malformed) => return Err(Problem::malformed(at, malformed)),
            }
        }
        faults.sort_by_key(|fault| order.iter().position(|name| *name == fault.param));
        Err(Problem::invalid(faults))
    }
}

impl From<Vec<(String, Json)>> for Fields {
    fn from(fields: Vec<(String, Json)>) -> Self {
        Self(fields)
    }
}

/// One attempt at a record, which leaves out the fields that are known to be at fault.
struct Attempt<'a> {
    fields: &'a Fields,
    given: &'a [(&'a str, Json)],
    left: vec::IntoIter<(&'a str, &'a Json)>,
    value: &'a Json,
    /// The field that is being read.
    at: Option<&'a str>,
    /// The fields of the record.
    known: &'static [&'static str],
}

impl<'a> Attempt<'a> {
    fn new(fields: &'a Fields, given: &'a [(&str, Json)], faults: &[Fault]) -> Self {
        let at_fault = |name: &str| faults.iter().any(|fault| fault.param == name);
        let good = fields.0.iter().filter(|(name, value)| *value != Json::Null && !at_fault(name));
        let all = given.iter().map(|(name, value)| (*name, value)).chain(good.map(|(name, value)| (&**name, value)));
        let left = all.collect::<Vec<_>>().into_iter();
        Self { fields, given, left, value: &Json::Null, at: None, known: &[] }
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
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_map(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.known = known;
        if let Some(name) = self.unknown() {
            self.at = Some(name);
            let own: Vec<_> = known.iter().copied().filter(|name| !self.is_given(name)).collect();
            return Err(Unreadable::unknown(name, &own));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for &mut Attempt<'_> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        (self.at, self.value) = (Some(name), value);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        seed.deserialize(self.value.clone())
    }
}
