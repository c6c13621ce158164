//! Items that are UTF-8 text.

use crate::error::{Error, ErrorKind};
use crate::limits::cost;
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn concat_str(&mut self) -> Result<(), Error> {
        let second = self.stack.pull()?;
        self.decode(&second)?;
        let first = self.stack.pull()?;
        self.decode(&first)?;
        self.join(first, &second)
    }

    /// The index counts characters.
    pub(super) fn split_str(&mut self) -> Result<(), Error> {
        let index = self.pull_int()?;
        let item = self.stack.pull()?;
        self.spend(cost::bytes(item.len()))?;
        let text = self.decode(&item)?;
        let index = super::bytes::index_below("OP_SPLIT_STR", &index, text.chars().count())?;
        let at = text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
        self.stack.put(&item[..at])?;
        self.stack.put(&item[at..])
    }

    fn decode<'a>(&mut self, item: &'a [u8]) -> Result<&'a str, Error> {
        self.spend(cost::bytes(item.len()))?;
        decoded(item)
    }
}

/// Reads bytes as text, with the reference's message for those that are none.
pub(super) fn decoded(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let start = error.valid_up_to();
        let end = error.error_len().map_or(bytes.len(), |length| start + length);
        let first = bytes.get(start).copied().unwrap_or_default();
        let reason = match error.error_len() {
            None => "unexpected end of data",
            Some(_) if (0xc2..=0xf4).contains(&first) => "invalid continuation byte",
            Some(_) => "invalid start byte",
        };
        let place = if end - start == 1 {
            format!("byte 0x{first:02x} in position {start}")
        } else {
            format!("bytes in position {start}-{}", end - 1)
        };
        Error::new(
            ErrorKind::UnicodeDecode,
            format!("'utf-8' codec can't decode {place}: {reason}"),
        )
    })
}

/// How the reference shows a byte string.
pub(super) fn shown(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\'' if quote == '\'' => text.push_str("\\'"),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push(quote);
    text
}
