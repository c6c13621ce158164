mod buffers;
mod end;
mod write;

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Semaphore,
    time::{Sleep, sleep, timeout},
};

pub(crate) use end::{End, Waiting};
use write::poll_write;

use super::{burst, inbound::Inbound};
use crate::{
    budget::Account,
    engine::{Exchange, HandlerFailure, Limits, Pending, ReplyTo, Step},
    handler::{Reply, Router, Table},
    pubsub::{Outbox, Wakeup},
    wire::FrameRef,
};

/// More unsent bytes than this are written before the next message is handled.
const PAUSE: usize = 256 * 1024;
/// What so many messages send to others is written before the next: a burst of small ones, each to
/// thousands, must not pile up unaccounted.
const BURST: usize = 64;
/// How much a connection reads before others have their turn; a read counts for half at least.
const TURN: usize = 256 * 1024;
/// How long a closed connection is read on, so that what was sent last is not lost to a reset.
const LINGER: Duration = Duration::from_secs(1);

/// What one side of a connection does with the messages that arrive.
pub(crate) trait Receiver {
    /// Whether what arrives is answered, so that the next is not read while an answer can't be
    /// written. Who only asks reads on: the other end may wait for that before it reads.
    const ANSWERS: bool = true;

    /// Returns the handlers of what arrives.
    fn router(&self) -> &Router;

    /// Handles a frame; what is to be answered goes into `exchange`.
    fn receive(&self, frame: FrameRef<'_>, table: &Table, exchange: &mut Exchange) -> Step;

    /// Handles the result of a handler that ran on.
    fn finish(
        &self,
        to: ReplyTo<'_>,
        result: Result<Reply, HandlerFailure>,
        exchange: &mut Exchange,
    );

    /// Returns of how many frames on it takes less to check them together, if it ever does.
    fn worthwhile_batch(&self) -> Option<usize> {
        None
    }

    /// Checks the next frames ahead of their turn.
    fn check_ahead<'a>(
        &self,
        _frames: impl Iterator<Item = FrameRef<'a>>,
        _table: &Table,
        _exchange: &mut Exchange,
    ) {
    }

    /// Handles the next frame if it was checked ahead.
    fn receive_ahead(&self, _table: &Table, _exchange: &mut Exchange) -> Option<Step> {
        None
    }

    /// Signs the answers that have been kept to be signed together.
    fn sign(&self, _exchange: &mut Exchange) {}

    /// Returns whether who has queued a frame is probably not the last to do so now.
    fn expects_more(&self) -> bool {
        false
    }

    /// Returns what bounds how many handlers run at once.
    fn handlers(&self) -> &Semaphore;
}

/// The task of one connection: reads, lets `receiver` handle, writes, until the end.
pub(crate) struct Driver<'a, S, R> {
    stream: S,
    receiver: &'a R,
    outbox: &'a Outbox,
    limits: &'a Limits,
    inbound: Inbound,
    doing: Doing,
    /// What is to be written, while there may be something.
    exchange: Option<Box<Exchange>>,
    /// Whether nobody else writes, as while there is something in `exchange`.
    claimed: bool,
    /// How much it has read of its turn.
    turn: usize,
    deadline: Option<(Waiting, Pin<Box<Sleep>>)>,
    /// Set while the other end does not read.
    stalled: Option<Stalled<'a>>,
    /// What is held in messages not handled yet, of the endpoint's memory.
    held: usize,
}

/// What the task of a connection is at.
#[derive(Debug, Clone, Copy)]
enum Doing {
    /// It waits for something to do.
    Listening,
    /// It handles what has been read, and says whether that was a whole frame so far.
    Handling { handled: bool },
    /// It writes what there is.
    Writing(Next),
}

