#!/bin/sh
# run.sh FOLDER: runs the client.
exec php "$(dirname "$0")/client.php"
