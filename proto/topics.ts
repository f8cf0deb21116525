import { isId } from './identity.ts'

const prefix = 'barograph/v1/'

/** Batches of a device. */
export const upTopic = (device: string): string => `${prefix}${device}/up`
/** Receipts for a device. */
export const downTopic = (device: string): string => `${prefix}${device}/down`
/** Status of a device: retained, and its last will. */
export const statusTopic = (device: string): string => `${prefix}${device}/status`

export type Channel = 'up' | 'down' | 'status'

/** The device and channel of a topic of ours; null for any other topic. */
export function parseTopic(topic: string): { device: string; channel: Channel } | null {
  if (!topic.startsWith(prefix)) return null
  const [device, channel, ...rest] = topic.slice(prefix.length).split('/')
  if (device === undefined || rest.length > 0 || !isId(device)) return null
  return channel === 'up' || channel === 'down' || channel === 'status' ? { device, channel } : null
}
