//! The wire format: what messages are made of, without I/O, clock or randomness.
//!
//! ```text
//!  0        1             3             5                 9
//! +--------+-------------+-------------+-----------------+--------------+------------------+
//! | type   | auth length | body length | CRC-32 of body  | auth fields  | body             |
//! | 1 byte | 2 bytes     | 2 bytes     | 4 bytes         | packify dict | see [`Body`]     |
//! +--------+-------------+-------------+-----------------+--------------+------------------+
//! ```
//!
//! All numbers are big-endian. The same bytes travel over every transport. The format is that of
//! the Python package netaio 0.0.9 with packify 0.4.0.

mod auth_fields;
mod body;
mod checksum;
mod copy;
mod frame;
mod frame_ref;
mod header;
pub mod helper;
mod message;
mod message_ref;
mod message_type;
mod output;
pub mod packify;
mod piece;
mod type_set;

pub use auth_fields::{AuthFields, AuthFieldsError, AuthLimits, AuthTooLarge, Field};
pub(crate) use body::BodyRef;
pub use body::{Body, BodyError, BodyTooLarge};
pub(crate) use copy::copy;
pub use frame::{Frame, FrameError, TooLarge, encode_frame, encode_parts};
pub(crate) use frame::{output_frame, output_parts};
pub(crate) use frame_ref::FrameRef;
pub use header::{Header, HeaderError};
pub use message::{Message, MessageError};
pub use message_ref::MessageRef;
pub use message_type::{CustomType, MessageType, ReservedType, UnknownType};
pub(crate) use output::Output;
pub(crate) use piece::Piece;
pub use type_set::{TypeSet, TypeSetError};

/// The uri of errors that name none: `ERROR`.
pub const ERROR_URI: &[u8] = b"ERROR";
