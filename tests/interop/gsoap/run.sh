#!/bin/sh
# run.sh FOLDER: runs what build.sh made there.
exec "$1/client"
