//! Known answers (made with libsodium 1.0.18: `crypto_scalarmult_base`, `crypto_box_easy`), and
//! what must not open.

use super::*;
use crate::errno::Errno;

const NONCE: [u8; 24] = {
    let mut nonce = [0; 24];
    let mut i = 0;
    while i < 24 {
        nonce[i] = 200 + i as u8;
        i += 1;
    }
    nonce
};

fn secrets() -> (SecretKey, SecretKey) {
    let count_from = |first: u8| std::array::from_fn(|i| first + i as u8);
    (
        SecretKey::from_bytes(&count_from(1)),
        SecretKey::from_bytes(&count_from(101)),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn public_keys_are_those_of_nacl() {
    let (one, two) = secrets();
    let expected = "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c";
    assert_eq!(hex(&one.public()), expected);
    let expected = "5714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b410c36";
    assert_eq!(hex(&two.public()), expected);
}

#[test]
fn boxes_are_those_of_nacl() {
    /// Length, tag, last eight bytes of tag and ciphertext together.
    const BOXES: [(usize, &str, &str); 20] = [
        (0, "4141e900b13a409522dece7f96be957e", "22dece7f96be957e"),
        (1, "8bca658a2754865ce085daa93d33bc18", "85daa93d33bc18c7"),
        (15, "74152d062453fa242a4b9aca7da9a4cb", "9274f7777f80640c"),
        (16, "c291afa8396ca318819c2d2c3307deb1", "7bf6747e87650f6a"),
        (31, "62d66ca57a78435d34a8820ee1141a1b", "3da96b6e112e8b42"),
        (32, "fd8f1fe66e1a03b1dc11561bad069a86", "a66a6d10298a41c9"),
        (33, "031b141fb586d24257dab9a1a0d4cb8a", "756c13288d40ca29"),
        (63, "c3729853f6a4b0280dcff0d2fc1ad45e", "d77e5ae0da52ab14"),
        (64, "9cb870ba788174b3d80be4e4f81cb332", "715be3db55aa17c2"),
        (95, "74f9ea181d1efed066f0f98050432c2d", "27511e4dc8b3efa7"),
        (96, "54d73d39bf48688d8e3226b2b02b4974", "5e1f4ec9b4eea41d"),
        (97, "9fe25c3fcf746f1a466201371c0e782d", "004fcab5e9a51ef0"),
        (131, "01f87d557a87c3eb1145c4f67ea7a147", "7970417f1dc35212"),
        (500, "e1f1cd02d67c07ffc7df8c945b578c81", "e49bc181dc99b437"),
        (600, "e1e027098c9d3404a1c0193830d7ee04", "bd09ce53cfd1e36a"),
        (991, "d6c8ab64c7598da7352fe9781c1ad8f6", "349908f6b0c4a2ef"),
        (1024, "1e5ba9b01231591437e98173a75e0fad", "60dd2dc649d82013"),
        (2048, "0ed35fd49f5bee4d38e2320a6188bf18", "6129166d2c40d75a"),
        (4095, "21e53cabe37f06d95aad610012e38a03", "c40deece0983aa67"),
        (
            65537,
            "c4d53411e805bbae41b1533d1e0be2ef",
            "f26f45aae3d6f421",
        ),
    ];
    let (one, two) = secrets();
    let sender = one.agree(&two.public()).unwrap();
    let receiver = two.agree(&one.public()).unwrap();
    for (len, expected_tag, expected_end) in BOXES {
        let plain: Vec<u8> = (0..len).map(|i| (i * 7 + len) as u8).collect();
        let mut data = plain.clone();
        let tag = sender.seal(&NONCE, &mut data);
        let mut whole = tag.to_vec();
        whole.extend_from_slice(&data);
        assert_eq!(hex(&tag), expected_tag, "{len}");
        assert_eq!(hex(&whole[whole.len() - 8..]), expected_end, "{len}");
        receiver.open(&NONCE, &tag, &mut data).unwrap();
        assert_eq!(data, plain, "{len}");
    }
}

/// The same box by other code: scalar Salsa20, and the Poly1305 of another crate.
fn seal_otherwise(key: &[u8; KEY_LEN], nonce: &[u8; 24], data: &mut [u8]) -> [u8; TAG_LEN] {
    use poly1305::universal_hash::KeyInit;
    use salsa20::XSalsa20;
    use salsa20::cipher::{KeyIvInit, StreamCipher};

    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut poly_key = [0; 32];
    stream.apply_keystream(&mut poly_key);
    stream.apply_keystream(data);
    poly1305::Poly1305::new(&poly_key.into())
        .compute_unpadded(data)
        .into()
}

#[test]
fn every_length_is_sealed_as_other_code_does() {
    // Past two turns of 16 blocks, the most that vector code of today works on at once, byte by byte;
    // then some larger ones around powers of two.
    let lens = (0..=2200).chain((12..18).flat_map(|n| [(1 << n) - 1, 1 << n, (1 << n) + 33]));
    let mut key = [0; KEY_LEN];
    let mut nonce = [0; 24];
    for len in lens {
        for (i, byte) in key.iter_mut().chain(&mut nonce).enumerate() {
            *byte = u8::wrapping_mul(*byte, 5).wrapping_add((i * 73 + len) as u8);
        }
        let plain: Vec<u8> = (0..len).map(|i| (i * i + len) as u8).collect();
        let mut expected = plain.clone();
        let expected_tag = seal_otherwise(&key, &nonce, &mut expected);

        let boxes = BoxKey::from_bytes(&key);
        let mut data = plain.clone();
        let tag = boxes.seal(&nonce, &mut data);
        assert!(tag == expected_tag && data == expected, "{len}");
        boxes.open(&nonce, &tag, &mut data).unwrap();
        assert!(data == plain, "{len}");

        let stream = boxes.stream(nonce.first_chunk().unwrap());
        let rest = nonce.last_chunk().unwrap();
        let tag = stream.seal(rest, &mut data);
        assert!(tag == expected_tag && data == expected, "{len}");
        stream.open(rest, &tag, &mut data).unwrap();
        assert!(data == plain, "{len}");
    }
}

#[test]
fn a_change_anywhere_is_found_in_short_and_long_boxes() {
    let stream = BoxKey::from_bytes(&[3; KEY_LEN]).stream(&[4; 16]);
    let short = secretbox::SHORT_SEAL.min(secretbox::SHORT_OPEN);
    let long = secretbox::SHORT_SEAL.max(secretbox::SHORT_OPEN);
    for len in [1, short, short + 1, long, long + 1, 700, 4000] {
        let mut data = vec![7; len];
        let tag = stream.seal(&[5; 8], &mut data);
        let sealed = data.clone();
        for at in (0..len).step_by(1 + len / 64).chain([len - 1]) {
            data[at] ^= 0x40;
            let changed = data.clone();
            assert_eq!(stream.open(&[5; 8], &tag, &mut data), Err(Errno::EPROTO));
            assert!(data == changed, "{len} {at}");
            data[at] ^= 0x40;
        }
        for at in 0..TAG_LEN {
            let mut other = tag;
            other[at] ^= 0x80;
            assert_eq!(stream.open(&[5; 8], &other, &mut data), Err(Errno::EPROTO));
        }
        assert!(data == sealed);
        assert_eq!(stream.open(&[6; 8], &tag, &mut data), Err(Errno::EPROTO));
        stream.open(&[5; 8], &tag, &mut data).unwrap();
        assert!(data.iter().all(|byte| *byte == 7));
    }
}

#[test]
fn what_was_changed_does_not_open_and_is_left_alone() {
    let key = BoxKey::from_bytes(&[9; KEY_LEN]);
    let mut data = *b"some forty bytes of text, or nearly so..";
    let tag = key.seal(&NONCE, &mut data);
    let sealed = data;
    for bit in 0..data.len() * 8 {
        data[bit / 8] ^= 1 << (bit % 8);
        let changed = data;
        assert!(key.open(&NONCE, &tag, &mut data).is_err());
        assert_eq!(data, changed);
        data = sealed;
    }
    for bit in 0..TAG_LEN * 8 {
        let mut other = tag;
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(key.open(&NONCE, &other, &mut data).is_err());
    }
    for bit in 0..NONCE.len() * 8 {
        let mut other = NONCE;
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(key.open(&other, &tag, &mut data).is_err());
    }
    assert!(key.open(&NONCE, &tag, &mut data[..39]).is_err());
    assert!(
        BoxKey::from_bytes(&[8; KEY_LEN])
            .open(&NONCE, &tag, &mut data)
            .is_err()
    );
    key.open(&NONCE, &tag, &mut data).unwrap();
}

#[test]
fn nobody_agrees_with_a_point_of_low_order() {
    let (one, _) = secrets();
    let mut low = [0; KEY_LEN];
    assert!(one.agree(&low).is_err());
    low[0] = 1;
    assert!(one.agree(&low).is_err());
}

#[test]
fn secrets_are_not_printed() {
    let (one, two) = secrets();
    assert_eq!(format!("{one:?}"), "SecretKey(..)");
    let key = one.agree(&two.public()).unwrap();
    assert_eq!(
        format!("{key:?} {:?}", key.stream(&[0; 16])),
        "BoxKey(..) StreamKey(..)"
    );
    assert_ne!(
        SecretKey::generate().unwrap(),
        SecretKey::generate().unwrap()
    );
}

/// The types that hold secrets are wiped when they are dropped; that the compiler keeps it is
/// `zeroize`'s promise.
#[test]
fn secrets_are_wiped() {
    const fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
    is_wiped::<SecretKey>();
    is_wiped::<BoxKey>();
    is_wiped::<StreamKey>();
    is_wiped::<zeroize::Zeroizing<Vec<u8>>>();
}

/// How often what `masked` stands for is in memory that the process may write to, but for the part of the stack at and
/// below `frame`: calls leave there what they computed with.
fn copies_of(masked: &[u8; KEY_LEN], frame: u64) -> usize {
    use std::os::unix::fs::FileExt;

    /// Most bytes of the caller's frame beyond `frame`.
    const FRAME: u64 = 64 << 10;

    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    for line in std::fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|number| u64::from_str_radix(number, 16).unwrap());
        if !rest.starts_with("rw") || rest.contains("[v") {
            continue;
        }
        let mut at = if (from..to).contains(&frame) {
            frame + FRAME
        } else {
            from
        };
        // On the stack, which is not looked through.
        let mut piece = [0; 1 << 16];
        while at + 16 <= to
            && let Ok(len @ 16..) = memory.read_at(&mut piece, at)
        {
            let len = len.min(usize::try_from(to - at).unwrap());
            piece.iter_mut().for_each(|byte| *byte ^= 0x5A);
            // An allocator writes over the beginning of what is freed.
            found += piece[..len]
                .windows(16)
                .filter(|window| *window == &masked[16..])
                .count();
            at += (len - 15) as u64;
        }
    }
    found
}

#[test]
fn keys_leave_nothing_where_they_were() {
    let one = SecretKey::generate().unwrap();
    let two = SecretKey::generate().unwrap();
    let shared = dryoc::classic::crypto_box::crypto_box_beforenm(&two.public(), one.as_bytes())
        .map(zeroize::Zeroizing::new)
        .unwrap();
    let masked = std::array::from_fn(|i| shared[i] ^ 0x5A);
    let frame = (&raw const masked).addr() as u64;
    let copies = || copies_of(&masked, frame);

    // As handshakes do it: from one place to the next, and the former is given back as it is.
    let step = Box::new(([0_u8; 40], one.agree(&two.public()).unwrap()));
    let (_, key) = *step;
    let step = Box::new(([0_u8; 200], key));
    assert_eq!(copies(), 1);
    let (_, key) = *step;
    let step = Box::new(([0_u8; 300], key.stream(&[1; 16])));
    drop(key);
    assert_eq!(copies(), 1);
    let (_, stream) = *step;
    let traffic = Box::new(stream);
    assert_eq!(copies(), 1);
    drop(traffic);
    assert_eq!(copies(), 0);
}
