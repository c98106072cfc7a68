//! Creates PNG images: a symmetric pattern in two colours, both determined by a number.

use bytes::BufMut as _;

use crate::world::ids::mix;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The number of cells of the pattern in each direction. The right half mirrors the left half.
const CELLS: u32 = 8;
/// The limit of a stored block in deflate.
const MAX_BLOCK: usize = 65_535;

/// Creates an image. It has one bit per pixel, to be small without compression.
pub(crate) fn image(width: u32, height: u32, number: u64) -> Vec<u8> {
    let mut header = Vec::new();
    header.put_u32(width);
    header.put_u32(height);
    // One bit per pixel, a palette, and the default compression, filter and interlace methods.
    header.put_slice(&[1, 3, 0, 0, 0]);

    let colours = mix(number).to_be_bytes();
    let row = |y: u32| {
        let is_second = move |x: u32| is_second_colour(x, y, width, height, number);
        let byte = move |at: u32| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(is_second(at * 8 + bit)));
        // Each row starts with its filter type: none.
        std::iter::once(0).chain((0..width.div_ceil(8)).map(byte))
    };
    let pixels: Vec<u8> = (0..height).flat_map(row).collect();

    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", &colours[..6]);
    chunk(&mut png, b"IDAT", &zlib_stored(&pixels));
    chunk(&mut png, b"IEND", b"");
    png
}

/// Returns the width and height of a PNG, or `None` if it is not a PNG.
pub(crate) fn size(png: &[u8]) -> Option<(u32, u32)> {
    let header = png.strip_prefix(SIGNATURE)?.get(4..16)?.strip_prefix(b"IHDR")?;
    let side = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((side(0)?, side(4)?)).filter(|(width, height)| *width > 0 && *height > 0)
}

/// Returns the number of bits per sample of a PNG.
pub(crate) fn bit_depth(png: &[u8]) -> Option<u8> {
    png.strip_prefix(SIGNATURE)?.get(16).copied()
}

/// Returns whether a pixel has the second colour.
fn is_second_colour(x: u32, y: u32, width: u32, height: u32, number: u64) -> bool {
    let cell_at = |at: u32, of: u32| (u64::from(at) * u64::from(CELLS) / u64::from(of.max(1))) as u32;
    let column = cell_at(x, width).min(CELLS - 1);
    let column = column.min(CELLS - 1 - column);
    let row = cell_at(y, height).min(CELLS - 1);
    number >> (row * CELLS / 2 + column) & 1 == 1
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let content = [&kind[..], data].concat();
    png.put_u32(data.len() as u32);
    png.put_slice(&content);
    png.put_u32(crc32fast::hash(&content));
}

/// Encodes bytes in the zlib format, without compression.
fn zlib_stored(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(MAX_BLOCK).peekable();
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
    fn checksums_are_adler_32() {
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(b""), 1);
    }

    #[test]
    fn images_have_their_size_and_differ_by_number() {
        let image_of = |number| image(1000, 700, number);
        assert_eq!(size(&image_of(1)), Some((1000, 700)));
        assert_eq!(image_of(1), image_of(1));
        assert_ne!(image_of(1), image_of(2));
        assert_eq!(image_of(7).len(), 8 + 25 + 18 + (12 + 2 + 2 * 5 + 700 * 126 + 4) + 12);
        assert_eq!(size(b"not an image"), None);
        assert_eq!(size(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0"), None);
    }
}
