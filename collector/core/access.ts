/** What somebody who connects shows of himself. */
export interface Credentials {
  /** Where he comes from, as far as guesses are counted by it. */
  readonly address: string
  readonly username: string | null
  readonly password: Uint8Array | null
  /** Null: none was shown. `problem`: what the TLS layer found wrong with it; null: ours, and in time. */
  readonly certificate: {
    readonly device: string
    /** Small hexadecimal digits. */
    readonly serial: string
    readonly problem: string | null
  } | null
}

/** Who somebody proved to be, and by which of the credentials of that device. */
export interface Identity {
  readonly device: string
  readonly credential: number
}

/** Why somebody is not let in: `busy` and `too-many-guesses` may come again later, the others show something wrong. */
export interface Denial {
  readonly code:
    | 'busy'
    | 'too-many-guesses'
    | 'no-credentials'
    | 'wrong-token'
    | 'revoked'
    | 'bad-certificate'
    | 'unknown-certificate'
  /** For the log; never for the one who asks. */
  readonly reason: string
}

/** What a TLS listener shows, and the authority by which it judges what it is shown; all PEM. */
export interface TlsFiles {
  readonly key: string
  readonly cert: string
  readonly ca: string | null
}

/** The TLS files of now. */
export interface TlsSource {
  current(): TlsFiles
  /** Calls `changed` after they were renewed. */
  onChange(changed: (files: TlsFiles) => void): void
  /** When the certificate ends, ms since 1970. */
  endsMs(): number
  close(): void
}

/** Tells who may come in, and who may no longer stay. */
export interface Access {
  admit(credentials: Credentials): Promise<{ readonly identity: Identity } | { readonly denial: Denial }>
  /** False once the credential was revoked or has ended. */
  isValid(identity: Identity): boolean
  /** Calls `changed` within seconds of a change to what is valid, by whichever program. */
  onChange(changed: () => void): void
  /** Null: all is well. Otherwise why it can tell of nobody new who he is; those who are in stay. */
  trouble(): string | null
  close(): void
}
