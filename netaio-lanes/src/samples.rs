//! Bytes to test with, the same in every run.

pub(crate) fn bytes(seed: u32) -> impl Iterator<Item = u8> {
    (0..).scan(seed, |state, _: u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 24) as u8)
    })
}

pub(crate) fn array<const N: usize>(seed: u32) -> [u8; N] {
    let mut bytes = bytes(seed);
    std::array::from_fn(|_| bytes.next().unwrap_or_default())
}

/// Returns the lengths of texts to test with: all up to some, and a long one. An interpreter gets
/// few.
pub(crate) fn lengths() -> Vec<u32> {
    if cfg!(miri) { vec![0, 1, 33, 65, 129] } else { (0..2_200).chain([65_424]).collect() }
}
