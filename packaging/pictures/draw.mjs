// node packaging/pictures/draw.mjs
// Draws what shows the state of a page outside of it, from the icons in aggregator/publish/assets/icons/*.svg: for each the .ico
// of browsers that take no SVG, the touch icon of 180 px, and the card of 1200 × 630 px; and the card of what has no state. They
// have no words, so none grows false.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateSync } from 'node:zlib'
import { launch } from '../../tests/browser/visit.mjs'

const assets = fileURLToPath(new URL('../../aggregator/publish/assets/', import.meta.url))
const OPERATIONAL = '#1f7a63'
// Tint, fill, and the height of the mark of a day in 28ths of the bar, as on the pages.
const STATES = {
  operational: ['#eef7f3', OPERATIONAL, 4.5],
  degraded: ['#fdf5e2', '#bb8400', 12.5],
  partial: ['#fdf0e9', '#b83a00', 20],
  major: ['#faeff1', '#75082b', 28],
  maintenance: ['#eff1fe', '#5a6bf0', 12.5],
  nodata: ['#f1f2f3', '#868a90', 28],
}
const [BAR, DAYS, DAY, LEFT, MIDDLE] = [82, 30, 33, 105, 500]

/** The mark of the last day. */
function mark(name, fill, height) {
  const x = LEFT + (DAYS - 1) * DAY
  const tall = height / 28 * BAR
  if (name === 'maintenance') {
    return `<rect x="${x + 2}" y="${MIDDLE - tall / 2 + 2}" width="20.75" height="${tall - 4}" fill="none" stroke="${fill}" stroke-width="4"/>`
  }
  if (name === 'nodata') {
    return [0, 1, 2, 3].map(dot => `<rect x="${x + 8}" y="${MIDDLE - BAR / 2 + dot * BAR / 28 * 8}" width="8" height="${BAR / 7}" fill="${fill}"/>`).join('')
  }
  return `<rect x="${x}" y="${MIDDLE - tall / 2}" width="24.75" height="${tall}" fill="${fill}"/>`
}

function card(name, icon) {
  const [tint, fill, height] = STATES[name]
  const dash = 4.5 / 28 * BAR
  const days = Array.from({ length: DAYS - 1 }, (_, day) => `<rect x="${LEFT + day * DAY}" y="${MIDDLE - dash / 2}" width="24.75" height="${dash}" fill="${OPERATIONAL}"/>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630"><rect width="1200" height="630" fill="${tint}"/>${placed(icon, 455, 85, 290, tint)}${days.join('')}${mark(name, fill, height)}</svg>`
}

/** The card of what has no state. */
function plainCard() {
  const days = Array.from({ length: DAYS }, (_, day) => `<rect x="${LEFT + day * DAY}" y="${(630 - BAR) / 2}" width="24.75" height="${BAR}" fill="#878e95"/>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630"><rect width="1200" height="630" fill="#f6f7f8"/>${days.join('')}</svg>`
}

function touchIcon(name, icon) {
  const [tint] = STATES[name]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="180" height="180"><rect width="180" height="180" fill="${tint}"/>${placed(icon, 30, 30, 120, tint)}</svg>`
}

/** The icon in light colours at a place; what is cut out of it shows `behind`. */
function placed(icon, x, y, size, behind) {
  const at = `<svg x="${x}" y="${y}" width="${size}" height="${size}" overflow="visible" `
  return icon.replace('<svg ', at).replace('-1 -1 22 22', '0 0 20 20').replaceAll('#fff', behind).replace(/@media.*?\}\}/s, '')
}

/** The pixels of a picture, RGBA. */
async function pixels(page, svg, width, height) {
  return Buffer.from(await page.evaluate(async ([svg, width, height]) => {
    const image = new Image()
    image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
    await image.decode()
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0, width, height)
    let bytes = ''
    for (const byte of context.getImageData(0, 0, width, height).data) bytes += String.fromCharCode(byte)
    return btoa(bytes)
  }, [svg, width, height]), 'base64')
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

function png(width, height, bits, colourType, rows, more = []) {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([bits, colourType], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head), ...more, chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
  ])
}

/** With a palette: the most frequent 16 colours, where a rarer one becomes the nearest of them. */
function indexed(rgba, width, height) {
  const counts = new Map()
  for (let at = 0; at < rgba.length; at += 4) {
    const colour = rgba.readUIntBE(at, 3)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 16).map(([colour]) => colour)
  const parts = colour => [colour >> 16, colour >> 8 & 255, colour & 255]
  const distance = (one, other) => parts(one).reduce((sum, part, at) => sum + (part - parts(other)[at]) ** 2, 0)
  const nearest = new Map()
  for (const colour of counts.keys()) {
    nearest.set(colour, palette.reduce((best, one, at) => distance(one, colour) < distance(palette[best], colour) ? at : best, 0))
  }
  const stride = width / 2 + 1
  const rows = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    rows[y * stride + 1 + (x >> 1)] |= nearest.get(rgba.readUIntBE((y * width + x) * 4, 3)) << (x % 2 ? 0 : 4)
  }
  return png(width, height, 4, 3, rows, [chunk('PLTE', Buffer.from(palette.flatMap(parts)))])
}

function whole(rgba, width, height) {
  const rows = Buffer.alloc((width * 4 + 1) * height)
  for (let y = 0; y < height; y++) rgba.copy(rows, y * (width * 4 + 1) + 1, y * width * 4, (y + 1) * width * 4)
  return png(width, height, 8, 6, rows)
}

function ico(pictures) {
  const head = Buffer.alloc(6 + 16 * pictures.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(pictures.length, 4)
  let offset = head.length
  pictures.forEach(({ size, bytes }, at) => {
    const entry = 6 + 16 * at
    head.set([size, size, 0, 0, 1, 0, 32, 0], entry)
    head.writeUInt32LE(bytes.length, entry + 8)
    head.writeUInt32LE(offset, entry + 12)
    offset += bytes.length
  })
  return Buffer.concat([head, ...pictures.map(one => one.bytes)])
}

const browser = await launch()
try {
  const page = await browser.newPage()
  for (const file of readdirSync(join(assets, 'icons')).filter(file => file.endsWith('.svg'))) {
    const name = basename(file, '.svg')
    const icon = readFileSync(join(assets, 'icons', file), 'utf8')
    const small = []
    for (const size of [16, 32]) small.push({ size, bytes: whole(await pixels(page, icon.replace('<svg ', `<svg width="${size}" height="${size}" `), size, size), size, size) })
    writeFileSync(join(assets, 'icons', `${name}.ico`), ico(small))
    writeFileSync(join(assets, 'icons', `${name}.png`), indexed(await pixels(page, touchIcon(name, icon), 180, 180), 180, 180))
    writeFileSync(join(assets, 'icons', `${name}-card.png`), indexed(await pixels(page, card(name, icon), 1200, 630), 1200, 630))
  }
  writeFileSync(join(assets, 'icons', 'plain-card.png'), indexed(await pixels(page, plainCard(), 1200, 630), 1200, 630))
} finally {
  await browser.close()
}
