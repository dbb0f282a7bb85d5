// A real aggregator for a test of the browser: a folder, a free port, a token of its API.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PATIENCE = 60_000

/** A port that nobody listens on. */
export const freePort = () => new Promise(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})

/** Tries until `wanted` answers something. */
export async function until(what, wanted) {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const found = await wanted().catch(() => null)
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`${what} did not happen within ${PATIENCE / 1_000} s`)
}

export const json = async address => {
  const response = await fetch(address)
  return response.ok ? response.json() : null
}

/** Starts `program` with the page `main` and whatever `pages` declares, after `prepare` has seen its configuration. Visitors may
 * have addresses of their own, by `X-Forwarded-For`. */
export async function aggregator(program, pages, prepare = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-browser-'))
  const root = `http://127.0.0.1:${await freePort()}`
  const config = join(folder, 'aggregator.toml')
  writeFileSync(config, `[[listen]]
address = "${root.slice('http://'.length)}"
serves = ["public", "api"]
trusted_proxies = ["127.0.0.1/32"]
[store]
path = "${folder}/skerry.db"
[public]
base_url = "${root}"
[api]
requests_per_minute = 100000
${pages}`)
  prepare(config)
  const process = spawn(program, ['--config', config, '--log-level', 'warn'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const stop = async () => {
    process.kill('SIGTERM')
    await new Promise(resolve => process.exitCode === null ? process.once('exit', resolve) : resolve())
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until('the first publication', () => json(`${root}/status/main/api/v2/status.json`))
    return { root, stop, ...await client(program, config, root) }
  } catch (error) {
    await stop()
    throw error
  }
}

/** `send` calls the API: the answer, or `null` if it refuses what it is told. */
async function client(program, config, root) {
  const added = execFileSync(program, ['--config', config, 'token', 'add', 'browser', '--role', 'admin', '--json'], { encoding: 'utf8' })
  const { token } = JSON.parse(added)
  const [{ id: page }] = await (await fetch(`${root}/v1/pages`, { headers: { authorization: `OAuth ${token}` } })).json()
  const send = async (method, path, body) => {
    const response = await fetch(`${root}${path.startsWith('/api/') ? '' : `/v1/pages/${page}`}${path}`, {
      method, headers: { authorization: `OAuth ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body),
    })
    const answer = await response.json()
    assert.ok([200, 201, 422].includes(response.status), `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer)}`)
    return response.status === 422 ? null : answer
  }
  return { page, send }
}
