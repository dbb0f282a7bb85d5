// A server whose webhook is called.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'

/** Listens at `host`, takes everything, and keeps it in `requests`, in order. */
export async function endpoint(host) {
  const requests = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8')
    requests.push({ headers: request.headers, body })
    response.writeHead(204).end()
  })
  await new Promise(resolve => server.listen(0, host, resolve))
  return { root: `http://${host}:${server.address().port}`, requests, close: () => server.close() }
}

/** Whether one of the signatures is by `secret`, as Standard Webhooks says. */
export function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const signature = createHmac('sha256', key).update(signed).digest('base64')
  return headers['webhook-signature'].split(' ').includes(`v1,${signature}`)
}
