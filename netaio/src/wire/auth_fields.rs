mod field;
mod spare;

use std::{cmp::Ordering, fmt};

use bytes::{BufMut, BytesMut};

pub use field::Field;

use super::packify::{
    self, DecodeError, DecodeLimits, Reader, Value, Width, entry_rank, entry_width, kind,
};

/// The auth fields of a message: a small map from text to values, normally bytes.
///
/// All layers of a message share it. Fields that no plugin knows are ignored. An empty map holds no
/// memory.
#[derive(Default)]
#[doc(alias = "AuthFieldsProtocol")]
pub struct AuthFields {
    /// Boxed, so that messages without any are small.
    fields: Option<Box<Fields>>,
}

#[derive(Default)]
struct Fields {
    /// Encoded keys and values, in any order.
    data: Vec<u8>,
    /// In the order in which they are written.
    entries: Vec<Entry>,
}

/// Where a key and its value are: one after the other.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: usize,
    middle: usize,
    end: usize,
    /// What it is ordered by first.
    rank: u64,
}

impl Entry {
    fn new(start: usize, middle: usize, end: usize) -> Self {
        Self { start, middle, end, rank: entry_rank(middle - start, end - middle) }
    }

    fn key_length(self) -> usize {
        self.middle - self.start
    }

    fn value_length(self) -> usize {
        self.end - self.middle
    }

    fn width(self) -> Result<Width, AuthTooLarge> {
        entry_width(self.key_length(), self.value_length()).map_err(|_| AuthTooLarge)
    }

    /// Returns the length of its tuple.
    fn length(self, width: Width) -> usize {
        3 + 2 * width.bytes() + self.key_length() + self.value_length()
    }
}

/// How large the auth fields of a received message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct AuthLimits {
    max_length: usize,
    max_entries: usize,
    values: DecodeLimits,
}

impl Default for AuthLimits {
    fn default() -> Self {
        Self {
            max_length: 16 * 1024,
            max_entries: 64,
            values: DecodeLimits::default().depth(32).items(4_096),
        }
    }
}

impl AuthLimits {
    /// Sets how many bytes they may have; the default is 16 KiB, the format's most is 65,535. The
    /// largest honest one seen has 14 KiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// Sets how many fields there may be; the default is 64.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// Sets how deep values may nest; the default is 32, where honest ones need 4.
    pub fn max_depth(mut self, depth: usize) -> Self {
        self.values = self.values.depth(depth);
        self
    }

    /// Sets how many items the containers in one value may have together; the default is 4,096.
    pub fn max_items(mut self, items: usize) -> Self {
        self.values = self.values.items(items);
        self
    }
}

/// How the key begins that is a text of up to 255 bytes.
const SHORT_TEXT: u8 = Width::ONE | kind::STR;
const LONGEST_SHORT: usize = 0xff;

/// What the fields of an auth plugin and a cipher take, encoded.
const USUAL_LENGTH: usize = 128;

impl AuthFields {
    /// `{}`, as nearly every message without auth has it.
    pub(super) const EMPTY: [u8; 3] = [Width::ONE | kind::DICT, Width::ONE, 0];
    const EMPTY_LENGTH: u16 = 3;

