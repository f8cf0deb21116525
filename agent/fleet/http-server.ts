import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CodedError, fromThousandths } from '@barograph/proto'
import type { FleetDevice } from './fleet-device.ts'

/** The devices as a web service, in the shape that `type: http` sensors read. */
export interface FleetHttp {
  readonly url: string
  close(): Promise<void>
}

/** What is served of a device. */
export type ServedDevice = Pick<FleetDevice, 'device' | 'location' | 'latest'>

/** Serves GET /devices and GET /devices/{id}/reading. Rejects with `port-in-use` or `cannot-listen`. */
export async function serveFleet(
  devices: readonly ServedDevice[],
  { host, port }: { host: string; port: number },
): Promise<FleetHttp> {
  const byId = new Map(devices.map((device) => [device.device, device]))
  const server = createServer((request, response) => {
    const path = URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '/'
    const match = /^\/devices(?:\/([^/]+)\/reading)?\/?$/.exec(path)
    if (!match)
      return fail(response, 404, 'not-found', `nothing here; there are /devices and /devices/{id}/reading`)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return fail(response, 405, 'method-not-allowed', `${request.method} is not allowed here, GET is`)
    }
    const id = match[1]
    if (id === undefined) return send(response, 200, devices.map(describe))
    const device = byId.get(id)
    if (!device) return fail(response, 404, 'not-found', 'there is no such device; /devices lists them')
    answerReading(response, device)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answerReading(response: ServerResponse, device: ServedDevice): void {
  const reading = device.latest()
  if (!reading) {
    response.setHeader('retry-after', '1')
    return fail(response, 503, 'no-reading', `${device.device} has not measured yet`)
  }
  send(response, 200, {
    device_id: device.device,
    ts: reading.timeMs,
    temperature: fromThousandths(reading.temperature),
    humidity: fromThousandths(reading.humidity),
    battery: fromThousandths(reading.battery),
    status: 'online',
    location: device.location,
  })
}

const describe = ({ device, location }: ServedDevice) => ({
  device_id: device,
  status: 'online',
  location,
  reading: `/devices/${device}/reading`,
})

const fail = (response: ServerResponse, status: number, error: string, message: string): void =>
  send(response, status, { error, message })

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  })
  response.end(`${JSON.stringify(body)}\n`)
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): CodedError {
  if (error.code === 'EADDRINUSE')
    return new CodedError('port-in-use', `--http ${host}:${port}: another program uses this port`, {
      hint: 'name another one, or port 0 for any free one',
      cause: error,
    })
  return new CodedError('cannot-listen', `--http ${host}:${port}: cannot listen there (${error.code})`, {
    cause: error,
  })
}
