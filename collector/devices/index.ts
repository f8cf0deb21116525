// Who devices are: the registry of them, their secrets, and the authority that signs for them.
export { createAccess } from './access.ts'
export { certificateLives, endOf, openAuthority, readIfThere } from './authority.ts'
export { createEndings, type EndingState, endWords, readEndings } from './endings.ts'
export { collectorUser, mosquittoFiles } from './mosquitto.ts'
export { replaceFile } from './private-file.ts'
export { type Provisioning, writeProvisioning } from './provisioning.ts'
export {
  type Credential,
  type CredentialKind,
  hasRegistry,
  isValid,
  type NewCredential,
  noSuchDevice,
  openRegistry,
  type RegisteredDevice,
  type RegisteredSite,
  type Registry,
} from './registry.ts'
export { createTlsSource, ensureServerCertificate, serverNames, warnDays } from './server-certificate.ts'
export { hashForMosquitto, hashToken, makeToken } from './token.ts'
