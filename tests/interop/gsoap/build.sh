#!/bin/sh
# build.sh FOLDER: makes FOLDER/client from the WSDL. Exit 77 with a reason when gSOAP is not there.
set -e
here=$(cd "$(dirname "$0")" && pwd)
for tool in wsdl2h soapcpp2 c++; do
  command -v "$tool" >/dev/null || { echo "$tool absent: apt-get install gsoap libgsoap-dev g++ libssl-dev"; exit 77; }
done
gsoap=/usr/share/gsoap
for file in "$gsoap/plugin/wsaapi.c" /usr/include/stdsoap2.h /usr/include/openssl/ssl.h /usr/include/zlib.h; do
  [ -f "$file" ] || { echo "$file absent: apt-get install gsoap libgsoap-dev libssl-dev zlib1g-dev"; exit 77; }
done
cd "$1"
wsdl2h -o repository.h "$INTEROP_WSDL" >wsdl2h.log 2>&1
# The WS-Security header as XML text: what wsse.h would decode and write again is a signed assertion.
echo 'mutable struct SOAP_ENV__Header { _XML __any; };' >>repository.h
soapcpp2 -C -2 -w -x -I "$gsoap/import" repository.h >soapcpp2.log
c++ -O1 -w -DWITH_OPENSSL -DWITH_GZIP -I. -I"$gsoap/plugin" "$here/client.cpp" soapC.cpp soapClient.cpp \
  -x c++ "$gsoap/plugin/wsaapi.c" -x none -o client -lgsoapssl++ -lssl -lcrypto -lz
