//! What the benchmarks share: a load generator, bare loops to compare with, and what the kernel
//! counts of a process.
//!
//! Nothing here uses the framework but [`load::client`], which measures our client: the load
//! generator and the bare loops have their own few lines of the wire format, so that neither
//! measures itself nor is checked by what it checks.

pub mod bare;
pub mod compare;
pub mod frames;
pub mod load;
pub mod process;
pub mod table;
