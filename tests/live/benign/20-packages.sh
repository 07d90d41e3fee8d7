# SPDX-License-Identifier: Apache-2.0
# Unpacking as a package manager does: set-uid programs, links of all kinds,
# and new files renamed over programs that run.
. "$LIVE_LIB/lib.sh"

work='set -e; umask 022; mkdir -p /p/usr/bin /p/etc/cron.d /p/lib; cd /p
cp /bin/benign usr/bin/tool; chmod 4755 usr/bin/tool
cp /bin/benign usr/bin/group; chmod 2755 usr/bin/group
ln -s /usr/bin/tool usr/bin/link; ln -s ../../etc/cron.d usr/bin/up; ln usr/bin/tool usr/bin/hard
echo "* * * * * root true" >etc/cron.d/job; echo /lib >etc/ld.so.preload.example
tar -cf /tmp/p.tar .; tar -C / -xf /tmp/p.tar; cd /; rm -rf /p
test -u /usr/bin/tool; /usr/bin/tool true
mkdir -p /opt; cp /bin/busybox /opt/sleep; /opt/sleep 5 & sleep 0.2
cp /bin/busybox /opt/sleep.dpkg-new; chmod 755 /opt/sleep.dpkg-new
mv /opt/sleep.dpkg-new /opt/sleep; /opt/sleep 0
cp /bin/benign /usr/bin/target; benign update /usr/bin/target
chmod u+s /bin/benign; chown 0:0 /bin/benign; rm -f /usr/bin/hard; kill %1 2>/dev/null || :
echo "root:x:0:0:root:/root:/bin/sh" >/etc/passwd.new; mv /etc/passwd.new /etc/passwd'

box unpack -- sh -c "$work"
box_run unpack
[ -z "$LIVE_NO_DOCKER" ] || exit 0
docker_run --rm box sh -c "$work"
