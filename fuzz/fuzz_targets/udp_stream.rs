#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| netaio_fuzz::udp_stream::run(bytes));
