#!/bin/sh
# run.sh FOLDER: runs what build.sh made there.
exec java -cp "$(cat "$(dirname "$0")/classpath"):$1" Client
