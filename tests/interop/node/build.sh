#!/bin/sh
# build.sh FOLDER: installs node-soap there. Exit 77 with a reason when Node or the package is not to be had.
command -v node >/dev/null && command -v npm >/dev/null || { echo "node or npm absent: apt-get install nodejs npm"; exit 77; }
# 1.13 wants Node 20; Debian 12 has Node 18
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -ge 22 ] || node -e 'const [a, b] = process.versions.node.split("."); process.exit(a == 20 && b >= 19 ? 0 : 1)'
then version=1.13.0
else version=1.1.10
fi
cd "$1" || exit 1
echo '{"private": true}' >package.json
npm install --no-audit --no-fund --no-package-lock --ignore-scripts "soap@$version" >npm.log 2>&1 ||
  { echo "soap@$version not installed: $(tail -n 1 npm.log)"; exit 77; }
