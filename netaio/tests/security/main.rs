//! What attackers try, and what the plugins promise. The numbers of tests are those of the threat
//! table and of the audit of the original.

#![cfg(all(
    feature = "hmac",
    feature = "stream-cipher",
    feature = "asymmetric",
    feature = "hashcash"
))]

mod audit;
mod batches;
mod binding;
mod common;
mod counted;
mod hashcash;
mod limits;
mod replay;
mod threats;
mod verified;
