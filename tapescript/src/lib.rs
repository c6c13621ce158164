//! The tapescript language: locks and witnesses for signed messages, as a bounded stack machine.
#![forbid(unsafe_code)]

pub mod asm;
mod cache;
pub mod crypto;
pub mod disasm;
mod environment;
mod error;
mod fields;
mod flags;
mod host;
mod limits;
mod machine;
pub mod num;
mod observer;
mod op;
mod ops;
mod script;
mod stack;
mod tape;
pub mod tools;
mod value;
mod vm;

pub use cache::Cache;
pub use environment::{Environment, System};
pub use error::{Error, ErrorKind};
pub use fields::{Fields, SigFlags};
pub use flags::Flags;
pub use host::{
    Access, Contract, Invoke, Operation, SignatureExtension, SoftFork, TemplateCheck, Transfer,
};
pub use limits::Limits;
pub use machine::{Machine, Run, Verdict};
pub use observer::{Observer, Step};
pub use op::Op;
pub use script::Script;
pub use stack::{Item, Stack};
pub use value::{Key, Value};
