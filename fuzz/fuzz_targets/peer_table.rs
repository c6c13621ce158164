#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| netaio_fuzz::peer_table::run(bytes));
