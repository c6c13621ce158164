use sha2::{Digest, Sha256};

/// The first bytes that are hashed: no other use of SHA-256 here begins so.
const DOMAIN: &[u8] = b"netaio-hashcash-1";

pub(super) const COUNTER_LENGTH: usize = 8;

/// How many counters are tried before the search looks whether it is to go on: about 1 ms.
const BATCH: u64 = 4_096;

/// What the stamp of a message is made of: all but the counter is hashed once.
#[derive(Clone)]
pub(super) struct Stamp(Sha256);

impl Stamp {
    pub(super) fn new(app_id: &[u8], ts: &[u8; 4], nonce: &[u8; 16], body: &[u8]) -> Self {
        let length = u8::try_from(app_id.len()).unwrap_or(u8::MAX);
        let hash = Sha256::new_with_prefix(DOMAIN).chain_update([length]).chain_update(app_id);
        Self(hash.chain_update(ts).chain_update(nonce).chain_update(body))
    }

    pub(super) fn with(mut self, counter: &[u8; COUNTER_LENGTH]) -> Self {
        self.0.update(counter);
        self
    }

    fn hash(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// Returns how many leading zero bits the hash has.
    pub(super) fn worth(self) -> u8 {
        let zeros = self.hash().iter().try_fold(0, |zeros, byte| match byte {
            0 => Ok(zeros + 8),
            _ => Err(zeros + byte.leading_zeros()),
        });
        let (Ok(zeros) | Err(zeros)) = zeros;
        u8::try_from(zeros).unwrap_or(u8::MAX)
    }

    /// Looks for a counter that makes it worth so many bits; `None` when it is told to stop.
    pub(super) fn search(
        &self,
        bits: u8,
        start: u64,
        stop: impl Fn() -> bool,
    ) -> Option<[u8; COUNTER_LENGTH]> {
        let mut counter = start;
        while !stop() {
            for _ in 0..BATCH {
                let bytes = counter.to_be_bytes();
                if self.clone().with(&bytes).worth() >= bits {
                    return Some(bytes);
                }
                counter = counter.wrapping_add(1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_what_the_documentation_says() {
        let stamp = Stamp::new(b"app", &[1, 2, 3, 4], &[5; 16], b"body").with(&[6; 8]);
        let all = [&b"netaio-hashcash-1\x03app\x01\x02\x03\x04"[..], &[5; 16], b"body", &[6; 8]];
        assert_eq!(stamp.hash(), <[u8; 32]>::from(Sha256::digest(all.concat())));
    }

    #[test]
    fn worth_counts_leading_zero_bits_and_the_search_finds_enough() {
        let stamp = Stamp::new(b"app", &[0; 4], &[0; 16], b"");
        for bits in 0..=12 {
            let counter = stamp.search(bits, 7, || false).unwrap();
            let found = stamp.clone().with(&counter);
            let hash = found.clone().hash();
            let first = u32::from_be_bytes(*hash.first_chunk().unwrap());
            let worth = found.worth();
            assert_eq!(u32::from(worth), first.leading_zeros());
            assert!(worth >= bits);
        }
        assert_eq!(stamp.search(0, 7, || true), None, "it stops when it is told to");
    }
}
