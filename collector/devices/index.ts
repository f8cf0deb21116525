// Who devices are: the registry of them, their secrets, and the authority that signs for them.
export { createAccess } from './access.ts'
export { certificateLives, endOf, openAuthority } from './authority.ts'
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
export { createTlsSource, serverNames, warnDays } from './server-certificate.ts'
export { hashForMosquitto, hashToken, makeToken } from './token.ts'
