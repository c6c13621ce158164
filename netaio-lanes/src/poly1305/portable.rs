//! With common instructions: where there are many blocks, four side by side.

use super::{Block, Element, Multiplier};

const LANES: usize = 4;

/// For fewer blocks than this the powers of the key would cost more than the lanes gain.
const WORTHWHILE: usize = 4 * LANES;

/// Adds up blocks.
pub(crate) fn add_up(multiplier: &Multiplier, blocks: &[Block], sum: &mut Element) {
    let wide = if blocks.len() < WORTHWHILE { 0 } else { blocks.len() };
    let (wide, narrow) = blocks.split_at(wide - wide % LANES);
    if !wide.is_empty() {
        let [first, second, third, fourth] = &multiplier.powers();
        for &[a, b, c, d] in wide.as_chunks::<LANES>().0 {
            let none = Element::default();
            *sum = Element::sum([
                (sum.plus_block(a), fourth),
                (none.plus_block(b), third),
                (none.plus_block(c), second),
                (none.plus_block(d), first),
            ]);
        }
    }
    for &block in narrow {
        *sum = sum.plus_block(block).times(multiplier);
    }
}
