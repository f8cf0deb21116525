import { CodedError } from '@barograph/proto'
import { formatYaml } from '@barograph/proto/config'
import { createFile } from './private-file.ts'
import type { RegisteredSite } from './registry.ts'

/** Everything that an agent has to know to be that device. */
export interface Provisioning {
  readonly device: string
  readonly site: RegisteredSite
  /** Of the broker. */
  readonly url: string
  /** PEM; null: one that every machine trusts, or no TLS. */
  readonly ca: string | null
  readonly token: string | null
  readonly certificate: { readonly cert: string; readonly key: string } | null
}

/** The file as text: keys of agent.yaml, all in one, so that it can be copied to a board as it is. */
export function provisioningText({ device, site, url, ca, token, certificate }: Provisioning): string {
  const keys = {
    device,
    site,
    uplink: {
      url,
      ...(token === null ? {} : { token }),
      ...(ca === null ? {} : { ca }),
      ...certificate,
    },
  }
  return `# Who ${device} is, with its secret: whoever has this file is that device. Made once by
#   barograph-collector devices add
# Name it in the agent's configuration:
#   provision: ${device}.yaml
#   sensors:
#     - { id: bme280, type: bme280, bus: 1, address: 0x76, intervalMs: 10000 }
# or write the sensors below and run: barograph-agent run --config ${device}.yaml
${formatYaml(keys)}
`
}

/** Writes it where nothing is yet, readable by its owner alone. Throws `file-exists`. */
export function writeProvisioning(path: string, provisioning: Provisioning): void {
  try {
    if (createFile(path, provisioningText(provisioning))) return
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('file-unwritable', `${path} cannot be written (${reason}).`, {
      hint: 'Name another file with --out FILE.',
      cause,
    })
  }
  throw new CodedError('file-exists', `There is a file ${path} already, and it may hold another secret.`, {
    hint: 'Move it away, or name another one with --out FILE.',
  })
}
