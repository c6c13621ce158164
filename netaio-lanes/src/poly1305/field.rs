//! The numbers modulo 2^130 - 5, in limbs of 44, 44 and 42 bits.

use zeroize::Zeroize;

use super::Block;

pub(crate) const BITS44: u64 = (1 << 44) - 1;
pub(crate) const BITS42: u64 = (1 << 42) - 1;

/// A number, not always smaller than the modulus; each limb may have a few bits more.
#[derive(Clone, Copy, Default, Zeroize)]
pub(crate) struct Element(pub(crate) [u64; 3]);

/// What is multiplied with, again and again.
#[derive(Clone, Copy, Default, Zeroize)]
pub(crate) struct Multiplier {
    pub(crate) limbs: [u64; 3],
    /// The two upper limbs, times 20: what is above 2^132 comes back as 20 times that, since 2^130
    /// is 5.
    pub(crate) folded: [u64; 2],
}

impl Multiplier {
    pub(crate) fn new(element: Element) -> Self {
        let limbs = element.0;
        Self { limbs, folded: [limbs[1] * 20, limbs[2] * 20] }
    }

    /// Returns the powers from 1 to `N`.
    pub(crate) fn powers<const N: usize>(&self) -> [Self; N] {
        let mut powers = [*self; N];
        for at in 1..N {
            // Of two halves, and not of the one before: few of the products wait for each other.
            let half = Element(powers[at / 2].limbs);
            powers[at] = Self::new(half.times(&powers[(at - 1) / 2]));
        }
        powers
    }

    /// Takes the first half of a key, some bits of which must be zero.
    pub(crate) fn clamped(half: Block) -> Self {
        let number = u128::from_le_bytes(half) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        Self::new(Element(limbs(number, 0)))
    }
}

impl Element {
    /// Adds a block of the text, with a bit above it.
    #[inline]
    pub(crate) fn plus_block(self, block: Block) -> Self {
        self.plus(limbs(u128::from_le_bytes(block), 1 << 40))
    }

    /// Adds the last block, which has that bit in it.
    pub(crate) fn plus_last(self, block: Block) -> Self {
        self.plus(limbs(u128::from_le_bytes(block), 0))
    }

    #[inline]
    fn plus(self, [a, b, c]: [u64; 3]) -> Self {
        let [x, y, z] = self.0;
        Self([x + a, y + b, z + c])
    }

    #[inline]
    pub(crate) fn times(self, by: &Multiplier) -> Self {
        Self::sum([(self, by)])
    }

    /// Returns the sum of products: what exceeds the limbs is carried once for all of them.
    #[inline]
    pub(crate) fn sum<const N: usize>(products: [(Self, &Multiplier); N]) -> Self {
        let [mut low, mut middle, mut high] = [0; 3];
        for (element, by) in products {
            let [x, y, z] = element.0.map(u128::from);
            let [a, b, c] = by.limbs.map(u128::from);
            let [b20, c20] = by.folded.map(u128::from);
            low += x * a + y * c20 + z * b20;
            middle += x * b + y * a + z * c20;
            high += x * c + y * b + z * a;
        }
        middle += low >> 44;
        high += middle >> 44;
        let low = u128::from(low as u64 & BITS44) + (high >> 42) * 5;
        let middle = (middle as u64 & BITS44) + (low >> 44) as u64;
        Self([low as u64 & BITS44, middle, high as u64 & BITS42])
    }

    /// Moves what is above each limb on to the next one.
    pub(crate) fn carried(self) -> Self {
        let [low, middle, high] = self.0;
        let middle = middle + (low >> 44);
        let high = high + (middle >> 44);
        let low = (low & BITS44) + (high >> 42) * 5;
        let middle = (middle & BITS44) + (low >> 44);
        Self([low & BITS44, middle, high & BITS42])
    }

    /// Returns the lowest 128 bits of the number modulo 2^130 - 5, in the same time for any.
    pub(crate) fn canonical(self) -> u128 {
        let Self([low, middle, high]) = self.carried().carried();
        // What is not smaller than the modulus reaches 2^130 when 5 is added.
        let [low5, middle5, high5] = [low + 5, middle, high];
        let middle5 = middle5 + (low5 >> 44);
        let high5 = high5 + (middle5 >> 44);
        let reached = (high5 >> 42).wrapping_neg();
        let choose = |ours: u64, other: u64| ours ^ ((ours ^ other) & reached);
        let low = u128::from(choose(low, low5 & BITS44));
        let middle = u128::from(choose(middle, middle5 & BITS44));
        let high = u128::from(choose(high, high5 & BITS42));
        low | middle << 44 | high << 88
    }
}

/// Cuts a number into limbs, and adds to the highest.
#[inline]
fn limbs(number: u128, above: u64) -> [u64; 3] {
    [number as u64 & BITS44, (number >> 44) as u64 & BITS44, (number >> 88) as u64 | above]
}
