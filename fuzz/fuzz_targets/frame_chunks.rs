#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| netaio_fuzz::frame_chunks::run(bytes));
