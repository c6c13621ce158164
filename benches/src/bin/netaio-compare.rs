//! The comparison without tarpc; `benches/compare/run` builds it with.

fn main() -> anyhow::Result<()> {
    netaio_benches::compare::main(None)
}
