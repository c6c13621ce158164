use std::{net::SocketAddr, pin::Pin, time::Duration};

use anyhow::Result;

use crate::load::{Outcome, Work};

/// What a guest does.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;
/// Tells how much processor time a server has taken.
pub type Cpu<'a> = &'a dyn Fn() -> Result<Duration>;

/// A framework that takes part where the program is built with it: what it depends on does not
/// belong into this workspace.
#[derive(Debug, Clone, Copy)]
pub struct Guest {
    /// Serves for ever, having said on which port.
    pub serve: fn() -> Doing<'static, ()>,
    /// Sends requests to its server by its own client.
    pub request: for<'a> fn(SocketAddr, &'a Work, Cpu<'a>) -> Doing<'a, Outcome>,
}
