#!/bin/sh
# Installs from Debian what the four stacks need and the machine lacks; node/build.sh asks npm for node-soap.
# Never fails: a stack that is still missing skips its tests and says why.
lacks() { ! command -v "$1" >/dev/null 2>&1; }
wanted=""
add() { wanted="$wanted|$*"; }

lacks javac && add default-jdk-headless
{ lacks wsimport || [ ! -f /usr/share/java/jaxws-rt.jar ]; } && add jaxws
lacks c++ && add g++
{ lacks wsdl2h || [ ! -f /usr/include/stdsoap2.h ]; } && add gsoap libgsoap-dev
[ -f /usr/include/openssl/ssl.h ] && [ -f /usr/include/zlib.h ] || add libssl-dev zlib1g-dev
lacks node && add nodejs
lacks npm && add npm
{ lacks php || ! php -m | grep -qix soap; } && add php-cli php-soap

[ -n "$wanted" ] || exit 0
if lacks apt-get || [ "$(id -u)" -ne 0 ]; then
  echo "interop: not root on Debian, missing packages:$(echo "$wanted" | tr '|' ' ')"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || echo "interop: apt-get update failed"
echo "${wanted#|}" | tr '|' '\n' | while read -r packages; do
  # shellcheck disable=SC2086 # several names
  apt-get install -y -qq --no-install-recommends $packages >/dev/null || echo "interop: not installed: $packages"
done
exit 0
