//! A picture as a PNG: two colours in a pattern that mirrors itself, both drawn from a number.

use bytes::BufMut as _;

use crate::world::ids::mix;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The pattern has so many cells either way, of which the right half mirrors the left.
const CELLS: u32 = 8;
/// What a block of deflate can store.
const LONGEST_BLOCK: usize = 65_535;

/// A picture of a size. One bit a pixel keeps it small without a compressor.
pub(crate) fn picture(width: u32, height: u32, number: u64) -> Vec<u8> {
    let mut header = Vec::new();
    header.put_u32(width);
    header.put_u32(height);
    // One bit a pixel, a palette, and no choice but the usual of what follows.
    header.put_slice(&[1, 3, 0, 0, 0]);

    let colours = mix(number).to_be_bytes();
    let row = |y: u32| {
        let lit = move |x: u32| cell(x, y, width, height, number);
        let byte = move |at: u32| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(lit(at * 8 + bit)));
        // Every row begins with the filter that it went through: none.
        std::iter::once(0).chain((0..width.div_ceil(8)).map(byte))
    };
    let pixels: Vec<u8> = (0..height).flat_map(row).collect();

    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", &colours[..6]);
    chunk(&mut png, b"IDAT", &stored(&pixels));
    chunk(&mut png, b"IEND", b"");
    png
}

/// The size of a PNG.
pub(crate) fn size(png: &[u8]) -> Option<(u32, u32)> {
    let header = png.strip_prefix(SIGNATURE)?.get(4..16)?.strip_prefix(b"IHDR")?;
    let side = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((side(0)?, side(4)?)).filter(|(width, height)| *width > 0 && *height > 0)
}

/// The bits that a PNG has for each sample of a pixel.
pub(crate) fn bit_depth(png: &[u8]) -> Option<u8> {
    png.strip_prefix(SIGNATURE)?.get(16).copied()
}

/// Whether a pixel is of the second colour.
fn cell(x: u32, y: u32, width: u32, height: u32, number: u64) -> bool {
    let place = |at: u32, of: u32| (u64::from(at) * u64::from(CELLS) / u64::from(of.max(1))) as u32;
    let column = place(x, width).min(CELLS - 1);
    let column = column.min(CELLS - 1 - column);
    let row = place(y, height).min(CELLS - 1);
    number >> (row * CELLS / 2 + column) & 1 == 1
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let sealed = [&kind[..], data].concat();
    png.put_u32(data.len() as u32);
    png.put_slice(&sealed);
    png.put_u32(crc32fast::hash(&sealed));
}

/// Bytes in the zlib format, as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(LONGEST_BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        zlib.put_u8(u8::from(blocks.peek().is_none()));
        zlib.put_u16_le(length);
        zlib.put_u16_le(!length);
        zlib.put_slice(block);
    }
    zlib.put_u32(adler32(bytes));
    zlib
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % MODULUS;
        (a, (b + a) % MODULUS)
    });
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_adler_s() {
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(b""), 1);
    }

    #[test]
    fn pictures_are_of_their_size_and_number() {
        let picture_of = |number| picture(1000, 700, number);
        assert_eq!(size(&picture_of(1)), Some((1000, 700)));
        assert_eq!(picture_of(1), picture_of(1));
        assert_ne!(picture_of(1), picture_of(2));
        assert_eq!(picture_of(7).len(), 8 + 25 + 18 + (12 + 2 + 2 * 5 + 700 * 126 + 4) + 12);
        assert_eq!(size(b"not a picture"), None);
        assert_eq!(size(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0"), None);
    }
}
