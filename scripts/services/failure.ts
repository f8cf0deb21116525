/** Something the user has to do before an engine can run: said without a stack. */
export class ServiceFailure extends Error {}