/// What a task does when all is written.
#[derive(Debug, Clone, Copy)]
enum Next {
    Listen,
    Handle,
    Close(&'static str),
}

/// Why handling what has been read stopped.
enum Stop {
    /// All of it is handled.
    Drained,
    /// A burst has come to its end.
    Burst,
    /// A handler waits for something.
    Waiting(Box<Pending>),
    /// There is much to write.
    Full,
    Close(&'static str),
}

enum Event {
    Read(io::Result<usize>),
    Wakeup(Wakeup),
    Deadline(Waiting),
}

impl<'a, S, R> Driver<'a, S, R>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Receiver,
{
    pub(crate) fn new(stream: S, receiver: &'a R, outbox: &'a Outbox, limits: &'a Limits) -> Self {
        Self {
            stream,
            receiver,
            outbox,
            limits,
            inbound: Inbound::default(),
            doing: Doing::Listening,
            exchange: None,
            claimed: false,
            turn: 0,
            deadline: None,
            stalled: None,
            held: 0,
        }
    }

    /// Runs until the connection ends; says why it did.
    pub(crate) async fn run(&mut self) -> End {
        if let Some(first) = self.limits.first_frame_timeout {
            self.deadline = Some((Waiting::FirstFrame, Box::pin(sleep(first))));
        }
        let end = loop {
            let worked = match poll_fn(|context| self.poll_work(context)).await {
                Ok(pending) => Box::pin(self.wait_for(pending)).await,
                Err(end) => Err(end),
            };
            if let Err(end) = worked {
                break end;
            }
        };
        if matches!(end, End::Closed | End::Refused(_) | End::Eof) {
            // In memory only while it is needed, as all that few connections come to.
            Box::pin(self.say_goodbye(matches!(end, End::Eof))).await;
        }
        end
    }

