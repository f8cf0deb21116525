import { CodedError, downTopic } from '@barograph/proto'
import { connect } from 'mqtt'
import { describeConnectError } from './connect-error.ts'
import type { UplinkCredentials } from './credentials.ts'
import { clientOptions } from './mqtt.ts'

/** Connects once, beside a running agent and without disturbing it. Throws what stands in the way. */
export async function tryBroker(
  options: { readonly device: string; readonly url: string } & Partial<UplinkCredentials>,
): Promise<void> {
  const { will: _, ...withoutWill } = clientOptions(options)
  // An id of its own: under the agent's, the broker would end the agent's connection.
  const client = connect(options.url, { ...withoutWill, clientId: `barograph-${options.device}.doctor` })
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject)
      client.once('close', () => reject(new Error('')))
      client.once('connect', () => {
        client.subscribe(downTopic(options.device), { qos: 1 }, (error, granted) => {
          if (error || granted?.some(({ qos }) => qos === 128))
            reject(
              new CodedError('unauthorised', `the broker does not let ${options.device} read its receipts`),
            )
          else resolve()
        })
      })
    })
  } catch (error) {
    throw describeConnectError(error, options)
  } finally {
    client.on('error', () => {})
    client.end(true)
  }
}
