#!/bin/sh
# Prints what the AOT cache in the current folder depends on: the class path, the options and a CRC of each jar and of the
# cache itself. A CRC takes milliseconds for all jars; it is here to find an accident, not an attacker.
set -eu
cat class-path jvm.options
# shellcheck disable=SC2046 # names of jars have no blanks
cksum app.aot $(tr ':' ' ' <class-path)