    /// Works for as long as nothing has to be waited for; returns a handler that waits, or why the
    /// connection ends.
    ///
    /// All that a message needs is done here, in one function: each future between would keep a
    /// state of its own for every connection, and look it up for every message.
    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<Result<Box<Pending>, End>> {
        loop {
            match self.doing {
                Doing::Listening => match ready!(self.poll_event(context)) {
                    Event::Read(Ok(0)) => return Poll::Ready(Err(End::Eof)),
                    Event::Read(Ok(_)) => self.doing = Doing::Handling { handled: false },
                    Event::Read(Err(error)) => return Poll::Ready(Err(error.into())),
                    Event::Wakeup(Wakeup::Frames) => {
                        self.doing = Doing::Writing(Next::Listen);
                        if self.receiver.expects_more() {
                            // The tasks that are ready run first, so that what they queue goes out
                            // in the same write. On a runtime of several threads the task that is
                            // woken last does so: the first of many callers would have a write of
                            // its own.
                            context.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                    }
                    Event::Wakeup(Wakeup::Closing) => return Poll::Ready(Err(End::Closed)),
                    Event::Wakeup(Wakeup::Cut) => return Poll::Ready(Err(End::Cut)),
                    Event::Deadline(waiting) => return Poll::Ready(Err(End::TimedOut(waiting))),
                },
                Doing::Handling { mut handled } => {
                    let stop = burst::during(|| self.handle_ready(&mut handled, context));
                    self.doing = match stop {
                        Stop::Drained => {
                            self.set_deadline(handled);
                            self.outbox.account().set(&mut self.held, self.inbound.held());
                            Doing::Writing(Next::Listen)
                        }
                        Stop::Burst => Doing::Handling { handled },
                        Stop::Full => Doing::Writing(Next::Handle),
                        Stop::Close(reason) => Doing::Writing(Next::Close(reason)),
                        Stop::Waiting(pending) => {
                            self.doing = Doing::Handling { handled };
                            return Poll::Ready(Ok(pending));
                        }
                    };
                }
                Doing::Writing(next) => match (self.poll_flush(context)?, next) {
                    (Poll::Ready(()), Next::Listen) => self.doing = Doing::Listening,
                    (Poll::Ready(()), Next::Handle) => {
                        self.doing = Doing::Handling { handled: true };
                    }
                    (Poll::Ready(()), Next::Close(reason)) => {
                        return Poll::Ready(Err(End::Refused(reason)));
                    }
                    (Poll::Pending, Next::Listen) if !R::ANSWERS => {
                        match ready!(self.poll_read(context))? {
                            0 => return Poll::Ready(Err(End::Eof)),
                            _ => self.doing = Doing::Handling { handled: false },
                        }
                    }
                    (Poll::Pending, _) => return Poll::Pending,
                },
            }
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        // The end comes before reading: a peer that never stops sending must not hold it up.
        if self.outbox.has_news()
            && let Poll::Ready(wakeup) = self.poll_wakeup(context, true)
        {
            return Poll::Ready(Event::Wakeup(wakeup));
        }
        if let Poll::Ready(read) = self.poll_read(context) {
            return Poll::Ready(Event::Read(read));
        }
        if let Poll::Ready(wakeup) = self.poll_wakeup(context, true) {
            return Poll::Ready(Event::Wakeup(wakeup));
        }
        if let Some((waiting, deadline)) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Event::Deadline(*waiting));
        }
        Poll::Pending
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.turn >= TURN {
            // A peer that sends without a pause must not hold up the others of this thread.
            self.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = self.inbound.poll_read(&mut self.stream, context);
        self.turn = match &read {
            Poll::Ready(Ok(read)) => self.turn + (*read).max(TURN / 2),
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        read
    }

    fn poll_wakeup(&mut self, context: &mut Context<'_>, closing: bool) -> Poll<Wakeup> {
        self.claimed = false;
        self.outbox.poll_wakeup(context, closing)
    }

    /// Makes sure that there is an output, and that what is put there comes next.
    fn claim(&mut self) -> (&mut Exchange, &mut Inbound) {
        let exchange = self.exchange.get_or_insert_with(buffers::take);
        if !self.claimed {
            self.claimed = true;
            self.outbox.claim(&mut exchange.out);
        }
        (exchange, &mut self.inbound)
    }

    /// Handles frames for as long as nothing has to be waited for.
    fn handle_ready(&mut self, handled: &mut bool, context: &mut Context<'_>) -> Stop {
        let receiver = self.receiver;
        let (exchange, inbound) = self.claim();
        let stop = Self::handle_some(receiver, exchange, inbound, handled, context);
        receiver.sign(exchange);
        if !matches!(stop, Stop::Drained | Stop::Burst) {
            exchange.fall_back();
        }
        stop
    }

    /// Does so up to the end of a burst. Apart from the task, whose state is in memory: here most is
    /// in registers.
    #[inline(never)]
    fn handle_some(
        receiver: &R,
        exchange: &mut Exchange,
        inbound: &mut Inbound,
        handled: &mut bool,
        context: &mut Context<'_>,
    ) -> Stop {
        // Who has waited would check the same messages again and again.
        let worthwhile = receiver.worthwhile_batch().filter(|_| !inbound.is_detached());
        let mut current = receiver.router().current();
        for _ in 0..BURST {
            let table = current.table();
            if let Some(count) = worthwhile
                && !exchange.is_ahead()
                && inbound.has_frames(count)
            {
                receiver.check_ahead(inbound.frames(), table, exchange);
            }
            let ahead =
                exchange.is_ahead().then(|| receiver.receive_ahead(table, exchange)).flatten();
            let step = match ahead {
                Some(step) => {
                    inbound.skip_frame();
                    step
                }
                None => match inbound.next_frame() {
                    Some(frame) => receiver.receive(frame, table, exchange),
                    None => return Stop::Drained,
                },
            };
            *handled = true;
            match step {
                // On a stream everything that nobody takes has been answered.
                Step::Done | Step::Answered { .. } | Step::Unclaimed => {}
                // Most handlers have their answer at once: they cost no timer and no extra write.
                Step::Later(mut pending) => match pending.poll(context) {
                    Poll::Ready(result) => {
                        receiver.finish(pending.reply_to(), result, exchange);
                    }
                    Poll::Pending => return Stop::Waiting(Box::new(pending)),
                },
                Step::Close(reason) => return Stop::Close(reason),
            }
            if R::ANSWERS && exchange.len() >= PAUSE {
                return Stop::Full;
            }
        }
        Stop::Burst
    }

    fn set_deadline(&mut self, handled: bool) {
        let (waiting, allowed) = if self.inbound.is_mid_frame() {
            (Waiting::Frame, Some(self.limits.frame_timeout))
        } else {
            (Waiting::Idle, self.limits.idle_timeout)
        };
        match (&self.deadline, allowed) {
            // More bytes of the same frame do not buy it more time.
            (Some((Waiting::Frame, _)), Some(_)) if waiting == Waiting::Frame && !handled => {}
            (_, Some(allowed)) => self.deadline = Some((waiting, Box::pin(sleep(allowed)))),
            (_, None) => self.deadline = None,
        }
    }

    /// Runs a handler that waits to its end, its deadline, or that of the connection.
    async fn wait_for(&mut self, mut pending: Box<Pending>) -> Result<(), End> {
        self.inbound.detach();
        let held = self.inbound.held() + self.inbound.pinned();
        self.outbox.account().set(&mut self.held, held);
        let mut deadline = Box::pin(sleep(pending.timeout));
        let mut turn = std::pin::pin!(self.receiver.handlers().acquire());
        let mut has_turn = None;
        let mut result = Poll::Pending;
        while result.is_pending() {
            self.flush().await?;
            let wakeup = poll_fn(|context| {
                if has_turn.is_none()
                    && let Poll::Ready(permit) = turn.as_mut().poll(context)
                {
                    has_turn = Some(permit);
                }
                if has_turn.is_some() {
                    result = burst::during(|| pending.poll(context));
                }
                if result.is_pending() && deadline.as_mut().poll(context).is_ready() {
                    result = Poll::Ready(Err(HandlerFailure::TimedOut));
                }
                if result.is_ready() {
                    return Poll::Ready(None);
                }
                self.poll_wakeup(context, false).map(Some)
            })
            .await;
            if wakeup == Some(Wakeup::Cut) {
                return Err(End::Cut);
            }
        }
        if let Poll::Ready(result) = result {
            let receiver = self.receiver;
            receiver.finish(pending.reply_to(), result, self.claim().0);
        }
        Ok(())
    }

    /// Writes everything that waits, the outbox included.
    async fn flush(&mut self) -> Result<(), End> {
        // One pointer to hold in the task, whatever it takes.
        poll_fn(|context| self.poll_flush(context)).await
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), End>> {
        self.claim();
        while let Some(exchange) = &mut self.exchange {
            let out = &mut exchange.out;
            if self.stalled.is_none() {
                // What comes while nothing can be written stays in the queue, which is bounded.
                self.outbox.take(out);
            }
            if out.is_empty() {
                break;
            }
            match poll_write(&mut self.stream, out, context) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero).into()));
                }
                Poll::Ready(Ok(written)) => {
                    out.advance(written);
                    self.stalled = None;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Pending => return self.poll_stalled(context).map(Err),
            }
        }
        if let Some(exchange) = self.exchange.take() {
            buffers::give(exchange);
        }
        Pin::new(&mut self.stream).poll_flush(context).map(|flushed| Ok(flushed?))
    }