    /// Makes an empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self { fields: None }
    }

    /// Reads encoded auth fields.
    ///
    /// A value that is no dict reads as an empty map, in which every auth check fails. As in the
    /// original, fields may come in any order and bytes may follow.
    ///
    /// # Errors
    ///
    /// Returns [`AuthFieldsError`] when the bytes are no packify value, exceed the limits, or name
    /// a field twice: the original takes the last of them, and a message should have one reading.
    #[inline]
    pub fn decode(bytes: &[u8], limits: &AuthLimits) -> Result<Self, AuthFieldsError> {
        if bytes == Self::EMPTY { Ok(Self::new()) } else { Self::decode_fields(bytes, limits) }
    }

    fn decode_fields(bytes: &[u8], limits: &AuthLimits) -> Result<Self, AuthFieldsError> {
        if bytes.len() > limits.max_length {
            return Err(AuthFieldsError::TooLong(bytes.len()));
        }
        let mut reader = Reader::new(bytes);
        let (kind, width) = reader.code()?;
        if kind != kind::DICT {
            packify::decode_with(bytes, &limits.values)?;
            return Ok(Self::new());
        }
        let mut items = reader.items(width)?;
        if items.count() > limits.max_entries {
            return Err(AuthFieldsError::TooMany(items.count()));
        }
        let mut fields = spare::take();
        fields.data.reserve(bytes.len());
        fields.entries.reserve(items.count());
        while let Some(item) = items.next()? {
            fields.read_entry(item, &limits.values)?;
        }
        Ok(Self { fields: Some(fields) })
    }

    /// Returns a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Field<'_>> {
        let fields = self.fields.as_deref()?;
        let entry = fields.entries.get(fields.position(name)?)?;
        Some(Field { encoded: fields.value(*entry) })
    }

    /// Sets a field to bytes, in the place of any value it has.
    pub fn set(&mut self, name: &str, bytes: &[u8]) {
        let fields = self.fields.get_or_insert_with(spare::take);
        fields.set_with(name, |data| write_sized(kind::BYTES, bytes, data));
    }

    /// Sets a field to any value.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError`](packify::EncodeError) when the value can't be written.
    pub fn set_value(&mut self, name: &str, value: &Value) -> Result<(), packify::EncodeError> {
        let value = packify::encode(value)?;
        let fields = self.fields.get_or_insert_with(spare::take);
        fields.set_with(name, |data| data.extend_from_slice(&value));
        Ok(())
    }

    /// Removes a field; returns whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        self.fields.as_deref_mut().is_some_and(|fields| fields.remove(name))
    }

    /// Returns the fields whose names are text, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Field<'_>)> {
        self.fields.iter().flat_map(|fields| {
            fields.entries.iter().filter_map(|entry| {
                let name = std::str::from_utf8(fields.name(*entry)?).ok()?;
                Some((name, Field { encoded: fields.value(*entry) }))
            })
        })
    }

    /// Returns how many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.as_deref().map_or(0, |fields| fields.entries.len())
    }

    /// Returns whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the length of the encoded fields in bytes.
    ///
    /// # Errors
    ///
    /// Returns [`AuthTooLarge`] when it exceeds 65,535.
    pub fn encoded_len(&self) -> Result<u16, AuthTooLarge> {
        match &self.fields {
            Some(fields) if !self.is_empty() => fields.layout().map(|layout| layout.length),
            _ => Ok(Self::EMPTY_LENGTH),
        }
    }

    /// Appends the encoded fields to `out`; returns their length in bytes.
    ///
    /// # Errors
    ///
    /// Returns [`AuthTooLarge`] when they exceed 65,535 bytes; `out` is as it was then.
    #[inline]
    pub fn encode_into(&self, out: &mut BytesMut) -> Result<u16, AuthTooLarge> {
        match &self.fields {
            Some(fields) if !self.is_empty() => fields.encode_into(out),
            _ => {
                out.put_slice(&Self::EMPTY);
                Ok(Self::EMPTY_LENGTH)
            }
        }
    }

    /// Returns the encoded keys and values, in the order in which they are written.
    fn parts(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .flat_map(|fields| fields.entries.iter().map(|&entry| fields.parts(entry)))
    }
}

impl Fields {
    fn read_entry(&mut self, item: &[u8], limits: &DecodeLimits) -> Result<(), AuthFieldsError> {
        let mut reader = Reader::new(item);
        let (kind, width) = reader.code()?;
        if kind != kind::TUPLE {
            return Err(DecodeError::NotAPair.into());
        }
        let mut parts = reader.items(width)?;
        let (Some(key), Some(value), 2) = (parts.next()?, parts.next()?, parts.count()) else {
            return Err(DecodeError::NotAPair.into());
        };
        let canonical;
        let key = if is_canonical_text(key) {
            key
        } else {
            canonical = canonical_key(key, limits)?;
            &canonical
        };
        // Bytes that are whole need not be looked into.
        if (Field { encoded: value }).bytes().is_none() {
            packify::decode_with(value, limits)?;
        }
        if self.entries.iter().any(|&entry| self.key(entry) == key) {
            return Err(AuthFieldsError::Twice);
        }
        let start = self.data.len();
        self.data.extend_from_slice(key);
        let middle = self.data.len();
        self.data.extend_from_slice(value);
        self.add(start, middle);
        Ok(())
    }

    fn set_with(&mut self, name: &str, write_value: impl FnOnce(&mut Vec<u8>)) {
        // An old value stays behind in `data`, unused: fields are set a few times at most.
        self.remove(name);
        if self.data.is_empty() {
            self.data.reserve(USUAL_LENGTH);
        }
        let start = self.data.len();
        write_sized(kind::STR, name.as_bytes(), &mut self.data);
        let middle = self.data.len();
        write_value(&mut self.data);
        self.add(start, middle);
    }

    /// Adds the entry at the end of `data` to those before it.
    fn add(&mut self, start: usize, middle: usize) {
        let entry = Entry::new(start, middle, self.data.len());
        let is_before = |other: &Entry| self.order(*other, entry).is_lt();
        // They come in this order.
        if self.entries.last().is_none_or(is_before) {
            return self.entries.push(entry);
        }
        let place = self.entries.partition_point(is_before);
        self.entries.insert(place, entry);
    }

    fn order(&self, a: Entry, b: Entry) -> Ordering {
        a.rank.cmp(&b.rank).then_with(|| self.parts(a).cmp(&self.parts(b)))
    }

