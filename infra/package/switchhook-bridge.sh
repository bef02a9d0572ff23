#!/bin/sh
# Runs the bridge with the Node of its package, from wherever the package lies.
lib=$(dirname "$(dirname "$(readlink -f "$0")")")/lib/switchhook-bridge
exec "$lib/node" @FLAGS@ "$lib/switchhook-bridge.mjs" "$@"
