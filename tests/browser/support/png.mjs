// Makes a browser's PNG smaller: browsers compress for speed, and a page drawn in a few colours fits a palette once the many
// shades at the edges of letters are taken for their neighbours.

import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = 8;
const NUMBER_OF_COLOURS_THAT_FIT = 256;

/** As the eye sees it the same picture, in fewer bytes; a picture of another kind than Chromium makes (8 bits, not interlaced) comes back as it was. */
export function smaller(png) {
  const { header, data } = chunks(png);
  const [width, height, depth, kind, interlaced] = [header.readUInt32BE(0), header.readUInt32BE(4), header[8], header[9], header[12]];
  const channels = { 2: 3, 6: 4 }[kind];
  if (depth !== 8 || interlaced !== 0 || channels === undefined) return png;
  const pixels = unfilter(inflateSync(data), width * channels, height, channels);
  for (const coarseness of [0, 1, 2, 3, 4]) {
    const small = indexed(pixels, width, height, channels, coarseness);
    if (small) return small;
  }
  return png;
}

function chunks(png) {
  const found = { header: null, data: [] };
  for (let at = SIGNATURE; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const name = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (name === "IHDR") found.header = body;
    if (name === "IDAT") found.data.push(body);
    at += length + 12;
  }
  return { header: found.header, data: Buffer.concat(found.data) };
}

/** Undoes the filters of the PNG specification, 9.2. */
function unfilter(filtered, stride, height, channels) {
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const kind = filtered[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const left = x >= channels ? pixels[y * stride + x - channels] : 0;
      const up = y > 0 ? pixels[(y - 1) * stride + x] : 0;
      const corner = x >= channels && y > 0 ? pixels[(y - 1) * stride + x - channels] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][kind];
      pixels[y * stride + x] = filtered[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return pixels;
}

function paeth(left, up, corner) {
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** The picture with a palette, or null where it has too many colours. Those that differ in the lowest bits only are one. */
function indexed(pixels, width, height, channels, coarseness) {
  const alike = 0x010101 * (0xff & ~((1 << coarseness) - 1));
  const palette = new Map();
  const colours = [];
  const lines = Buffer.alloc((width + 1) * height);
  for (let i = 0; i < width * height; i += 1) {
    const colour = pixels.readUIntBE(i * channels, 3);
    const shade = colour & alike;
    if (!palette.has(shade)) {
      palette.set(shade, palette.size);
      colours.push(colour >> 16, (colour >> 8) & 255, colour & 255);
    }
    lines[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = palette.get(shade);
  }
  if (palette.size > NUMBER_OF_COLOURS_THAT_FIT) return null;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(colours)),
    chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, body) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), body]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(body.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc(named), named.length + 4);
  return whole;
}

function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
