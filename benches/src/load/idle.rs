use std::{net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use tokio::{net::TcpStream, time::sleep};

use super::{ask, connect};
use crate::frames::code;

/// The memory of connections on which nothing happens.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// The server's bytes for each that has only been opened.
    pub fresh: f64,
    /// The same after a request on each.
    pub used: f64,
}

/// Opens connections and reads how much memory the server takes for them.
///
/// # Errors
///
/// Fails when a connection can't be made or its request is not answered.
pub async fn idle(
    addr: SocketAddr,
    connections: usize,
    memory: impl Fn() -> Result<usize>,
) -> Result<Idle> {
    // What the first connections cost once is no matter here.
    for _ in 0..8 {
        request(&mut connect(addr).await?).await?;
    }
    let before = settled(&memory).await?;
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(connect(addr).await?);
    }
    let fresh = settled(&memory).await?;
    for stream in &mut streams {
        request(stream).await?;
    }
    let used = settled(&memory).await?;
    let each = |after: usize| after.saturating_sub(before) as f64 / connections as f64;
    Ok(Idle { fresh: each(fresh), used: each(used) })
}

async fn request(stream: &mut TcpStream) -> Result<()> {
    let answer = ask(stream, code::REQUEST, b"hello").await?;
    ensure!(answer == (code::RESPOND, b"hello".to_vec()), "a wrong answer");
    Ok(())
}

/// Reads the memory when it no longer changes.
async fn settled(memory: &impl Fn() -> Result<usize>) -> Result<usize> {
    let mut last = memory()?;
    for _ in 0..50 {
        sleep(Duration::from_millis(100)).await;
        let now = memory()?;
        if now == last {
            break;
        }
        last = now;
    }
    Ok(last)
}
