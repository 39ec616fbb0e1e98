#!/bin/sh
# Makes the image that tests run: busybox and perl of this machine, imported under the name in $1.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/usr/bin"
busybox=$(command -v busybox) || { echo "busybox is missing (Debian: apt-get install busybox-static)" >&2; exit 1; }
cp "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
# A shell cannot take back that SIGINT was ignored when it began; perl can.
cp /usr/bin/perl "$root/usr/bin/perl"
for program in "$busybox" /usr/bin/perl; do
  { ldd "$program" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
done
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
chmod -R go=rX "$root"
# What every user may write, as many images have it.
mkdir -m 777 "$root/open"
tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c . |
  docker import -c 'ENV PATH=/bin:/usr/bin' -c 'ENV FROM_IMAGE=yes' -c 'ENTRYPOINT ["/bin/false"]' - "$1"
