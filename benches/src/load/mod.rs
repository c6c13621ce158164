//! The load generator: one thread, every answer checked.

mod client;
mod idle;
mod publish;
mod request;
mod udp;

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

pub use self::{
    client::client,
    idle::{Idle, idle},
    publish::publish,
    request::request,
    udp::udp,
};
use crate::{
    frames::{Protection, Sealer, body, whole},
    process,
};

/// The longest that a step may take beyond its time.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The uri of all messages.
pub const URI: &[u8] = b"echo";
/// How many contents take turns, so that an answer to another request shows.
const VARIANTS: usize = 64;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// How many connections ask, or how many subscribe.
    pub connections: usize,
    /// How many messages each asker has in flight.
    pub depth: usize,
    /// The bytes of each content.
    pub size: usize,
    /// What protects the messages.
    pub protection: Protection,
    /// How long it is measured, after a quarter of that to warm up.
    pub time: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// The messages that were answered, or delivered to subscribers, while it was measured.
    pub messages: u64,
    /// The answers that were wrong or missing.
    pub bad: u64,
    /// The server's processor time for them.
    pub server: Duration,
    /// The load generator's.
    pub load: Duration,
}

impl Outcome {
    /// Returns the server's processor time for one message, in nanoseconds.
    #[must_use]
    pub fn server_ns(&self) -> f64 {
        nanoseconds(self.server, self.messages)
    }

    /// Returns the load generator's processor time for one message, in nanoseconds.
    #[must_use]
    pub fn load_ns(&self) -> f64 {
        nanoseconds(self.load, self.messages)
    }
}

fn nanoseconds(time: Duration, messages: u64) -> f64 {
    time.as_nanos() as f64 / messages as f64
}

/// Makes a content that differs from that of every other variant all along.
#[must_use]
pub fn content(variant: usize, size: usize) -> Vec<u8> {
    let mut state = (variant as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}

/// What the tasks of a run share; they all run on one thread.
#[derive(Debug, Default)]
pub struct Tally {
    good: AtomicU64,
    bad: AtomicU64,
    stop: AtomicBool,
    /// Why a task has failed, if one has.
    failure: Mutex<Option<anyhow::Error>>,
}

impl Tally {
    /// Counts an answer.
    pub fn count(&self, good: bool) {
        let of = if good { &self.good } else { &self.bad };
        of.store(of.load(Relaxed) + 1, Relaxed);
    }

    /// Returns whether nothing more is to be sent.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Notes how a task has ended.
    pub fn ended(&self, result: Result<()>) {
        if let Err(error) = result {
            self.stop.store(true, Relaxed);
            self.failure().get_or_insert(error);
        }
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<anyhow::Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Measures while tasks run: warms up, counts for the time of the work, longer if nothing comes,
/// then stops them.
///
/// `cpu` tells the processor time of the server, `tasks` is done when all tasks are.
///
/// # Errors
///
/// Fails when a task has failed or does not end.
pub async fn measure(
    tally: &Tally,
    time: Duration,
    cpu: impl Fn() -> Result<Duration>,
    tasks: impl Future<Output = ()>,
) -> Result<Outcome> {
    let watch = async {
        sleep(time / 4).await;
        let (server, load, messages) = (cpu()?, process::own_cpu()?, tally.good.load(Relaxed));
        sleep(time).await;
        while tally.good.load(Relaxed) == messages && !tally.is_over() {
            sleep(time).await;
        }
        let outcome = Outcome {
            messages: tally.good.load(Relaxed) - messages,
            bad: 0,
            server: cpu()?.saturating_sub(server),
            load: process::own_cpu()?.saturating_sub(load),
        };
        tally.stop.store(true, Relaxed);
        anyhow::Ok(outcome)
    };
    let both = async { tokio::join!(watch, tasks) };
    let (outcome, ()) = timeout(time * 2 + PATIENCE, both).await.context("answers are missing")?;
    if let Some(error) = tally.failure().take() {
        return Err(error);
    }
    Ok(Outcome { bad: tally.bad.load(Relaxed), ..outcome? })
}

/// Connects, within the time that a step may take.
///
/// # Errors
///
/// Fails when nobody listens.
pub async fn connect(addr: SocketAddr) -> Result<TcpStream> {
    let stream = timeout(PATIENCE, TcpStream::connect(addr)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends one message without protection and waits for its answer; returns type and content.
///
/// # Errors
///
/// Fails when the connection ends or no answer comes in time.
pub async fn ask(stream: &mut TcpStream, code: u8, content: &[u8]) -> Result<(u8, Vec<u8>)> {
    let mut sealer = Sealer::new(Protection::None);
    let mut buffer = BytesMut::new();
    sealer.seal(code, &body(URI, content), &mut buffer);
    stream.write_all_buf(&mut buffer).await?;
    while whole(&buffer).is_none() {
        let read = timeout(PATIENCE, stream.read_buf(&mut buffer)).await??;
        ensure!(read > 0, "the server closed a connection");
    }
    let answer = sealer.open(&buffer).context("an answer that can't be opened")?;
    Ok((answer.code, answer.content().to_vec()))
}
