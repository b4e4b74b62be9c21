#!/bin/sh
# build.sh FOLDER: compiles the client against classes made from the WSDL. Exit 77 with a reason when JAX-WS or
# a JDK is not there.
set -e
here=$(cd "$(dirname "$0")" && pwd)
for tool in javac wsimport; do
  command -v "$tool" >/dev/null || { echo "$tool absent: apt-get install default-jdk-headless jaxws"; exit 77; }
done
[ -f /usr/share/java/jaxws-rt.jar ] || { echo "jaxws-rt.jar absent: apt-get install libjaxws-java"; exit 77; }
cd "$1"
# Without -extension, wsimport makes no service class for a SOAP 1.2 binding, and says nothing.
wsimport -extension -quiet -keep -Xnocompile -p repository -d . "$INTEROP_WSDL"
# All of repository/: package-info.java, which nothing refers to, holds the namespace of every element.
javac -nowarn -Xlint:-deprecation -d . -cp "$(cat "$here/classpath")" repository/*.java "$here/Client.java"
