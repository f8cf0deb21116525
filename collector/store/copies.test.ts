import { describeCopy } from './copy-contract.ts'
import { sqlitePlaces } from './testing/copy-places.ts'

describeCopy('SQLite to SQLite', sqlitePlaces, sqlitePlaces)
