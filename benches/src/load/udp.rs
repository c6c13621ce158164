use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use bytes::BytesMut;
use tokio::{net::UdpSocket, task::JoinSet, time::timeout};

use super::{Outcome, Tally, URI, VARIANTS, Work, content, measure};
use crate::frames::{Protection, Sealer, body, code};

/// An answer that takes longer is lost; a busy machine may well take a second.
const LOST: Duration = Duration::from_secs(2);

/// Sends requests as datagrams from as many sockets as there are to be connections.
///
/// # Errors
///
/// Fails when a socket does.
pub async fn udp(
    addr: SocketAddr,
    work: &Work,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Outcome> {
    let tally = Arc::new(Tally::default());
    let mut tasks = JoinSet::new();
    for _ in 0..work.connections {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(addr).await?;
        let (tally, work) = (Arc::clone(&tally), *work);
        tasks.spawn(async move { tally.ended(ask(&socket, &work, &tally).await) });
    }
    let all = async { while tasks.join_next().await.is_some() {} };
    measure(&tally, work.time, cpu, all).await
}

async fn ask(socket: &UdpSocket, work: &Work, tally: &Tally) -> Result<()> {
    let mut sealer = Sealer::new(Protection::None);
    let bodies: Vec<_> =
        (0..VARIANTS).map(|variant| body(URI, &content(variant, work.size))).collect();
    let (mut datagram, mut out) = (vec![0; 65_536], BytesMut::new());
    // Datagrams may overtake each other: which bodies are in flight, not in which order.
    let (mut flying, mut next) = (vec![0_u32; VARIANTS], 0);
    loop {
        let in_flight: usize = flying.iter().map(|&count| count as usize).sum();
        for _ in in_flight..if tally.is_over() { 0 } else { work.depth } {
            out.clear();
            sealer.seal(code::REQUEST, &bodies[next % VARIANTS], &mut out);
            flying[next % VARIANTS] += 1;
            next += 1;
            socket.send(&out).await?;
        }
        if flying.iter().all(|&count| count == 0) {
            return Ok(());
        }
        let Ok(received) = timeout(LOST, socket.recv(&mut datagram)).await else {
            for count in &mut flying {
                (0..std::mem::take(count)).for_each(|_| tally.count(false));
            }
            continue;
        };
        let message = sealer.open(&datagram[..received?]);
        let variant = message.filter(|message| message.code == code::RESPOND).and_then(|message| {
            (0..VARIANTS).find(|&variant| flying[variant] > 0 && bodies[variant] == *message.body)
        });
        if let Some(variant) = variant {
            flying[variant] -= 1;
        }
        tally.count(variant.is_some());
    }
}
