//! The self-describing encoding of auth fields and peer data: packify 0.4.0.
//!
//! A value is one code byte and a body. The code's low six bits are the type, its top two the
//! *width class*: how many bytes (1, 2 or 4) a length, a count or a small integer has.
//!
//! ```text
//! bytes, str, ...      class|type  length  data
//! int below 2^32       class|type  magnitude
//! int from 2^32        04 or 05    length (1)  magnitude
//! int over 255 bytes   0e or 0f    length (4)  magnitude
//! list, tuple,         class|type  item class (40, 80 or c0)  count  length of each item  items
//!   set, dict
//! ```
//!
//! [`encode`] writes the narrowest class, sets and dicts in the order of their encoded items, so
//! equal values have equal bytes. [`decode`] is as liberal as the original: wider classes, unsorted
//! items and bytes after a value are accepted.
//!
//! ```
//! use netaio::wire::packify::{self, Value};
//!
//! let bytes = packify::encode(&Value::from(5))?;
//! assert_eq!(bytes, [0x44, 5]);
//! assert_eq!(packify::decode(&bytes)?, Value::from(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod encode;
mod number;
mod reader;
mod value;

pub use decode::{DecodeError, DecodeLimits, decode, decode_with};
pub use encode::{EncodeError, encode};
pub use number::{Decimal, Integer, NotADecimal, OutOfRange};
pub use value::Value;

pub(super) use encode::{Width, entry_rank, entry_width};
pub(super) use reader::{Items, Reader};

/// The low six bits of a code byte.
pub(super) mod kind {
    pub(in crate::wire) const NONE: u8 = 0;
    pub(in crate::wire) const BYTES: u8 = 1;
    pub(in crate::wire) const BYTEARRAY: u8 = 2;
    pub(in crate::wire) const STR: u8 = 3;
    pub(in crate::wire) const INT: u8 = 4;
    pub(in crate::wire) const NEGATIVE_INT: u8 = 5;
    pub(in crate::wire) const BOOL: u8 = 6;
    pub(in crate::wire) const FLOAT: u8 = 7;
    pub(in crate::wire) const DECIMAL: u8 = 8;
    pub(in crate::wire) const LIST: u8 = 10;
    pub(in crate::wire) const SET: u8 = 11;
    pub(in crate::wire) const TUPLE: u8 = 12;
    pub(in crate::wire) const DICT: u8 = 13;
    pub(in crate::wire) const BIG_INT: u8 = 14;
    pub(in crate::wire) const NEGATIVE_BIG_INT: u8 = 15;
    pub(in crate::wire) const PACKABLE: u8 = 20;
    pub(in crate::wire) const MASK: u8 = 0x3f;
}
