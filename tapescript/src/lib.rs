//! The tapescript language: locks and witnesses for signed messages, as a bounded stack machine.
#![forbid(unsafe_code)]

mod error;
pub mod num;
mod op;
mod stack;

pub use error::{Error, ErrorKind};
pub use op::Op;
pub use stack::{Item, Stack};
