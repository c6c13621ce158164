//! The bytes: packify, auth fields, frames.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netaio::MessageType;
use netaio::wire::{
    AuthFields, AuthLimits, Body, Frame, Message, encode_frame, encode_parts,
    packify::{self, Value},
};

const SIZES: [usize; 3] = [32, 1024, 16 * 1024];

fn packify_values(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packify");
    let fields = ["ts", "hmac", "nonce"]
        .map(|key| (Value::Str(key.into()), Value::Bytes(Bytes::from(vec![7; 32]))));
    let values = [
        ("int", Value::from(5)),
        ("dict of 3 fields", Value::Dict(fields.to_vec())),
        ("list of 1,000", Value::List((0..1_000).map(Value::from).collect())),
    ];
    for (name, value) in values {
        let encoded = packify::encode(&value).expect("it can be written");
        group.throughput(Throughput::Bytes(encoded.len() as u64));
        group.bench_function(BenchmarkId::new("encode", name), |bencher| {
            bencher.iter(|| packify::encode(black_box(&value)));
        });
        group.bench_function(BenchmarkId::new("decode", name), |bencher| {
            bencher.iter(|| packify::decode(black_box(&encoded)));
        });
    }
    group.finish();
}

fn auth_fields(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("auth fields");
    let mut three = AuthFields::new();
    for (name, size) in [("ts", 4), ("hmac", 32), ("nonce", 16)] {
        three.set(name, &vec![7; size]);
    }
    for (name, fields) in [("none", AuthFields::new()), ("three", three)] {
        let mut encoded = BytesMut::new();
        fields.encode_into(&mut encoded).expect("they are small");
        group.bench_function(BenchmarkId::new("encode", name), |bencher| {
            let mut out = BytesMut::with_capacity(1024);
            bencher.iter(|| {
                out.clear();
                black_box(&fields).encode_into(&mut out)
            });
        });
        let limits = AuthLimits::default();
        group.bench_function(BenchmarkId::new("decode", name), |bencher| {
            bencher.iter(|| AuthFields::decode(black_box(&encoded), &limits));
        });
    }
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    let (code, none) = (MessageType::RequestUri.code(), AuthFields::new());
    for size in SIZES {
        let content = vec![7; size];
        let body = Body::new("uri", &content).expect("it fits");
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("encode", size), |bencher| {
            let mut out = BytesMut::with_capacity(64 * 1024);
            bencher.iter(|| {
                out.clear();
                encode_frame(code, &none, black_box(body.encoded()), &mut out)
            });
        });
        group.bench_function(BenchmarkId::new("encode from parts", size), |bencher| {
            let mut out = BytesMut::with_capacity(64 * 1024);
            bencher.iter(|| {
                out.clear();
                encode_parts(code, &none, b"uri", black_box(&content), &mut out)
            });
        });
        let message = Message::new(MessageType::RequestUri, "uri", &content).expect("it fits");
        let encoded = message.encode().expect("it fits");
        group.bench_function(BenchmarkId::new("decode and check", size), |bencher| {
            bencher.iter(|| {
                let frame = Frame::decode(&mut black_box(&encoded).clone()).expect("it is whole");
                (frame.checksum_matches(), Body::decode(frame.into_body()))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, packify_values, auth_fields, frames);
criterion_main!(benches);
