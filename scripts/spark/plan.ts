import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sparkFolder, type SparkEnvironment } from './environment.ts'
import type { SparkOptions } from './options.ts'

/** A program, how it is called, and where. */
export interface SparkPlan {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** The job on this machine: one Python that starts its own JVM, which ends with it. */
export function planOf(
  { python, jars }: SparkEnvironment,
  { folder, workers, memory, job }: SparkOptions,
): SparkPlan {
  const scratch = join(folder, 'scratch')
  mkdirSync(scratch, { recursive: true })
  const settings = {
    'spark.ui.enabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.local.dir': scratch,
    'spark.sql.session.timeZone': 'UTC',
    // A record may have 257 KiB.
    'spark.sql.execution.arrow.maxRecordsPerBatch': '500',
    // The plan is but a scan: to compile it costs more than it saves.
    'spark.sql.codegen.wholeStage': 'false',
    'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
  }
  const submit = [
    // A task that failed is made again, up to three times; on one machine Spark would give up at once.
    '--master',
    `local[${workers},4]`,
    '--driver-memory',
    memory,
    '--jars',
    jars.join(','),
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    'pyspark-shell',
  ]
  return {
    command: python,
    args: [join(sparkFolder, 'job.py'), ...job],
    env: {
      PYTHONPATH: sparkFolder,
      PYTHONDONTWRITEBYTECODE: '1',
      PYSPARK_PYTHON: python,
      PYSPARK_SUBMIT_ARGS: submit.join(' '),
      SPARK_LOCAL_IP: '127.0.0.1',
    },
    // Spark leaves a folder where it stands.
    cwd: scratch,
  }
}
