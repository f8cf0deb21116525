import { downTopic, parseTopic } from '@barograph/proto'

/**
 * What may be read. Who proved to be a device: its receipts, nothing else. Where nobody proves anything: receipts and
 * statuses; batches are for the log, and whoever else wants readings follows that.
 */
export function mayRead(device: string | null, topic: string): boolean {
  if (device !== null) return topic === downTopic(device)
  if (topic === 'barograph/v1/+/status') return true
  const place = parseTopic(topic)
  return place !== null && place.channel !== 'up'
}

/**
 * The client id that a device may have: `barograph-DEVICE`, and beside its agent `barograph-DEVICE.anything`. Ids of
 * devices have no dot, so that none of these is ever another device's: under it, that one could be thrown out.
 */
export function isClientIdOf(device: string, clientId: string): boolean {
  const own = `barograph-${device}`
  return clientId === own || clientId.startsWith(`${own}.`)
}
