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
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.local.dir': scratch,
    'spark.sql.session.timeZone': 'UTC',
    // A task that failed is made again; one machine's tasks get no second chance by default.
    'spark.task.maxFailures': '4',
  }
  const submit = [
    ...['--master', `local[${workers},4]`, '--driver-memory', memory, '--jars', jars.join(',')],
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
