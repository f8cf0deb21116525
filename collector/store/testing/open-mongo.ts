import { createMongoStore } from '../mongo/index.ts'

/** How the contract's other processes open a store in MongoDB: the location is the URL of its database. */
export const openStore = (location: string) => createMongoStore({ url: location })
