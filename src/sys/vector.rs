//! Salsa20's blocks on as many lanes as the processor has: 16 with AVX-512, 8 with AVX2.
//!
//! Here because such instructions must not run where they are missing, which no safe code can
//! promise. What the blocks are for is the business of `crypto`.

/// The words of a block, or of the state that it is made from.
pub type Block = [u32; 16];

/// Most blocks that are made at once.
pub const LANES: usize = 16;

/// Makes the blocks of `state` with the 64-bit counters `first`, `first + 1`, ...; false where the
/// processor cannot, with `out` as it was.
#[inline]
#[must_use]
pub fn salsa20_blocks(state: &Block, first: u64, out: &mut [Block; LANES]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function needs.
            unsafe { x86::sixteen(state, first, out) };
            return true;
        }
        if is_x86_feature_detected!("avx2") {
            let (low, high) = out.split_at_mut(8);
            for (half, out) in [low, high].into_iter().enumerate() {
                let first = first.wrapping_add(8 * half as u64);
                // SAFETY: as above.
                unsafe { x86::eight(state, first, out) };
            }
            return true;
        }
    }
    let _ = (state, first, out);
    false
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Block;

    /// The counters of `N` lanes: their low words, their high words.
    #[inline]
    fn counters<const N: usize>(first: u64) -> ([u32; N], [u32; N]) {
        let counter = |lane| first.wrapping_add(lane as u64);
        (
            std::array::from_fn(|lane| counter(lane) as u32),
            std::array::from_fn(|lane| (counter(lane) >> 32) as u32),
        )
    }

    /// The double round of Salsa20 on words that are vectors of lanes, given how to do
    /// `a ^ ((b + c) <<< n)`.
    macro_rules! double_round {
        ($x:ident, $step:ident) => {
            double_round!(@ $x, $step, 0 4 8 12, 5 9 13 1, 10 14 2 6, 15 3 7 11);
            double_round!(@ $x, $step, 0 1 2 3, 5 6 7 4, 10 11 8 9, 15 12 13 14);
        };
        (@ $x:ident, $step:ident, $($a:literal $b:literal $c:literal $d:literal),*) => {$(
            $x[$b] = $step!($x[$b], $x[$a], $x[$d], 7);
            $x[$c] = $step!($x[$c], $x[$b], $x[$a], 9);
            $x[$d] = $step!($x[$d], $x[$c], $x[$b], 13);
            $x[$a] = $step!($x[$a], $x[$d], $x[$c], 18);
        )*};
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn sixteen(state: &Block, first: u64, out: &mut [Block; 16]) {
        macro_rules! step {
            ($a:expr, $b:expr, $c:expr, $n:literal) => {
                _mm512_xor_si512($a, _mm512_rol_epi32::<$n>(_mm512_add_epi32($b, $c)))
            };
        }
        let mut start = state.map(|word| _mm512_set1_epi32(word as i32));
        let (low, high) = counters::<16>(first);
        // SAFETY: both are 64 plain bytes.
        start[8] = unsafe { std::mem::transmute::<[u32; 16], __m512i>(low) };
        // SAFETY: as above.
        start[9] = unsafe { std::mem::transmute::<[u32; 16], __m512i>(high) };
        let mut x = start;
        for _ in 0..10 {
            double_round!(x, step);
        }
        for (word, start) in x.iter_mut().zip(start) {
            *word = _mm512_add_epi32(*word, start);
        }
        // From vectors of one word of 16 blocks to vectors of 16 words of one block: first within
        // the quarters of four vectors at a time, then quarters against quarters.
        let mut t = x;
        for i in [0, 4, 8, 12] {
            let (a, b) = (
                _mm512_unpacklo_epi32(x[i], x[i + 1]),
                _mm512_unpackhi_epi32(x[i], x[i + 1]),
            );
            let (c, d) = (
                _mm512_unpacklo_epi32(x[i + 2], x[i + 3]),
                _mm512_unpackhi_epi32(x[i + 2], x[i + 3]),
            );
            t[i] = _mm512_unpacklo_epi64(a, c);
            t[i + 1] = _mm512_unpackhi_epi64(a, c);
            t[i + 2] = _mm512_unpacklo_epi64(b, d);
            t[i + 3] = _mm512_unpackhi_epi64(b, d);
        }
        for j in 0..4 {
            let even = _mm512_shuffle_i32x4::<0x88>(t[j], t[4 + j]);
            let odd = _mm512_shuffle_i32x4::<0xDD>(t[j], t[4 + j]);
            let even_end = _mm512_shuffle_i32x4::<0x88>(t[8 + j], t[12 + j]);
            let odd_end = _mm512_shuffle_i32x4::<0xDD>(t[8 + j], t[12 + j]);
            let blocks = [
                _mm512_shuffle_i32x4::<0x88>(even, even_end),
                _mm512_shuffle_i32x4::<0x88>(odd, odd_end),
                _mm512_shuffle_i32x4::<0xDD>(even, even_end),
                _mm512_shuffle_i32x4::<0xDD>(odd, odd_end),
            ];
            for (quarter, block) in blocks.into_iter().enumerate() {
                // SAFETY: both are 64 plain bytes.
                out[quarter * 4 + j] = unsafe { std::mem::transmute::<__m512i, Block>(block) };
            }
        }
    }

    /// `out` has room for 8 blocks.
    #[target_feature(enable = "avx2")]
    pub(super) fn eight(state: &Block, first: u64, out: &mut [Block]) {
        macro_rules! step {
            ($a:expr, $b:expr, $c:expr, $n:literal) => {{
                let sum = _mm256_add_epi32($b, $c);
                let left = _mm256_slli_epi32::<$n>(sum);
                _mm256_xor_si256(
                    _mm256_xor_si256($a, left),
                    _mm256_srli_epi32::<{ 32 - $n }>(sum),
                )
            }};
        }
        let mut start = state.map(|word| _mm256_set1_epi32(word as i32));
        let (low, high) = counters::<8>(first);
        // SAFETY: both are 32 plain bytes.
        start[8] = unsafe { std::mem::transmute::<[u32; 8], __m256i>(low) };
        // SAFETY: as above.
        start[9] = unsafe { std::mem::transmute::<[u32; 8], __m256i>(high) };
        let mut x = start;
        for _ in 0..10 {
            double_round!(x, step);
        }
        for (word, start) in x.iter_mut().zip(start) {
            *word = _mm256_add_epi32(*word, start);
        }
        let mut t = x;
        for i in [0, 4, 8, 12] {
            let (a, b) = (
                _mm256_unpacklo_epi32(x[i], x[i + 1]),
                _mm256_unpackhi_epi32(x[i], x[i + 1]),
            );
            let (c, d) = (
                _mm256_unpacklo_epi32(x[i + 2], x[i + 3]),
                _mm256_unpackhi_epi32(x[i + 2], x[i + 3]),
            );
            t[i] = _mm256_unpacklo_epi64(a, c);
            t[i + 1] = _mm256_unpackhi_epi64(a, c);
            t[i + 2] = _mm256_unpacklo_epi64(b, d);
            t[i + 3] = _mm256_unpackhi_epi64(b, d);
        }
        for (lane, block) in out.iter_mut().enumerate().take(8) {
            let j = lane % 4;
            let halves = if lane < 4 {
                [
                    _mm256_permute2x128_si256::<0x20>(t[j], t[4 + j]),
                    _mm256_permute2x128_si256::<0x20>(t[8 + j], t[12 + j]),
                ]
            } else {
                [
                    _mm256_permute2x128_si256::<0x31>(t[j], t[4 + j]),
                    _mm256_permute2x128_si256::<0x31>(t[8 + j], t[12 + j]),
                ]
            };
            // SAFETY: both are 64 plain bytes.
            *block = unsafe { std::mem::transmute::<[__m256i; 2], Block>(halves) };
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn both_widths_make_the_same_blocks() {
            if !is_x86_feature_detected!("avx512f") || !is_x86_feature_detected!("avx2") {
                return;
            }
            let state: Block = std::array::from_fn(|i| (i as u32 + 1).wrapping_mul(0x9E37_79B9));
            for first in [0, 7, u64::from(u32::MAX) - 3, u64::MAX - 5] {
                let mut wide = [[0; 16]; 16];
                let mut narrow = [[0; 16]; 16];
                // SAFETY: the features were looked for above.
                unsafe { sixteen(&state, first, &mut wide) };
                // SAFETY: as above.
                unsafe { eight(&state, first, &mut narrow[..8]) };
                // SAFETY: as above.
                unsafe { eight(&state, first.wrapping_add(8), &mut narrow[8..]) };
                assert_eq!(wide, narrow);
            }
        }
    }
}
