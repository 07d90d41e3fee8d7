# SPDX-License-Identifier: Apache-2.0
# A collector that asks ten neighbours for their figures, again and again, and
# connections to a data base that are kept.
. "$LIVE_LIB/lib.sh"

lo='set -e; ifconfig lo up; i=1; while [ $i -le 10 ]; do ifconfig lo:$i 10.77.0.$i netmask 255.255.255.255; i=$((i + 1)); done'
box scraper caps=NET_ADMIN -- sh -c "$lo; benign scrape 10.77.0 10 20; benign pool 10.77.0.3 50"
box_run scraper
