import { z } from 'zod'

const isUrl = (text: string): boolean => /^mqtts?:\/\/[^\s/]+/.test(text) && URL.canParse(text)

/** An outside broker. */
export const mqttSchema = z.strictObject({
  url: z.string().refine(isUrl).describe('mqtt://host:1883 or mqtts://host:8883'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/)
    .default('collector')
    .describe('small letters, digits and hyphens; another one for each collector on a broker'),
  share: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/)
    .optional()
    .describe('small letters, digits and hyphens; the same one for all collectors that share the devices'),
})

export interface MqttConfig {
  readonly url: string
  /** Tells collectors on one broker apart. */
  readonly name: string
  /** The group of collectors that share the devices; null: this one serves all of them. */
  readonly share: string | null
}

export const resolveMqtt = (mqtt: z.output<typeof mqttSchema> | undefined): MqttConfig | null =>
  mqtt ? { ...mqtt, share: mqtt.share ?? null } : null
