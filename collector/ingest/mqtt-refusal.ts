import { CodedError } from '@barograph/proto'

/** Answers of MQTT 3.1.1 to a CONNECT that trying again does not change. */
const hopeless: Readonly<Record<number, string>> = {
  1: 'it does not speak MQTT 3.1.1',
  2: 'it does not take our client id',
  4: 'it does not know our name and password',
  5: 'it does not let us in (Not authorized)',
}

/** What Node and OpenSSL call a certificate that is not believed, ours or theirs, or no TLS at all. */
const tlsCodes =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL_|ERR_OSSL_|EPROTO$|HOSTNAME_MISMATCH)/

/** What a failed connection means, when another configuration has to mend it; null: waiting may. `url` as it may be shown. */
export function refusalFor(error: Error, url: string): CodedError | null {
  const { code } = error as Error & { code?: unknown }
  if (typeof code === 'number' && hopeless[code])
    return new CodedError('mqtt-refused', `The broker at ${url} refuses us: ${hopeless[code]}.`, {
      hint: 'mqtt.username and mqtt.password are the ones that the broker knows for the collector (docs/mosquitto.md).',
      cause: error,
    })
  if (code === 'ENOTFOUND')
    return new CodedError('mqtt-unknown-host', `There is no host of the name in ${url} (${error.message}).`, {
      hint: 'Name the host and port of the broker in mqtt.url, as in mqtt://127.0.0.1:1883.',
      cause: error,
    })
  if (typeof code === 'string' && tlsCodes.test(code))
    return new CodedError('mqtt-tls', `No TLS with the broker at ${url}: ${error.message} (${code}).`, {
      hint: 'mqtt.ca names the authority that signed its certificate, mqtt.cert and mqtt.key ours if it asks for one; the host in mqtt.url is one of its names.',
      cause: error,
    })
  return null
}
