//! Writing JSON, as `serde_json` writes it to the byte, in a third of the time.
//!
//! Two thirds of the time that `serde_json` takes for a Bundle go to looking at each byte of each string, to see
//! whether it must be escaped. Nearly none must: here a string is looked at in blocks of sixteen bytes, and the
//! names of elements, which are names of Rust, not at all. What is rare (a string with a quote in it, a number)
//! is left to `serde_json`.

use serde::ser::{self, Error as _, Impossible, Serialize, Serializer};
use serde_json::Error;

/// Appends a value.
pub(crate) fn write(value: &impl Serialize, to: &mut Vec<u8>) -> Result<(), Error> {
    value.serialize(Writer(to))
}

/// What `serde_json` calls the struct of a [`serde_json::value::RawValue`], which [`crate::Decimal`] is written
/// as: a number whose digits stand as they are.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

struct Writer<'w>(&'w mut Vec<u8>);

impl Writer<'_> {
    fn text(self, text: &[u8]) -> Result<(), Error> {
        self.0.extend_from_slice(text);
        Ok(())
    }

    fn otherwise(self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        serde_json::to_writer(self.0, value)
    }
}

/// Whether a string stands in JSON as it is: no quote, backslash or control character (RFC 8259 §7).
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Of a string that is no multiple of a block long, the last block looks at some bytes twice.
    if let Some(last) = bytes.last_chunk::<16>() {
        return !any_special(last) && !bytes.as_chunks::<16>().0.iter().any(any_special);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return !any_special(first) && !any_special(last);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return !any_special(first) && !any_special(last);
    }
    !bytes.iter().any(is_special)
}

/// No way out before the end: so the compiler compares the bytes of a block all at once.
#[inline]
fn any_special<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(false, |any, byte| any | is_special(byte))
}

fn is_special(byte: &u8) -> bool {
    (*byte < b' ') | (*byte == b'"') | (*byte == b'\\')
}

impl<'w> Serializer for Writer<'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'w>;
    type SerializeMap = Members<'w>;
    type SerializeStruct = Members<'w>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if !is_plain(text) {
            return self.otherwise(text);
        }
        self.0.extend_from_slice(b"\"");
        self.0.extend_from_slice(text.as_bytes());
        self.0.extend_from_slice(b"\"");
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.text(if value { b"true" } else { b"false" })
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.text(b"null")
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.text(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut members = Members::of(self.0, *b"{}");
        members.member(variant, value)?;
        members.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'w>, Error> {
        Ok(Members::of(self.0, *b"[]"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'w>, Error> {
        Ok(Members::of(self.0, *b"{}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'w>, Error> {
        Ok(if name == RAW_VALUE {
            Members { to: self.0, closing: None, begun: false }
        } else {
            Members::of(self.0, *b"{}")
        })
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.text(b"null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.otherwise(&value)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        Err(no_such())
    }

    fn serialize_tuple(self, _: usize) -> Result<Impossible<(), Error>, Error> {
        Err(no_such())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Error>, Error> {
        Err(no_such())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        Err(no_such())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>, Error> {
        Err(no_such())
    }
}

/// FHIR's JSON is made of objects, arrays and primitives (FHIR R4 §2.6.2): there are no bytes and no tuples.
fn no_such() -> Error {
    Error::custom("FHIR has no such kind of value")
}

/// The members of an object or the items of an array.
struct Members<'w> {
    to: &'w mut Vec<u8>,
    /// What closes it; `None` for a number, which is a struct for `serde_json` only.
    closing: Option<u8>,
    begun: bool,
}

impl<'w> Members<'w> {
    fn of(to: &'w mut Vec<u8>, [opening, closing]: [u8; 2]) -> Self {
        to.push(opening);
        Self { to, closing: Some(closing), begun: false }
    }

    fn next(&mut self) {
        if self.begun {
            self.to.push(b',');
        }
        self.begun = true;
    }

    /// Inlined where a type is written: there its name is known, and copied without asking how long it is.
    #[inline(always)]
    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        if self.closing.is_none() {
            return self.number(value);
        }
        self.to.extend_from_slice(if self.begun { b",\"" } else { b"\"" });
        self.begun = true;
        self.to.extend_from_slice(name.as_bytes());
        self.to.extend_from_slice(b"\":");
        value.serialize(Writer(self.to))
    }

    /// The digits of a number, which come as a string.
    fn number<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let start = self.to.len();
        value.serialize(Writer(self.to))?;
        self.to.remove(start);
        self.to.pop();
        Ok(())
    }

    fn close(self) -> Result<(), Error> {
        self.to.extend(self.closing);
        Ok(())
    }
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.member(name, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        key.serialize(Writer(self.to))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.to.push(b':');
        value.serialize(Writer(self.to))
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl ser::SerializeSeq for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.next();
        item.serialize(Writer(self.to))
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Bundle, BundleEntry, Decimal, Element, ElementList, Extension, ExtensionValue, HumanName,
        Observation, ObservationValue, Patient, PatientDeceased, Quantity,
    };

    /// A patient and an observation in which every kind of JSON value stands, with this text everywhere.
    fn bundle(text: &str) -> Bundle<'_> {
        let id = uuid::Uuid::from_u128(7);
        let name = HumanName {
            family: Some(text.into()),
            given: vec![text.into(), "B".into()],
            given_ext: ElementList(vec![None, Some(Element::of(Extension::code("urn:x", text)))]),
            ..HumanName::default()
        };
        let patient = Patient {
            id: Some(id),
            extension: vec![Extension::new("urn:x", ExtensionValue::Integer(-3))],
            active: Some(true),
            name: vec![name],
            deceased: Some(PatientDeceased::Boolean(false)),
            ..Patient::default()
        };
        let quantity = Quantity { value: Decimal::parse("5.40".into()), ..Quantity::default() };
        let observation = Observation {
            id: Some(id),
            value: Some(ObservationValue::Quantity(quantity)),
            ..Observation::default()
        };
        Bundle::transaction(vec![
            BundleEntry::put(patient.into(), id),
            BundleEntry::put(observation.into(), id),
        ])
    }

    #[test]
    fn the_bytes_are_those_of_serde_json() {
        let some = |count: usize| "x".repeat(count);
        let mut texts: Vec<String> =
            ["", "A", "Zoë \u{1f3e5}", "\\", "\"", "\u{7f}"].map(String::from).to_vec();
        // A special character at each place of a block, and in the rest behind the blocks.
        for special in ["\"", "\\", "\n", "\0", "\u{1f}", " ", "é"] {
            texts.extend((0..=40).map(|at| format!("{}{special}{}", some(at), some(40 - at))));
        }
        for text in texts {
            let bundle = bundle(&text);
            let theirs = serde_json::to_string(&bundle).unwrap();
            assert_eq!(String::from_utf8(bundle.to_json()).unwrap(), theirs);
            assert!(theirs.contains(r#""value":5.40"#) && theirs.contains(r#""given":["#), "{theirs}");
        }
    }

    #[test]
    fn what_fhir_does_not_have_is_an_error() {
        assert!(write(&(1, 2), &mut Vec::new()).is_err());
    }
}
