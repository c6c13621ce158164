//! However a stream is split, the same frames come out, and no byte is lost.

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Bytes, BytesMut};
use netaio::wire::Frame;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let input = <(Vec<u8>, Vec<u8>)>::arbitrary_take_rest(Unstructured::new(bytes));
    let Ok((stream, splits)) = input else { return };
    let mut whole = Bytes::from(stream.clone());
    let mut expected = Vec::new();
    while let Some(frame) = Frame::decode(&mut whole) {
        expected.push(frame);
    }
    let (mut frames, mut left, mut buffered) = (Vec::new(), &stream[..], BytesMut::new());
    let mut splits = splits.into_iter().cycle();
    while !left.is_empty() {
        let split = splits.next().map_or(left.len(), |size| usize::from(size) + 1);
        let (chunk, rest) = left.split_at(split.min(left.len()));
        left = rest;
        buffered.extend_from_slice(chunk);
        let mut unread = buffered.split().freeze();
        while let Some(frame) = Frame::decode(&mut unread) {
            frames.push(frame);
        }
        assert!(unread.len() < Frame::needed(&unread), "a whole frame was left");
        buffered.extend_from_slice(&unread);
    }
    assert_eq!(frames, expected);
    assert_eq!(buffered, whole);
    let used: usize = frames.iter().map(|frame| frame.header.frame_length()).sum();
    assert_eq!(used + buffered.len(), stream.len());
}
