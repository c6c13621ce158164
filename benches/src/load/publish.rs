use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Result, ensure};
use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::{JoinSet, LocalSet},
};

use super::{Outcome, Tally, URI, VARIANTS, Work, ask, connect, content, measure};
use crate::frames::{Protection, Sealer, body, code, whole};

/// Publishes on one connection to subscribers on others. A publication is in flight until every
/// subscriber has it and the publisher its answer.
///
/// # Errors
///
/// Fails when the server can't be reached or ends a connection.
pub async fn publish(
    addr: SocketAddr,
    work: &Work,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Outcome> {
    let tally = Rc::new(Tally::default());
    let news = Rc::new(News::new(work));
    let mut tasks = JoinSet::new();
    let local = LocalSet::new();
    for _ in 0..work.connections {
        let (mut stream, news) = (connect(addr).await?, Rc::clone(&news));
        let (answer, _) = ask(&mut stream, code::SUBSCRIBE, b"").await?;
        ensure!(answer == code::CONFIRM_SUBSCRIBE, "a subscription was refused");
        let tally = Rc::clone(&tally);
        tasks.spawn_local_on(
            async move { tally.ended(listen(stream, &news, &tally).await) },
            &local,
        );
    }
    let (stream, publisher) = (connect(addr).await?, Rc::clone(&tally));
    let publishing = Rc::clone(&news);
    tasks.spawn_local_on(
        async move { publisher.ended(tell(stream, &publishing, &publisher).await) },
        &local,
    );
    let all = async { while tasks.join_next().await.is_some() {} };
    local.run_until(measure(&tally, work.time, cpu, all)).await
}

/// What is published.
struct News {
    work: Work,
    bodies: Vec<Vec<u8>>,
    /// How many subscribers still miss each publication in flight.
    missing: Vec<Cell<usize>>,
    delivered: Notify,
    /// Told when nothing more comes.
    over: Notify,
}

impl News {
    fn new(work: &Work) -> Self {
        let bodies = (0..VARIANTS).map(|variant| body(URI, &content(variant, work.size)));
        Self {
            work: *work,
            bodies: bodies.collect(),
            missing: vec![Cell::new(0); VARIANTS],
            delivered: Notify::new(),
            over: Notify::new(),
        }
    }
}

async fn listen(mut stream: TcpStream, news: &News, tally: &Tally) -> Result<()> {
    let sealer = Sealer::new(Protection::None);
    let (mut input, mut number) = (BytesMut::with_capacity(4096), 0);
    loop {
        let read = tokio::select! {
            biased;
            read = stream.read_buf(&mut input) => read?,
            () = news.over.notified() => return Ok(()),
        };
        ensure!(read > 0, "the server closed a connection");
        while let Some(length) = whole(&input) {
            let variant = number % VARIANTS;
            let message = sealer.open(&input[..length]);
            tally.count(message.is_some_and(|message| {
                message.code == code::NOTIFY && *message.body == news.bodies[variant]
            }));
            number += 1;
            input.advance(length);
            let missing = &news.missing[variant];
            missing.set(missing.get().saturating_sub(1));
            if missing.get() == 0 {
                news.delivered.notify_one();
            }
        }
        input.reserve(4096);
    }
}

async fn tell(mut stream: TcpStream, news: &News, tally: &Tally) -> Result<()> {
    let mut sealer = Sealer::new(Protection::None);
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let (mut sent, mut answered, mut delivered) = (0, 0, 0);
    loop {
        while delivered < answered && news.missing[delivered % VARIANTS].get() == 0 {
            delivered += 1;
        }
        while !tally.is_over() && sent - delivered < news.work.depth {
            let variant = sent % VARIANTS;
            news.missing[variant].set(news.work.connections);
            sealer.seal(code::PUBLISH, &news.bodies[variant], &mut out);
            sent += 1;
        }
        if sent == delivered {
            news.over.notify_waiters();
            return Ok(());
        }
        stream.write_all_buf(&mut out).await?;
        tokio::select! {
            biased;
            read = stream.read_buf(&mut input), if answered < sent => {
                ensure!(read? > 0, "the server closed a connection");
            }
            () = news.delivered.notified() => {}
        }
        while let Some(length) = whole(&input) {
            let answer = sealer.open(&input[..length]);
            ensure!(answer.is_some_and(|answer| answer.code == code::OK), "a publication failed");
            answered += 1;
            input.advance(length);
        }
    }
}
