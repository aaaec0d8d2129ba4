//! Z85: 4 bytes as 5 printable characters (RFC 32).
//!
//! A group of bytes is a big-endian number of 32 bits, written with five digits of base 85.

/// The digits by value (RFC 32, "Formal specification").
const DIGITS: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// A character that is no digit.
const NONE: u8 = 0xFF;

/// The values of all characters.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut i = 0;
    while i < DIGITS.len() {
        values[DIGITS[i] as usize] = i as u8;
        i += 1;
    }
    values
};

/// The number of characters for `len` bytes; None unless `len` is a multiple of 4.
#[must_use]
pub const fn encoded_len(len: usize) -> Option<usize> {
    match len % 4 {
        0 => (len / 4).checked_mul(5),
        _ => None,
    }
}

/// The number of bytes in a text of `len` characters; None unless `len` is a multiple of 5 above 0.
#[must_use]
pub const fn decoded_len(len: usize) -> Option<usize> {
    match len % 5 {
        0 if len > 0 => Some(len / 5 * 4),
        _ => None,
    }
}

/// The text of `data`; None unless its length is a multiple of 4.
#[must_use]
pub fn encode(data: &[u8]) -> Option<String> {
    let mut text = vec![0; encoded_len(data.len())?];
    encode_into(data, &mut text);
    String::from_utf8(text).ok()
}

/// The bytes of `text`; None if it is empty or no Z85.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut data = vec![0; decoded_len(text.len())?];
    decode_into(text.as_bytes(), &mut data)?;
    Some(data)
}

/// Writes the text of `data` to `text`.
///
/// Both lengths belong together as [`encoded_len`] has it; what has no counterpart is left alone.
pub fn encode_into(data: &[u8], text: &mut [u8]) {
    let (groups, _) = data.as_chunks::<4>();
    let (texts, _) = text.as_chunks_mut::<5>();
    for (group, text) in groups.iter().zip(texts) {
        let mut number = u32::from_be_bytes(*group);
        for digit in text.iter_mut().rev() {
            *digit = DIGITS[(number % 85) as usize];
            number /= 85;
        }
    }
}

/// Writes the bytes of `text` to `data`, whose length is that of [`decoded_len`].
///
/// None, with `data` partly written, if a character is no digit or five of them are more than 32
/// bits can hold.
#[must_use]
pub fn decode_into(text: &[u8], data: &mut [u8]) -> Option<()> {
    let (texts, _) = text.as_chunks::<5>();
    let (groups, _) = data.as_chunks_mut::<4>();
    for (text, group) in texts.iter().zip(groups) {
        let mut number = 0u32;
        for &character in text {
            let value = VALUES[usize::from(character)];
            if value == NONE {
                return None;
            }
            number = number.checked_mul(85)?.checked_add(u32::from(value))?;
        }
        *group = number.to_be_bytes();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test case of RFC 32.
    #[test]
    fn hello_world() {
        let data = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B];
        assert_eq!(encode(&data).as_deref(), Some("HelloWorld"));
        assert_eq!(decode("HelloWorld").as_deref(), Some(&data[..]));
    }

    #[test]
    fn every_byte_survives() {
        let data: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&data).unwrap()), Some(data));
    }

    #[test]
    fn limits_of_a_group() {
        assert_eq!(encode(&[0; 4]).as_deref(), Some("00000"));
        assert_eq!(encode(&[0xFF; 4]).as_deref(), Some("%nSc0"));
        assert_eq!(decode("%nSc0"), Some(vec![0xFF; 4]));
        assert_eq!(decode("%nSc1"), None, "one more than 32 bits");
        assert_eq!(decode("#####"), None);
    }

    #[test]
    fn wrong_lengths_and_characters() {
        for len in 1..4 {
            assert_eq!(encoded_len(len), None);
        }
        assert_eq!(encoded_len(0), Some(0));
        for len in [0, 1, 4, 6] {
            assert_eq!(decoded_len(len), None);
        }
        for character in (0..=255u8).filter(|character| !DIGITS.contains(character)) {
            let text = [b'0', b'0', character, b'0', b'0'];
            assert_eq!(decode_into(&text, &mut [0; 4]), None, "{character}");
        }
    }
}
