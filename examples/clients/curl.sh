#!/bin/sh
# Sends digit.json, a real 7, to an agent's unix socket and prints the answer:
#   examples/clients/curl.sh SOCKET
set -eu
socket=${1:?usage: curl.sh SOCKET}
exec curl --silent --show-error --fail-with-body --unix-socket "$socket" \
  --header 'content-type: application/json' --data-binary "@$(dirname "$0")/digit.json" \
  http://localhost/v2/models/digits/infer