    /// Waits for the end of a connection whose other end does not read.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<End> {
        if self.outbox.poll_cut(context) {
            return Poll::Ready(End::Cut);
        }
        let Self { outbox, inbound, held, .. } = self;
        let stalled = self.stalled.get_or_insert_with(|| {
            inbound.detach();
            outbox.account().set(held, inbound.held().max(*held));
            let waiting = self.exchange.as_mut().map_or(0, |exchange| {
                exchange.out.detach();
                exchange.len()
            });
            let deadline = sleep(self.limits.write_timeout);
            Box::new((Box::pin(deadline), Held::new(outbox.account(), waiting)))
        });
        stalled.0.as_mut().poll(context).map(|()| End::TimedOut(Waiting::Write))
    }

    /// Ends the stream so that the other side gets all that was sent.
    async fn say_goodbye(&mut self, other_end_is_done: bool) {
        let _ = timeout(LINGER, async {
            let _ = self.flush().await;
            let _ = self.stream.shutdown().await;
            if !other_end_is_done {
                // Closing with unread bytes would reset the connection, and a reset may overtake
                // what was written before it.
                let mut discarded = vec![0; 1024];
                while self.stream.read(&mut discarded).await.is_ok_and(|read| read > 0) {}
            }
        })
        .await;
    }
}

/// How long the other end may not read, and what it keeps here.
type Stalled<'a> = Box<(Pin<Box<Sleep>>, Held<'a>)>;

/// What waits to be written while the other end does not read.
struct Held<'a>(&'a Account, usize);

impl<'a> Held<'a> {
    fn new(account: &'a Account, bytes: usize) -> Self {
        account.add(bytes);
        Self(account, bytes)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.sub(self.1);
    }
}