    fn remove(&mut self, name: &str) -> bool {
        let index = self.position(name);
        index.map(|index| self.entries.remove(index)).is_some()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|&entry| self.is_named(entry, name.as_bytes()))
    }

    #[inline]
    fn is_named(&self, entry: Entry, name: &[u8]) -> bool {
        if name.len() > LONGEST_SHORT {
            return self.name(entry) == Some(name);
        }
        // A short text has this form alone.
        entry.key_length() == 2 + name.len()
            && matches!(self.key(entry), [SHORT_TEXT, _, text @ ..] if text == name)
    }

    fn encode_into(&self, out: &mut BytesMut) -> Result<u16, AuthTooLarge> {
        let layout = self.layout()?;
        out.put_slice(&[layout.count.bits() | kind::DICT, layout.lengths.bits()]);
        layout.count.write(self.entries.len(), out);
        for entry in &self.entries {
            layout.lengths.write(entry.length(entry.width()?), out);
        }
        for &entry in &self.entries {
            let width = entry.width()?;
            out.put_slice(&[Width::ONE | kind::TUPLE, width.bits(), 2]);
            width.write(entry.key_length(), out);
            width.write(entry.value_length(), out);
            out.put_slice(self.part(entry.start, entry.end));
        }
        Ok(layout.length)
    }

    fn layout(&self) -> Result<Layout, AuthTooLarge> {
        let (mut longest, mut total) = (0, 0_usize);
        for entry in &self.entries {
            let length = entry.length(entry.width()?);
            longest = longest.max(length);
            total += length;
        }
        let count = Width::of(self.entries.len()).map_err(|_| AuthTooLarge)?;
        let lengths = Width::of(longest).map_err(|_| AuthTooLarge)?;
        let length = 2 + count.bytes() + self.entries.len() * lengths.bytes() + total;
        let length = u16::try_from(length).map_err(|_| AuthTooLarge)?;
        Ok(Layout { count, lengths, length })
    }

    fn parts(&self, entry: Entry) -> (&[u8], &[u8]) {
        (self.key(entry), self.value(entry))
    }

    fn key(&self, entry: Entry) -> &[u8] {
        self.part(entry.start, entry.middle)
    }

    fn value(&self, entry: Entry) -> &[u8] {
        self.part(entry.middle, entry.end)
    }

    fn part(&self, start: usize, end: usize) -> &[u8] {
        self.data.get(start..end).unwrap_or_default()
    }

    /// Returns the text of a key, if it is text.
    fn name(&self, entry: Entry) -> Option<&[u8]> {
        let mut reader = Reader::new(self.key(entry));
        let (kind, width) = reader.code().ok()?;
        if kind == kind::STR { reader.sized(width).ok() } else { None }
    }
}

struct Layout {
    count: Width,
    lengths: Width,
    length: u16,
}

fn write_sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    if let Ok(length) = u8::try_from(bytes.len()) {
        // In one piece, as nearly all are so short.
        out.extend_from_slice(&[Width::ONE | kind, length]);
    } else {
        // A length beyond 4 bytes can't be: it would not fit a message, which `layout` finds.
        let width = Width::of(bytes.len()).unwrap_or(Width::Four);
        out.push(width.bits() | kind);
        width.write(bytes.len(), out);
    }
    out.extend_from_slice(bytes);
}

/// Returns a key in its canonical form, so that equal keys have equal bytes.
fn canonical_key(key: &[u8], limits: &DecodeLimits) -> Result<Vec<u8>, AuthFieldsError> {
    let key = packify::decode_with(key, limits)?;
    if !key.is_hashable() {
        return Err(DecodeError::Unhashable.into());
    }
    packify::encode(&key).map_err(|_| DecodeError::TooDeep.into())
}

/// Returns whether an encoded key is text in its canonical form, as nearly all are.
fn is_canonical_text(key: &[u8]) -> bool {
    if let [SHORT_TEXT, length, text @ ..] = key
        && text.len() == usize::from(*length)
        && text.is_ascii()
    {
        return true;
    }
    let mut reader = Reader::new(key);
    let Ok((kind::STR, width)) = reader.code() else { return false };
    reader.sized(width).is_ok_and(|text| {
        let is_narrowest = Width::of(text.len()).is_ok_and(|narrowest| narrowest.bytes() == width);
        is_narrowest && key.len() == 1 + width + text.len() && str::from_utf8(text).is_ok()
    })
}

impl Clone for AuthFields {
    fn clone(&self) -> Self {
        let fields = self.fields.as_deref().map(|fields| {
            let mut copy = spare::take();
            copy.data.extend_from_slice(&fields.data);
            copy.entries.extend_from_slice(&fields.entries);
            copy
        });
        Self { fields }
    }
}

impl Drop for AuthFields {
    #[inline]
    fn drop(&mut self) {
        if let Some(fields) = self.fields.take() {
            spare::give(fields);
        }
    }
}

impl PartialEq for AuthFields {
    fn eq(&self, other: &Self) -> bool {
        self.parts().eq(other.parts())
    }
}

impl Eq for AuthFields {}

impl fmt::Debug for AuthFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be captured and replayed: names tell enough.
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Why auth fields can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthFieldsError {
    /// They are no packify value.
    #[error("the auth fields are malformed")]
    Malformed(#[from] DecodeError),
    /// They are longer than the limit.
    #[error("the auth fields have {0} bytes, more than the limit")]
    TooLong(usize),
    /// There are more of them than the limit.
    #[error("there are {0} auth fields, more than the limit")]
    TooMany(usize),
    /// A field is named twice.
    #[error("an auth field is named twice")]
    Twice,
}

/// Auth fields exceed what a message can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the auth fields exceed 65535 bytes")]
pub struct AuthTooLarge;
