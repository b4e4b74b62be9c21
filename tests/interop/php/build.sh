#!/bin/sh
# build.sh FOLDER: nothing to make. Exit 77 with a reason when PHP or its SOAP extension is not there.
command -v php >/dev/null || { echo "php absent: apt-get install php-cli php-soap"; exit 77; }
php -m | grep -qix soap || { echo "PHP has no soap extension: apt-get install php-soap"; exit 77; }
php -m | grep -qix openssl || { echo "PHP has no openssl extension"; exit 77; }
