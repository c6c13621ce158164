//! The tapescript language: locks and witnesses for signed messages, as a bounded stack machine.
//!
//! ```
//! use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
//!
//! let seed = [7; 32];
//! let fields = Fields::new().with::<1>("what is signed");
//! let lock = tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
//! let witness = tools::single_sig_witness(&seed, &fields, SigFlags::NONE)?;
//! assert!(Machine::new().unlocks(&[witness, lock], Cache::from(&fields)));
//! # Ok::<(), tapescript::Error>(())
//! ```
//!
//! | to learn | see |
//! |---|---|
//! | the language, from zero | [`guide::language`] |
//! | what to mind where something depends on a lock | [`guide::security`] |
//! | what differs from the Python package | [`guide::differences`] |
//! | how scripts are run, and what they may use up | [`Machine`], [`Limits`] |
//! | locks and witnesses that are ready to use | [`tools`] |
//! | how source text becomes byte code, and back | [`asm`], [`disasm`] |
//! | what a host can add: contracts, plugins, ops | [`Contract`], [`SignatureExtension`], [`SoftFork`] |
//! | what scripts do, step by step | [`Observer`], or the command `tapescript` (feature `cli`) |
#![forbid(unsafe_code)]

pub mod asm;
mod cache;
pub mod crypto;
pub mod disasm;
mod environment;
mod error;
mod fields;
mod flags;
pub mod guide;
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

/// The README's examples are tested like all others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
