//! Poly1305 (RFC 8439, section 2.5) for short messages: arithmetic on three limbs of 44 bits, no
//! tables, no setup. Long ones are better off with the vectors of the `poly1305` crate, whose
//! setup alone takes as long as a kilobyte here.
//!
//! Runs in constant time for a given length: no branch and no index depends on key or data.

const MASK_44: u64 = (1 << 44) - 1;
const MASK_42: u64 = (1 << 42) - 1;

#[inline]
fn halves(block: &[u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(*block);
    (number as u64, (number >> 64) as u64)
}

const fn product(a: u64, b: u64) -> u128 {
    a as u128 * b as u128
}

/// The tag of `data` under a key that is used once.
#[inline]
pub(super) fn tag(key: &[u8; 32], data: &[u8]) -> [u8; 16] {
    let (r, pad) = match (key.first_chunk::<16>(), key.last_chunk::<16>()) {
        (Some(r), Some(pad)) => (halves(r), u128::from_le_bytes(*pad)),
        // A key has both.
        _ => return [0; 16],
    };
    let r0 = r.0 & 0xFFC_0FFF_FFFF;
    let r1 = (r.0 >> 44 | r.1 << 20) & 0xFFF_FFC0_FFFF;
    let r2 = r.1 >> 24 & 0x00F_FFFF_FC0F;
    // What leaves at the top, 2^132, comes back as 20 (2^130 is 5).
    let (s1, s2) = (r1 * 20, r2 * 20);
    let mut h = [0_u64; 3];
    let mut add = |block: &[u8; 16], end: u64| {
        let (low, high) = halves(block);
        let h0 = h[0] + (low & MASK_44);
        let h1 = h[1] + ((low >> 44 | high << 20) & MASK_44);
        let h2 = h[2] + (high >> 24 | end);
        let d0 = product(h0, r0) + product(h1, s2) + product(h2, s1);
        let d1 = product(h0, r1) + product(h1, r0) + product(h2, s2) + (d0 >> 44);
        let d2 = product(h0, r2) + product(h1, r1) + product(h2, r0) + (d1 >> 44);
        let low = (d0 as u64 & MASK_44) + (d2 >> 42) as u64 * 5;
        h = [
            low & MASK_44,
            (d1 as u64 & MASK_44) + (low >> 44),
            d2 as u64 & MASK_42,
        ];
    };
    let (blocks, rest) = data.as_chunks::<16>();
    for block in blocks {
        add(block, 1 << 40);
    }
    if !rest.is_empty() {
        let mut block = [0; 16];
        block[..rest.len()].copy_from_slice(rest);
        block[rest.len()] = 1;
        add(&block, 0);
    }
    reduce(h).wrapping_add(pad).to_le_bytes()
}

/// The residue modulo 2^130 - 5, of which only the low 128 bits count.
fn reduce(h: [u64; 3]) -> u128 {
    let [mut h0, mut h1, mut h2] = h;
    for _ in 0..2 {
        h2 += h1 >> 44;
        h1 &= MASK_44;
        h0 += (h2 >> 42) * 5;
        h2 &= MASK_42;
        h1 += h0 >> 44;
        h0 &= MASK_44;
    }
    h2 += h1 >> 44;
    h1 &= MASK_44;
    // Less the modulus: what remains if nothing is borrowed.
    let g0 = h0 + 5;
    let g1 = h1 + (g0 >> 44);
    let g2 = (h2 + (g1 >> 44)).wrapping_sub(1 << 42);
    // All ones if there was a borrow.
    let keep = (g2 >> 63).wrapping_neg();
    let pick = |h: u64, g: u64| u128::from(h & keep | g & !keep);
    pick(h0, g0 & MASK_44) | pick(h1, g1 & MASK_44) << 44 | pick(h2, g2 & MASK_42) << 88
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_the_rfc() {
        // RFC 8439, section 2.5.2.
        let mut key = [0; 32];
        key[..16].copy_from_slice(&0xa806_d542_fe52_447f_336d_5557_78be_d685_u128.to_le_bytes());
        key[16..].copy_from_slice(&0x1bf5_4941_aff6_bf4a_fdb2_0dfb_8a80_0301_u128.to_le_bytes());
        let expected = 0xa927_010c_af8b_2bc2_c636_5130_c11d_06a8_u128.to_le_bytes();
        assert_eq!(tag(&key, b"Cryptographic Forum Research Group"), expected);
    }

    /// Values at the edges of the modulus and of the limbs, against the other implementation.
    #[test]
    fn tags_are_those_of_the_crate() {
        use poly1305::universal_hash::KeyInit;
        let mut seed = 1_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        };
        for round in 0..2000 {
            let mut key: [u8; 32] = std::array::from_fn(|_| next());
            let mut data: Vec<u8> = (0..round % 131).map(|_| next()).collect();
            match round % 5 {
                0 => data.fill(0xFF),
                1 => key[..16].fill(0xFF),
                2 => {
                    key[..16].fill(0);
                    key[0] = (round % 7) as u8;
                    data.fill(0xFF);
                    if let Some(first) = data.first_mut() {
                        *first = 0xFA;
                    }
                }
                _ => {}
            }
            let expected: [u8; 16] = poly1305::Poly1305::new(&key.into())
                .compute_unpadded(&data)
                .into();
            assert_eq!(tag(&key, &data), expected, "round {round}");
        }
    }
}
