// node --test: mails are read as they were written, whatever they are made of.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { linkAfter, mailsTo } from './mails.mjs'

const folder = mkdtempSync(join(tmpdir(), 'skerry-mails-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const PARTS = ['--outer', 'Content-Type: multipart/alternative;', ' boundary="inner"', '', '--inner',
  'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable', '',
  'Caf=C3=A9 is down.', 'Stop all updates:', 'https://status.example/unsubscribe/abc=', 'def', '', '--inner',
  'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64', '', 'PHA+Q2Fmw6k8L3A+', '--inner--',
  '--outer', 'Content-Type: text/csv', '', 'a,b', '--outer--', '']
const mail = to => [`Delivered-To: ${to}`, 'Subject: Caf', ' is down', 'Content-Type: multipart/mixed; boundary="outer"', '', ...PARTS].join('\r\n')

test('a mail of many parts is read, and belongs to whom it was delivered to', () => {
  writeFileSync(join(folder, '1.eml'), mail('ann@example.com'))
  writeFileSync(join(folder, '2.eml'), mail('ben@example.com'))
  writeFileSync(join(folder, '.3.eml.draft'), 'not yet')
  const all = mailsTo(folder, 'ann@example.com')
  assert.equal(all.length, 1)
  const [{ subject, text, html }] = all
  assert.deepEqual([subject, html], ['Caf is down', '<p>Café</p>'])
  assert.ok(text.startsWith('Café is down.\r\n'))
  assert.equal(linkAfter(all[0], 'Stop all updates'), 'https://status.example/unsubscribe/abcdef')
  assert.equal(linkAfter(all[0], 'Confirm'), undefined)
})
