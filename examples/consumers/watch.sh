#!/bin/sh
# watch.sh HOST PORT USER PASSWORD: every window as it comes, a line each.
exec mosquitto_sub -h "$1" -p "$2" -u "$3" -P "$4" -i "$3" -q 1 -t 'bw/v1/+/+/window' -F '%t %p'
