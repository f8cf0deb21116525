import { relative } from 'node:path'
import { sparkFolder } from './environment.ts'

/** How to run the job on a cluster, as words for people. */
export function submitWords(): string {
  const folder = relative(process.cwd(), sparkFolder) || '.'
  return `On a cluster that has the packages of ${folder}/requirements.txt in its Python (--once and the other options of
npm run spark -- --help hold here too; the checkpoint has to be on storage that all nodes see):

  (cd ${folder} && zip -qr /tmp/barograph_spark.zip barograph_spark)
  spark-submit --master spark://MASTER:7077 \\
    --packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0 \\
    --conf spark.sql.session.timeZone=UTC \\
    --py-files /tmp/barograph_spark.zip ${folder}/job.py \\
    --kafka k1:9092,k2:9092 --mongodb mongodb://HOST/barograph-spark --checkpoint hdfs:///barograph/checkpoint

Take as many cores as the topic has partitions: each is one task. Speculation (spark.speculation) does no harm and helps
nothing.`
}
