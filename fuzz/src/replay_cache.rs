//! No repetition passes within the window, however full the memory is; while it has room, exactly
//! the repetitions are refused.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::BytesMut;
use netaio::{
    App, Limits, MessageType, ReplayMode, ReplayPolicy, TcpServer,
    handler::extract::Content,
    plugin::{AuthError, AuthFailure, AuthPlugin, Environment, Fingerprint, PluginContext, Proof},
    wire::{AuthFields, Body, Frame, encode_frame},
};

use crate::input::{Input, answers};

const PAST: u64 = 8;
const FUTURE: u64 = 4;
/// How many operations an input has at most.
const MOST: usize = 512;
/// When the clock starts.
const START: u64 = 1_000;

/// What tells a message from others, as the input says it: a number, and perhaps a time.
type Print = (u8, Option<u32>);

/// A clock that the messages set, for those that come after them.
#[derive(Debug, Clone)]
struct Clock(Arc<AtomicU64>);

impl Environment for Clock {
    fn unix_time(&self) -> u64 {
        self.0.load(Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Takes the fingerprint from a field, and signs with the content.
#[derive(Debug)]
struct Prints(Clock);

impl AuthPlugin for Prints {
    fn name(&self) -> &str {
        "prints"
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        _: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        fields.set("print", body.content());
        Ok(())
    }

    fn check(
        &self,
        fields: &AuthFields,
        _: &Body,
        _: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        if let Some(&[seconds]) = fields.get("clock").and_then(|field| field.bytes()) {
            self.0.0.fetch_add(seconds.into(), Relaxed);
        }
        Ok(Proof::anonymous())
    }

    fn fingerprint(&self, fields: &AuthFields, _: &Body) -> Option<Fingerprint> {
        match *fields.get("print")?.bytes()? {
            [number] => Fingerprint::new(&[number; 16]),
            [number, ref time @ ..] => {
                let time = u32::from_be_bytes(time.try_into().ok()?);
                Some(Fingerprint::new(&[number; 16])?.at(time))
            }
            [] => None,
        }
    }
}

fn encoded((number, time): Print) -> Vec<u8> {
    [number].into_iter().chain(time.into_iter().flat_map(u32::to_be_bytes)).collect()
}

/// What was done, and what must come of it.
struct Operation {
    frame: BytesMut,
    passes: Option<bool>,
}

/// What is known of all messages so far.
struct Model {
    enforced: bool,
    /// How many messages there is room for, whatever part of the memory they are in.
    room: usize,
    now: u64,
    known: HashSet<Print>,
}

impl Model {
    /// Returns whether a message passes, if that does not depend on how it is remembered.
    fn receive(&mut self, print: Print) -> Option<bool> {
        let offset = print.1.map(|time| i64::from(time) - self.now as i64);
        let out_of_time = |offset| offset < -(PAST as i64) || offset > FUTURE as i64;
        let passes = if offset.is_some_and(out_of_time) {
            Some(false)
        } else if !self.known.contains(&print) {
            let fits = self.known.len() + 1 < self.room;
            self.known.insert(print);
            fits.then_some(true)
        } else {
            // Those without a time are forgotten when there is no room for them.
            (print.1.is_some() || self.known.len() < self.room / 4).then_some(false)
        };
        passes.map(|passes| passes || !self.enforced)
    }
}

fn operations(mut input: Input<'_>, mut model: Model) -> Vec<Operation> {
    let mut operations = Vec::new();
    while let (Some(kind), Some(number), Some(time)) = (input.byte(), input.byte(), input.byte())
        && operations.len() < MOST
    {
        let at = (model.now + u64::from(time % 16)).saturating_sub(PAST + 2);
        // Few of them, so that they come again.
        let print = (number % 16, (kind & 4 == 0).then(|| u32::try_from(at).expect("it is small")));
        let (mut fields, mut content, mut passes) = (AuthFields::new(), Vec::new(), Some(true));
        match kind % 4 {
            0 => {
                // What is sent late is soon forgotten, and received no more.
                content = encoded(print);
                model.known.insert(print);
            }
            1 => {
                fields.set("clock", &[time % 4]);
                model.now += u64::from(time % 4);
            }
            _ => {
                fields.set("print", &encoded(print));
                passes = model.receive(print);
            }
        }
        let body = Body::new("u", content).expect("it is short");
        let mut frame = BytesMut::new();
        let code = MessageType::CreateUri.code();
        encode_frame(code, &fields, body.encoded(), &mut frame).expect("it is short");
        operations.push(Operation { frame, passes });
    }
    operations
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let Some(choice) = input.byte() else { return };
    let room = [1, 4, 64][usize::from(choice % 3)];
    let enforced = choice & 4 == 0;
    let mode = if enforced { ReplayMode::Enforce } else { ReplayMode::Observe };
    let policy = ReplayPolicy::new(mode).capacity(room * 16);
    let policy = policy.window(Duration::from_secs(PAST), Duration::from_secs(FUTURE));
    let limits = Limits::default().replay(policy).max_auth_failures(u32::MAX);

    let app = App::empty();
    app.on(MessageType::CreateUri, |content: Content| content);
    let clock = Clock(Arc::new(AtomicU64::new(START)));
    let builder = TcpServer::builder(app).limits(limits).environment(clock.clone());
    let builder = builder.auth(Prints(clock));
    let model = Model { enforced, room, now: START, known: HashSet::new() };
    let operations = operations(input, model);

    let sent: Vec<u8> =
        operations.iter().flat_map(|operation| operation.frame.iter().copied()).collect();
    let mut answers = answers(builder, &sent).into();
    for (number, operation) in operations.iter().enumerate() {
        let answer = Frame::decode(&mut answers).expect("each has an answer");
        let passed = answer.header.code == MessageType::Ok.code();
        assert!(operation.passes.is_none_or(|passes| passes == passed), "operation {number}");
    }
}
