// Mails that an aggregator left in a folder, one file for each.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const headersOf = head => Object.fromEntries(head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n').map(line => {
  const [name, ...value] = line.split(':')
  return [name.toLowerCase(), value.join(':').trim()]
}))

/** A message or a part of one (RFC 2045): its headers, and its body as it was encoded. */
const split = text => {
  const end = text.indexOf('\r\n\r\n')
  return { headers: headersOf(text.slice(0, end)), body: text.slice(end + 4) }
}

function decoded({ headers, body }) {
  const encoding = headers['content-transfer-encoding']
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body
  const bytes = body.replaceAll('=\r\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The parts that hold something, of all that a message is made of. */
function leaves(part) {
  const boundary = part.headers['content-type']?.match(/^multipart\/.*boundary="([^"]+)"/)?.[1]
  if (!boundary) return [part]
  const between = `\r\n${part.body}`.split(`\r\n--${boundary}`).slice(1, -1)
  return between.flatMap(one => leaves(split(one.replace(/^\r\n/, ''))))
}

function read(file) {
  const message = split(readFileSync(file, 'latin1'))
  const part = type => leaves(message).find(one => one.headers['content-type'].startsWith(type))
  return { headers: message.headers, subject: message.headers.subject, text: decoded(part('text/plain')), html: decoded(part('text/html')) }
}

/** All mails in `folder` to `address`. */
export const mailsTo = (folder, address) => readdirSync(folder).filter(name => name.endsWith('.eml'))
  .map(name => read(join(folder, name))).filter(mail => mail.headers['delivered-to'] === address)

/** The address that stands after `words` in the text of a mail; on a line of its own if it is long. */
export const linkAfter = (mail, words) => mail.text.match(new RegExp(`${words}:?\\s+(https?://\\S+)`))?.[1]
