//! The layers: what it costs to seal a message and to open it.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netaio::{
    MessageType,
    peer::Peer,
    plugin::{Direction, HmacAuth, Layer, PluginContext, Sha256StreamCipher, System, X25519Cipher},
    wire::{AuthFields, Body},
};

const SIZES: [usize; 3] = [32, 1024, 16 * 1024];
/// As many messages as are often read together: with thousands at once, memory that the system has
/// to give anew for each would be measured.
const TOGETHER: BatchSize = BatchSize::NumIterations(16);

fn layers(criterion: &mut Criterion) {
    let cipher = X25519Cipher::new(&[1; 32]);
    // Box to itself: both ends have one key, so what it seals it opens.
    let peer = Peer::new("self").with("pubkey", cipher.public_key().to_vec()).expect("it fits");
    let hmac = || HmacAuth::new("a secret for benchmarks");
    let stream = || Sha256StreamCipher::new("a key for benchmarks");
    let layers = [
        ("hmac", Layer::new().auth(hmac())),
        ("stream cipher", Layer::new().cipher(stream())),
        ("hmac and stream cipher", Layer::new().auth(hmac()).cipher(stream())),
        ("box", Layer::new().cipher(cipher)),
    ];
    for (name, layer) in layers {
        let mut group = criterion.benchmark_group(name);
        let context = |direction| {
            PluginContext::new(&System, MessageType::RequestUri, direction).with_peer(peer.view())
        };
        for size in SIZES {
            let body = Body::new("uri", vec![7; size]).expect("it fits");
            group.throughput(Throughput::Bytes(size as u64));
            let (seal, open) = (context(Direction::Outgoing), context(Direction::Incoming));
            group.bench_function(BenchmarkId::new("seal", size), |bencher| {
                bencher.iter_batched(
                    // Bodies that nobody else has, as those that arrive.
                    || Body::decode(body.encoded().to_vec().into()).expect("it is whole"),
                    |body| layer.seal(&mut AuthFields::new(), body, &seal),
                    TOGETHER,
                );
            });
            let mut fields = AuthFields::new();
            let sealed = layer.seal(&mut fields, body.clone(), &seal).expect("it can be sealed");
            layer.open(&fields, sealed.clone(), &open).expect("it opens");
            group.bench_function(BenchmarkId::new("open", size), |bencher| {
                bencher.iter_batched(
                    || Body::decode(sealed.encoded().to_vec().into()).expect("it is whole"),
                    |sealed| layer.open(&fields, sealed, &open),
                    TOGETHER,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, layers);
criterion_main!(benches);
