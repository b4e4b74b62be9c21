#!/bin/sh
# run.sh FOLDER: runs the client with the node-soap that build.sh put there.
NODE_PATH="$1/node_modules" exec node "$(dirname "$0")/client.js"
