"""What `spark-submit` is given; everything else is in barograph_spark, which goes with it (`--py-files`)."""

import sys

from barograph_spark.job import main

sys.exit(main(sys.argv[1:]))
