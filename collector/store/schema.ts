import type { CollectionName, Collections } from '../core/documents.ts'

/** 'BgSt' in the file's header. */
export const storeApplicationId = 0x42675374

type Value = string | number | null

/** A column that a query needs beside the body; `fixed`: part of the identity, never changes. */
interface Column<D> {
  readonly name: string
  readonly type: 'TEXT' | 'INTEGER'
  readonly fixed: boolean
  readonly of: (document: D) => Value
}

const fixed = <D>(
  name: string,
  of: (document: D) => Value,
  type: 'TEXT' | 'INTEGER' = 'TEXT',
): Column<D> => ({
  name,
  type,
  fixed: true,
  of,
})
const varying = <D>(name: string, of: (document: D) => Value): Column<D> => ({
  name,
  type: 'INTEGER',
  fixed: false,
  of,
})

/** The columns of each collection's table beside id, g, n, change and body. */
export const columns: { readonly [C in CollectionName]: readonly Column<Collections[C]>[] } = {
  settings: [],
  devices: [],
  streams: [fixed('device', (d) => d.device), fixed('sensor', (d) => d.sensor)],
  epochs: [
    fixed('device', (d) => d.device),
    fixed('sensor', (d) => d.sensor),
    varying('first_ingest', (d) => d.firstIngest),
  ],
  readings: [
    fixed('device', (d) => d.device),
    fixed('sensor', (d) => d.sensor),
    varying('first_time', (d) => d.firstTime),
    varying('last_time', (d) => d.lastTime),
    varying('newest_ingest', (d) => d.newestIngest),
  ],
  summaries: [fixed('device', (d) => d.device), fixed('sensor', (d) => d.sensor)],
  rollups: [
    fixed('device', (d) => d.device),
    fixed('sensor', (d) => d.sensor),
    fixed('level', (d) => d.level),
    fixed('start', (d) => d.start, 'INTEGER'),
    fixed('in_set', (d) => d.set ?? 0, 'INTEGER'),
    varying('sealed', (d) => (d.sealed ? 1 : 0)),
  ],
}

// Written out, not made from the columns above: a file's past must not change when the code does.
const version1 = `
  CREATE TABLE counter (only INTEGER PRIMARY KEY CHECK (only = 1), change INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (1, 0);
  CREATE TABLE checkpoints (partition INTEGER PRIMARY KEY, log_id TEXT NOT NULL, g INTEGER NOT NULL,
    n INTEGER NOT NULL, reach INTEGER NOT NULL, reach_hash TEXT, phase TEXT) STRICT;

  CREATE TABLE settings (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX settings_by_change ON settings (change);

  CREATE TABLE devices (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX devices_by_change ON devices (change);

  CREATE TABLE streams (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX streams_by_change ON streams (change);
  CREATE INDEX streams_by_device ON streams (device, sensor);

  CREATE TABLE epochs (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL, first_ingest INTEGER NOT NULL,
    body TEXT NOT NULL) STRICT;
  CREATE INDEX epochs_by_change ON epochs (change);
  CREATE INDEX epochs_by_stream ON epochs (device, sensor);

  CREATE TABLE readings (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL, first_time INTEGER, last_time INTEGER,
    body TEXT NOT NULL) STRICT;
  CREATE INDEX readings_by_change ON readings (change);
  CREATE INDEX readings_by_time ON readings (device, sensor, first_time, id, last_time);

  CREATE TABLE summaries (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX summaries_by_change ON summaries (change);

  CREATE TABLE rollups (id TEXT NOT NULL UNIQUE, g INTEGER NOT NULL, n INTEGER NOT NULL,
    change INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL, level TEXT NOT NULL,
    start INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX rollups_by_change ON rollups (change);
  CREATE INDEX rollups_by_start ON rollups (device, sensor, level, start);
`

// Sets of windows, the way over to another log, and the lives of the store.
const version2 = `
  ALTER TABLE checkpoints ADD COLUMN swaps INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE checkpoints ADD COLUMN before_g INTEGER;
  ALTER TABLE checkpoints ADD COLUMN before_n INTEGER;

  CREATE TABLE sets (device TEXT NOT NULL PRIMARY KEY, partition INTEGER NOT NULL, current INTEGER NOT NULL,
    g INTEGER NOT NULL, n INTEGER NOT NULL, claimed INTEGER NOT NULL) STRICT;
  CREATE TABLE lives (id TEXT NOT NULL PRIMARY KEY, change INTEGER NOT NULL) STRICT;

  ALTER TABLE rollups ADD COLUMN in_set INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rollups ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
  DROP INDEX rollups_by_start;
  CREATE INDEX rollups_by_start ON rollups (device, in_set, sensor, level, start);
  CREATE INDEX rollups_sealed ON rollups (device, in_set, id) WHERE sealed = 1;

  ALTER TABLE readings ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX readings_by_position ON readings (device, g, n);
  CREATE INDEX readings_ahead ON readings (device, id) WHERE ahead = 1;
  CREATE INDEX summaries_by_device ON summaries (device, id);
`

// Retention. Of buckets that an older program wrote nobody knows when their entries came: they are as old as this.
const version3 = `
  ALTER TABLE readings ADD COLUMN newest_ingest INTEGER;
  CREATE INDEX readings_by_ingest ON readings (newest_ingest, id);
  CREATE TABLE ingest_known (only INTEGER PRIMARY KEY CHECK (only = 1), since INTEGER NOT NULL) STRICT;
  INSERT INTO ingest_known VALUES (1, unixepoch() * 1000);
`

/** SQL that brings a file from each version to the next. */
export const storeMigrations: readonly string[] = [version1, version2, version3]
