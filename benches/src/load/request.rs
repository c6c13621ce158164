use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::{Outcome, Tally, URI, VARIANTS, Work, connect, content, measure};
use crate::frames::{Protection, Sealer, body, code, whole};

/// Sends requests on every connection, as many at a time as are to be in flight.
///
/// # Errors
///
/// Fails when the server can't be reached or ends a connection.
pub async fn request(
    addr: SocketAddr,
    work: &Work,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Outcome> {
    let requests = Arc::new(Requests::new(work));
    let tally = Arc::new(Tally::default());
    let mut tasks = JoinSet::new();
    for number in 0..work.connections {
        let stream = connect(addr).await?;
        let (requests, tally, depth) = (Arc::clone(&requests), Arc::clone(&tally), work.depth);
        tasks
            .spawn(async move { tally.ended(ask(stream, &requests, number, depth, &tally).await) });
    }
    let all = async { while tasks.join_next().await.is_some() {} };
    measure(&tally, work.time, cpu, all).await
}

/// The contents that take turns.
struct Requests {
    protection: Protection,
    bodies: Vec<Vec<u8>>,
    /// Without protection the frames are always the same.
    frames: Vec<BytesMut>,
    answers: Vec<BytesMut>,
}

impl Requests {
    fn new(work: &Work) -> Self {
        let bodies: Vec<_> =
            (0..VARIANTS).map(|variant| body(URI, &content(variant, work.size))).collect();
        let mut plain = Sealer::new(Protection::None);
        let mut all = |code| {
            let frames = bodies.iter().map(|body| {
                let mut frame = BytesMut::new();
                plain.seal(code, body, &mut frame);
                frame
            });
            frames.collect()
        };
        let (frames, answers) = (all(code::REQUEST), all(code::RESPOND));
        Self { protection: work.protection, bodies, frames, answers }
    }

    fn write(&self, number: usize, sealer: &mut Sealer, out: &mut BytesMut) {
        let variant = number % VARIANTS;
        if self.protection == Protection::None {
            out.extend_from_slice(&self.frames[variant]);
        } else {
            sealer.seal(code::REQUEST, &self.bodies[variant], out);
        }
    }

    fn is_answer(&self, number: usize, sealer: &Sealer, frame: &[u8]) -> bool {
        let variant = number % VARIANTS;
        if self.protection == Protection::None {
            return frame == self.answers[variant];
        }
        let message = sealer.open(frame);
        message.is_some_and(|message| {
            message.code == code::RESPOND && *message.body == self.bodies[variant]
        })
    }
}

async fn ask(
    mut stream: TcpStream,
    requests: &Requests,
    start: usize,
    depth: usize,
    tally: &Tally,
) -> Result<()> {
    let mut sealer = Sealer::new(requests.protection);
    let (mut sent, mut answered) = (start, start);
    let (mut input, mut out) = (BytesMut::with_capacity(65_536), BytesMut::new());
    loop {
        while !tally.is_over() && sent - answered < depth {
            requests.write(sent, &mut sealer, &mut out);
            sent += 1;
        }
        if sent == answered {
            return Ok(());
        }
        stream.write_all_buf(&mut out).await?;
        let read = stream.read_buf(&mut input).await?;
        (read > 0).then_some(()).context("the server closed a connection")?;
        while let Some(length) = whole(&input) {
            tally.count(requests.is_answer(answered, &sealer, &input[..length]));
            answered += 1;
            input.advance(length);
        }
        input.reserve(65_536);
    }
}
