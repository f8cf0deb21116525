// What of collector.yaml says how an outside broker is reached.
import { resolve } from 'node:path'
import type { ConfigIssue } from '@barograph/proto/config'
import { z } from 'zod'

const isUrl = (text: string): boolean => /^mqtts?:\/\/[^\s/]+/.test(text) && URL.canParse(text)

const file = () => z.string().min(1).describe('a PEM file, as seen from the configuration')

const word = () => z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/)

export const mqttSchema = z.strictObject({
  url: z.string().refine(isUrl).describe('mqtt://host:1883 or mqtts://host:8883'),
  name: word()
    .default('collector')
    .describe('small letters, digits and hyphens; another one for each collector on a broker'),
  share: word()
    .optional()
    .describe('small letters, digits and hyphens; the same one for all collectors that share the devices'),
  username: z.string().min(1).optional(),
  password: z
    .string()
    .regex(/^(file|env):./)
    .meta({ secret: true })
    .optional()
    .describe('file:PATH or env:NAME'),
  ca: file().optional(),
  cert: file().optional(),
  key: file().optional(),
})

type MqttFile = z.output<typeof mqttSchema>

export interface MqttConfig {
  readonly url: string
  /** Tells collectors on one broker apart. */
  readonly name: string
  /** The group of collectors that share the devices; null: this one serves all of them. */
  readonly share: string | null
  readonly username: string | null
  /** `file:` and an absolute path, or `env:NAME`. */
  readonly password: string | null
  /** Absolute paths. The authority that signed the broker's certificate; null: one that this machine trusts. */
  readonly ca: string | null
  /** Our own certificate; null: the broker asks for none. */
  readonly cert: string | null
  readonly key: string | null
}

/** What of this section goes together and what does not. */
export function checkMqtt(mqtt: MqttFile | undefined): ConfigIssue[] {
  if (!mqtt) return []
  const { url, username, password, ca, cert, key } = mqtt
  const issue = (name: string, message: string, allowed: string): ConfigIssue => ({
    path: ['mqtt', name],
    message,
    allowed,
  })
  return [
    ...(username !== undefined && new URL(url).username !== ''
      ? [issue('username', 'is there beside the one in mqtt.url', 'one of the two')]
      : []),
    ...(password !== undefined && username === undefined
      ? [issue('password', 'is there without mqtt.username', 'both, or neither')]
      : []),
    ...((cert === undefined) === (key === undefined)
      ? []
      : [issue(cert === undefined ? 'key' : 'cert', 'is there alone', 'mqtt.cert and mqtt.key together')]),
    ...((ca ?? cert) !== undefined && !url.startsWith('mqtts:')
      ? [issue('url', 'speaks no TLS, which mqtt.ca, cert and key are for', 'mqtts://host:8883')]
      : []),
  ]
}

/** `folder`: where paths start. */
export function resolveMqtt(mqtt: MqttFile | undefined, folder: string): MqttConfig | null {
  if (!mqtt) return null
  const pathOf = (path: string | undefined): string | null =>
    path === undefined ? null : resolve(folder, path)
  const { url, name, share = null, username = null, password = null } = mqtt
  return {
    url,
    name,
    share,
    username,
    password: password?.startsWith('file:') ? `file:${resolve(folder, password.slice(5))}` : password,
    ca: pathOf(mqtt.ca),
    cert: pathOf(mqtt.cert),
    key: pathOf(mqtt.key),
  }
}
